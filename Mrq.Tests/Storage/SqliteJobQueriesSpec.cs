using Mrq.Tests.Contracts;

namespace Mrq.Tests.Storage;

public sealed class SqliteJobQueriesSpec() : JobQueriesContract(new SqliteFamily());
