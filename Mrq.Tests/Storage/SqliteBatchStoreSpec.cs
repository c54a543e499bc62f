using Mrq.Tests.Contracts;

namespace Mrq.Tests.Storage;

public sealed class SqliteBatchStoreSpec() : BatchStoreContract(new SqliteFamily());
