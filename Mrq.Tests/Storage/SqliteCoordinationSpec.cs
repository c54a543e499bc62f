using Mrq.Tests.Contracts;

namespace Mrq.Tests.Storage;

public sealed class SqliteCoordinationSpec() : CoordinationContract(new SqliteFamily());
