using Mrq.Tests.Contracts;

namespace Mrq.Tests.Storage;

public sealed class SqliteRawQueueStoreSpec() : RawQueueStoreContract(new SqliteFamily());
