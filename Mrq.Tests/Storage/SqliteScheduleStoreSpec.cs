using Mrq.Tests.Contracts;

namespace Mrq.Tests.Storage;

public sealed class SqliteScheduleStoreSpec() : ScheduleStoreContract(new SqliteFamily());
