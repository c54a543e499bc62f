using System.Text.Json;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Tasks;
using Mrq.Workers;

namespace Mrq.Storage.Sqlite;

/// <summary>Between a job and its row.</summary>
internal static class SqliteJobRow
{
    /// <summary>What lists show, in the order in which <see cref="Read"/> reads it.</summary>
    private const string ListColumns = """
        id, path, queue, status, grp, attempt, worker, datequeued, datestarted, dateupdated, dateexpires, dateretry, run_at,
        abort_requested, retry_count, exceptiontype, progress, progress_text, totaltime, time, unique_key, idempotency_key,
        tags, timeout, max_retries, result_ttl, exceptionmessage, params, raw_queue, priority, expires_at, unique_until,
        after, next, result_as, options, unique_while_queued, switches, allocated, memory_diff, postponed
        """;

    /// <summary>What can be long: result, traceback and its history.</summary>
    private const string PayloadColumns = "result, traceback, traceback_history";

    /* ?1 job. Returns the row, with or without payload. */
    public const string FindWithPayload = $"SELECT {ListColumns}, {PayloadColumns} FROM jobs WHERE id = ?1";
    public const string Find = $"SELECT {ListColumns} FROM jobs WHERE id = ?1";

    /* ?1 on: the columns of ListColumns in their order. Changes nothing when the id or one of the keys is taken. */
    public const string Insert = $"""
        INSERT OR IGNORE INTO jobs ({ListColumns}, {PayloadColumns})
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
                ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40, ?41, ?42, ?43, ?44)
        """;

    private const int Payload = 41;

    /// <summary>Reads the row that a statement of <see cref="ListColumns"/> stands on.</summary>
    /// <param name="group">The job's group where the reader knows it: its names need not be read again.</param>
    public static Job Read(SqliteStatement row, bool withPayload, JobGroup? group = null) => new()
    {
        Id = row.Id(0),
        Path = group?.Key.Path ?? row.Text(1),
        Queue = group?.Key.Queue ?? new QueueName(row.Text(2)),
        Status = (JobStatus)row.Number(3),
        Attempt = (int)row.Number(5),
        Postponed = (int)row.Number(40),
        Worker = row.TextOrNull(6) is { } worker ? new WorkerId(worker) : null,
        DateQueued = row.Time(7),
        DateStarted = row.TimeOrNull(8),
        DateUpdated = row.Time(9),
        DateExpires = row.TimeOrNull(10),
        DateRetry = row.TimeOrNull(11),
        RunAt = row.TimeOrNull(12),
        AbortRequested = row.TimeOrNull(13),
        RetryCount = (int)row.Number(14),
        ExceptionType = group is not null ? group.Key.ExceptionType : row.TextOrNull(15),
        Progress = row.Real(16),
        ProgressText = row.TextOrNull(17),
        TotalTime = row.Real(18),
        Usage = JobUsage.Of(row.Real(19), row.Integer(37), row.Integer(38), row.Integer(39)),
        UniqueKey = row.TextOrNull(20),
        IdempotencyKey = row.TextOrNull(21),
        Tags = row.IsNull(22) ? [] : ReadTags(row.Utf8(22)),
        Timeout = row.SpanOrNull(23),
        MaxRetries = (int?)row.Integer(24),
        ResultTtl = row.SpanOrNull(25),
        ExceptionMessage = row.TextOrNull(26),
        Params = row.Text(27),
        RawQueue = row.TextOrNull(28) is { } raw ? new QueueName(raw) : null,
        Priority = (int)row.Number(29),
        ExpiresAt = row.TimeOrNull(30),
        UniqueUntil = row.TimeOrNull(31),
        After = row.IdOrNull(32),
        Next = row.IdOrNull(33),
        ResultAs = row.TextOrNull(34),
        Options = row.IsNull(35) ? null : TaskOptionsJson.Read(row.Utf8(35)),
        IsUniqueWhileQueued = !row.IsNull(36),
        Result = withPayload ? row.TextOrNull(Payload) : null,
        Traceback = withPayload ? row.TextOrNull(Payload + 1) : null,
        TracebackHistory = withPayload ? SqliteTracebacks.Read(row, Payload + 2) : [],
    };

    /// <summary>The group's number of the row that a statement of <see cref="ListColumns"/> stands on.</summary>
    public static long ReadGroup(SqliteStatement row) => row.Number(4);

    /// <summary>The status of the row that a statement of <see cref="ListColumns"/> stands on.</summary>
    public static JobStatus ReadStatus(SqliteStatement row) => (JobStatus)row.Number(3);

    /// <summary>The tags, as a JSON array, of the row that a statement of <see cref="ListColumns"/> stands on; null: none.</summary>
    public static string? ReadTagsText(SqliteStatement row) => row.TextOrNull(22);

    /// <summary>Binds a whole job to <see cref="Insert"/>.</summary>
    /// <param name="tags">See <see cref="WriteTags"/>.</param>
    public static SqliteStatement Bind(SqliteStatement insert, Job job, string? tags, JobGroup group) => insert
        .Bind(1, job.Id)
        .Bind(2, job.Path)
        .Bind(3, job.Queue.Value)
        .Bind(4, (long)job.Status)
        .Bind(5, group.Id)
        .Bind(6, job.Attempt)
        .Bind(7, job.Worker?.Value)
        .Bind(8, job.DateQueued)
        .Bind(9, job.DateStarted)
        .Bind(10, job.DateUpdated)
        .Bind(11, job.DateExpires)
        .Bind(12, job.DateRetry)
        .Bind(13, job.RunAt)
        .Bind(14, job.AbortRequested)
        .Bind(15, job.RetryCount)
        .Bind(16, job.ExceptionType)
        .Bind(17, job.Progress)
        .Bind(18, job.ProgressText)
        .Bind(19, job.TotalTime)
        .Bind(20, job.Usage?.CpuTime)
        .Bind(21, job.UniqueKey)
        .Bind(22, job.IdempotencyKey)
        .Bind(23, tags)
        .Bind(24, job.Timeout)
        .Bind(25, job.MaxRetries)
        .Bind(26, job.ResultTtl)
        .Bind(27, job.ExceptionMessage)
        .Bind(28, job.Params)
        .Bind(29, job.RawQueue?.Value)
        .Bind(30, job.Priority)
        .Bind(31, job.ExpiresAt)
        .Bind(32, job.UniqueUntil)
        .Bind(33, job.After)
        .Bind(34, job.Next)
        .Bind(35, job.ResultAs)
        .Bind(36, job.Options is null ? null : TaskOptionsJson.Write(job.Options))
        .Bind(37, job.IsUniqueWhileQueued ? 1 : (long?)null)
        .Bind(38, job.Usage?.Switches)
        .Bind(39, job.Usage?.Allocated)
        .Bind(40, job.Usage?.MemoryDiff)
        .Bind(41, job.Postponed)
        .Bind(42, job.Result)
        .Bind(43, job.Traceback)
        .Bind(44, job.TracebackHistory.Count == 0 ? null : SqliteTracebacks.Write(job.TracebackHistory));

    /// <summary>Tags as a JSON array; null: none.</summary>
    public static string? WriteTags(IReadOnlyList<string> tags) =>
        tags.Count == 0 ? null : JsonSerializer.Serialize([.. tags], SqliteJson.Default.StringArray);

    /// <summary>Reads a JSON array of tags.</summary>
    public static string[] ReadTags(ReadOnlySpan<byte> utf8) => JsonSerializer.Deserialize(utf8, SqliteJson.Default.StringArray) ?? [];
}
