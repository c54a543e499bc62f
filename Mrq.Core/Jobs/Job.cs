using Mrq.Queues;
using Mrq.Tasks;
using Mrq.Workers;

namespace Mrq.Jobs;

/// <summary>One requested run of a task, as it stands in the store. Field names on the wire are the original's.</summary>
public sealed record Job
{
    /// <summary>The reason of a job that was cancelled because it had not begun by <see cref="ExpiresAt"/>, as its exception type.</summary>
    public const string Expired = "expired";

    /// <summary>The reason of a job that was cancelled because what it waited for did not succeed, as its exception type.</summary>
    public const string ChainBroken = "chain";

    public required JobId Id { get; init; }

    /// <summary>Name of the task, for example <c>text.count_words</c>.</summary>
    public required string Path { get; init; }

    /// <summary>Parameters as JSON text, always an object.</summary>
    public required string Params { get; init; }

    public required QueueName Queue { get; init; }

    /// <summary>The raw queue whose entry it was made of; null: it was queued as a job.</summary>
    public QueueName? RawQueue { get; init; }

    public required JobStatus Status { get; init; }

    /// <summary>When it last entered its queue; while it is scheduled: when it was accepted.</summary>
    public required DateTimeOffset DateQueued { get; init; }

    /// <summary>When the last attempt began; null before the first.</summary>
    public DateTimeOffset? DateStarted { get; init; }

    /// <summary>When the document last changed its status.</summary>
    public required DateTimeOffset DateUpdated { get; init; }

    /// <summary>When the document will be deleted; null: never.</summary>
    public DateTimeOffset? DateExpires { get; init; }

    /// <summary>When a job in status <c>retry</c> goes back to its queue; null in every other status.</summary>
    public DateTimeOffset? DateRetry { get; init; }

    /// <summary>When a delayed job may first run; null: at once.</summary>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>0 (default) to 9: within its queue a job runs before those of lower priority.</summary>
    public int Priority { get; init; }

    /// <summary>A job that has not begun by then is cancelled; null: it waits for ever.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>What it waits, or waited, for: the job before it in its chain, which has to succeed, or the batch whose end it was to hear of. Null: it waits for none.</summary>
    public JobId? After { get; init; }

    /// <summary>The job after it in its chain; null: none.</summary>
    public JobId? Next { get; init; }

    /// <summary>The name of the param that gets the result of <see cref="After"/>; null: none does.</summary>
    public string? ResultAs { get; init; }

    /// <summary>Number of attempts that were started. Guards the outcome: only the current attempt may record one.</summary>
    public int Attempt { get; init; }

    /// <summary>How many of them a limit held back before the task began.</summary>
    public int Postponed { get; init; }

    /// <summary>Number of attempts in which the task began, or was to.</summary>
    public int Tries => Math.Max(0, Attempt - Postponed);

    /// <summary>Number of retries since it was last queued by a person or a program.</summary>
    public int RetryCount { get; init; }

    /// <summary>The worker that has or had it last; null before the first attempt.</summary>
    public WorkerId? Worker { get; init; }

    /// <summary>What the task returned, as JSON text; null: nothing yet, or the task returns nothing.</summary>
    public string? Result { get; init; }

    /// <summary>Full type name of the exception that ended the last attempt, or a reason such as <c>timeout</c>; null when none did.</summary>
    public string? ExceptionType { get; init; }

    /// <summary>Message of that exception.</summary>
    public string? ExceptionMessage { get; init; }

    /// <summary>Stack trace of that exception.</summary>
    public string? Traceback { get; init; }

    /// <summary>The failures of earlier attempts and of the last, oldest first.</summary>
    public IReadOnlyList<TracebackEntry> TracebackHistory { get; init; } = [];

    /// <summary>0 to 1, as the task reports it; null: it never did.</summary>
    public double? Progress { get; init; }

    /// <summary>What the task says it is doing now; null: nothing.</summary>
    public string? ProgressText { get; init; }

    /// <summary>Wall time of the last attempt in seconds; null before its end.</summary>
    public double? TotalTime { get; init; }

    /// <summary>What the last attempt has used of the machine; null: nothing of it was measured.</summary>
    public JobUsage? Usage { get; init; }

    /// <summary>While a live job holds a unique key, another with the same key is not accepted. Null: no key.</summary>
    public string? UniqueKey { get; init; }

    /// <summary>True: it gives its <see cref="UniqueKey"/> back when it starts, not when it has ended.</summary>
    public bool IsUniqueWhileQueued { get; init; }

    /// <summary>Until then its <see cref="IdempotencyKey"/> is taken, ended or not; null: as long as it is kept.</summary>
    public DateTimeOffset? UniqueUntil { get; init; }

    /// <summary>The key by which a repeated request finds this job instead of making a second one. Null: none was given.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Labels to find jobs by, the one of its batch among them.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The batch that it belongs to; null: none.</summary>
    public JobId? Batch => Batches.Batch.Of(Tags);

    /// <summary><see cref="Tags"/> without the one of its batch.</summary>
    public IEnumerable<string> OwnTags => Tags.Where(tag => !Batches.Batch.IsTag(tag));

    /// <summary>Longest run of one attempt; null: the task's own timeout.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Most retries; null: the task's own limit.</summary>
    public int? MaxRetries { get; init; }

    /// <summary>How long the document is kept after success; null: the task's own time.</summary>
    public TimeSpan? ResultTtl { get; init; }

    /// <summary>What its request said beside this of how it is to be treated; it wins over the task's own options. Null: nothing.</summary>
    public TaskOptions? Options { get; init; }

    /// <summary>When a person asked that the running attempt be stopped; null: nobody did.</summary>
    public DateTimeOffset? AbortRequested { get; init; }

    /// <param name="before">How the job before it ended; null: it is gone.</param>
    internal static string ChainBrokenMessage(JobStatus? before) =>
        before is { } status ? $"What it waited for ended as {JobStatuses.NameOf(status)}." : "What it waited for is gone.";

    internal static string ExpiredMessage(DateTimeOffset at) => $"It had not begun by {at.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, when its expires_in ended.";
}

/// <summary>How one attempt of a job failed.</summary>
/// <param name="Date">When it ended.</param>
/// <param name="Status">The status it ended in.</param>
/// <param name="Worker">The worker it ran on.</param>
public sealed record TracebackEntry(
    DateTimeOffset Date, JobStatus Status, string ExceptionType, string? Message, string? Traceback, WorkerId? Worker)
{
    /// <summary>Failures that stores keep of a job, the last ones: one that fails for ever must not grow for ever.</summary>
    public const int MostKept = 20;
}
