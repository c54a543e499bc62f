using Mrq.Tests.Contracts;

namespace Mrq.Tests.Storage;

public sealed class SqliteWorkerStoreSpec() : WorkerStoreContract(new SqliteFamily());
