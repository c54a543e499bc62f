using Mrq.Tests.Contracts;

namespace Mrq.Tests.Storage;

public sealed class SqliteJobTransitionSpec() : JobTransitionContract(new SqliteFamily());
