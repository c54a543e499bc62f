using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Scheduling;

namespace Mrq.Storage.Sqlite;

/// <summary>The entries of the scheduler in SQLite.</summary>
public sealed class SqliteScheduleStore(SqliteDatabase database) : IScheduleStore
{
    private const string Columns = """
        id, hash, origin, name, path, params, queue, interval, dailytime, weekday, monthday, cron, timezone, misfire, misfire_limit,
        paused, created, handled_until, last_run, last_job, last_error, version, fence
        """;

    /* Returns all columns of all entries. Ids grow with the time at which they were made. */
    private const string List = $"SELECT {Columns} FROM schedules ORDER BY id";

    /* ?1 id. Returns all columns. */
    private const string Find = $"SELECT {Columns} FROM schedules WHERE id = ?1";

    /* ?1 id. Returns a row when it is there. */
    private const string Exists = "SELECT 1 FROM schedules WHERE id = ?1";

    /* ?1 hash, ?2 id. Returns a row when another entry has the hash. */
    private const string HashTaken = "SELECT 1 FROM schedules WHERE hash = ?1 AND id <> ?2";

    /* ?1 to ?23: the columns in their order. */
    private const string Insert = $"""
        INSERT INTO schedules ({Columns})
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)
        """;

    /* ?1 id, ?2 to ?21 the columns behind it, ?22 the version that was read. */
    private const string Replace = """
        UPDATE schedules SET
            hash = ?2, origin = ?3, name = ?4, path = ?5, params = ?6, queue = ?7, interval = ?8, dailytime = ?9, weekday = ?10, monthday = ?11,
            cron = ?12, timezone = ?13, misfire = ?14, misfire_limit = ?15, paused = ?16, created = ?17, handled_until = ?18, last_run = ?19,
            last_job = ?20, last_error = ?21, version = version + 1
        WHERE id = ?1 AND version = ?22
        """;

    /* ?1 id, ?2 version that was read, ?3 fence, ?4 handled_until, ?5 last_run (both unix ms), ?6 last_job, ?7 last_error. */
    private const string Advance = """
        UPDATE schedules SET fence = ?3, handled_until = ?4, last_run = ?5, last_job = ?6, last_error = ?7, version = version + 1
        WHERE id = ?1 AND version = ?2 AND fence <= ?3
        """;

    /* ?1 id. */
    private const string Delete = "DELETE FROM schedules WHERE id = ?1";

