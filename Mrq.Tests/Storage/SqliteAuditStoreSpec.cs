using Mrq.Tests.Contracts;

namespace Mrq.Tests.Storage;

public sealed class SqliteAuditStoreSpec() : AuditStoreContract(new SqliteFamily());
