using Mrq.Tests.Contracts;

namespace Mrq.Tests.Storage;

public sealed class SqliteQueueStoreSpec() : QueueStoreContract(new SqliteFamily());