    /// <inheritdoc/>
    public Task<IReadOnlyList<ScheduleEntry>> ListAsync(CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<ScheduleEntry>>(static session => Read(session.Prepare(List)), cancellationToken);

    /// <inheritdoc/>
    public Task<ScheduleEntry?> FindAsync(ScheduleId id, CancellationToken cancellationToken) =>
        database.ReadAsync(session => Read(session.Prepare(Find).Bind(1, id.Value)) is [var entry] ? entry : null, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> InsertAsync(ScheduleEntry entry, CancellationToken cancellationToken) => database.WriteAsync(
        1,
        transaction =>
        {
            if (transaction.Prepare(Exists).Bind(1, entry.Id.Value).Scalar() is not null)
            {
                return true;
            }

            if (IsHashTaken(transaction, entry))
            {
                return false;
            }

            Bind(transaction.Prepare(Insert), entry).Bind(22, entry.Version).Bind(23, entry.Fence).Execute();
            return true;
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<ScheduleWrite> ReplaceAsync(ScheduleEntry entry, CancellationToken cancellationToken) => database.WriteAsync(
        1,
        transaction =>
            IsHashTaken(transaction, entry) ? ScheduleWrite.HashTaken
            : Bind(transaction.Prepare(Replace), entry).Bind(22, entry.Version).Execute() > 0 ? ScheduleWrite.Done
            : ScheduleWrite.Stale,
        cancellationToken);

    /// <inheritdoc/>
    public Task<ScheduleWrite> AdvanceAsync(ScheduleEntry entry, long fence, CancellationToken cancellationToken) => database.WriteAsync(
        1,
        transaction => BindLastJob(transaction.Prepare(Advance), 6, entry)
            .Bind(1, entry.Id.Value).Bind(2, entry.Version).Bind(3, fence).Bind(4, entry.HandledUntil).Bind(5, entry.LastRun).Bind(7, entry.LastError)
            .Execute() > 0 ? ScheduleWrite.Done : ScheduleWrite.Stale,
        cancellationToken);

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(ScheduleId id, CancellationToken cancellationToken) =>
        database.WriteAsync(1, transaction => transaction.Prepare(Delete).Bind(1, id.Value).Execute() > 0, cancellationToken);

    private static bool IsHashTaken(WriteTransaction transaction, ScheduleEntry entry) =>
        transaction.Prepare(HashTaken).Bind(1, entry.Hash).Bind(2, entry.Id.Value).Scalar() is not null;

    /// <summary>Binds the columns up to last_error.</summary>
    private static SqliteStatement Bind(SqliteStatement statement, ScheduleEntry entry)
    {
        var schedule = entry.Schedule;
        return BindLastJob(statement, 20, entry)
            .Bind(1, entry.Id.Value).Bind(2, entry.Hash).Bind(3, (long)entry.Origin).Bind(4, schedule.Name).Bind(5, schedule.Path).Bind(6, schedule.Params)
            .Bind(7, schedule.Queue?.Value).Bind(8, schedule.Interval).Bind(9, (long?)schedule.DailyTime?.ToTimeSpan().TotalSeconds)
            .Bind(10, (long?)schedule.Weekday).Bind(11, (long?)schedule.MonthDay).Bind(12, schedule.Cron).Bind(13, schedule.TimeZone)
            .Bind(14, (long)schedule.Misfire).Bind(15, schedule.MisfireLimit).Bind(16, entry.Paused ? 1 : 0).Bind(17, entry.Created)
            .Bind(18, entry.HandledUntil).Bind(19, entry.LastRun).Bind(21, entry.LastError);
    }

    private static SqliteStatement BindLastJob(SqliteStatement statement, int parameter, ScheduleEntry entry) =>
        entry.LastJob is { } job ? statement.Bind(parameter, job) : statement.Bind(parameter, (string?)null);

    private static List<ScheduleEntry> Read(SqliteStatement read)
    {
        var entries = new List<ScheduleEntry>();
        while (read.Step())
        {
            entries.Add(new ScheduleEntry
            {
                Id = new ScheduleId(read.Id(0)),
                Hash = read.Text(1),
                Origin = (ScheduleOrigin)read.Number(2),
                Schedule = ReadSchedule(read),
                Paused = read.Number(15) != 0,
                Created = read.Time(16),
                HandledUntil = read.TimeOrNull(17),
                LastRun = read.TimeOrNull(18),
                LastJob = read.IsNull(19) ? null : read.Id(19),
                LastError = read.TextOrNull(20),
                Version = read.Number(21),
                Fence = read.Number(22),
            });
        }

        return entries;
    }

    private static Schedule ReadSchedule(SqliteStatement read) => new()
    {
        Name = read.TextOrNull(3),
        Path = read.Text(4),
        Params = read.Text(5),
        Queue = read.TextOrNull(6) is { } queue ? new QueueName(queue) : null,
        Interval = read.SpanOrNull(7),
        DailyTime = read.Integer(8) is { } seconds ? TimeOnly.FromTimeSpan(TimeSpan.FromSeconds(seconds)) : null,
        Weekday = (DayOfWeek?)read.Integer(9),
        MonthDay = (int?)read.Integer(10),
        Cron = read.TextOrNull(11),
        TimeZone = read.Text(12),
        Misfire = (Misfire)read.Number(13),
        MisfireLimit = (int)read.Number(14),
    };
}
