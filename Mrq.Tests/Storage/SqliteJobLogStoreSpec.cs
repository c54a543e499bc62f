using Mrq.Tests.Contracts;

namespace Mrq.Tests.Storage;

public sealed class SqliteJobLogStoreSpec() : JobLogStoreContract(new SqliteFamily());
