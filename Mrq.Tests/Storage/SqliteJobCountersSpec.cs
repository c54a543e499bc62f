using Mrq.Tests.Contracts;

namespace Mrq.Tests.Storage;

public sealed class SqliteJobCountersSpec() : JobCountersContract(new SqliteFamily());
