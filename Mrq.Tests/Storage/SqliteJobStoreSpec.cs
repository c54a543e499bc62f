using Mrq.Tests.Contracts;

namespace Mrq.Tests.Storage;

public sealed class SqliteJobStoreSpec() : JobStoreContract(new SqliteFamily());
