using Mrq.Queues;
using Mrq.Tasks;

namespace Mrq.Jobs;

/// <summary>What someone asks for: a run of a task. Null members leave it to the task and the defaults.</summary>
public sealed record JobRequest
{
    public required string Path { get; init; }

    /// <summary>A JSON object as text. Default <c>{}</c>.</summary>
    public string Params { get; init; } = "{}";

    public QueueName? Queue { get; init; }

    /// <summary>Not before this time. At most one of this and <see cref="Delay"/>.</summary>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>Not before this long from now; 0 or more.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>While a live job has this key, the request finds that job instead of making one. 1 to 200 characters.</summary>
    public string? UniqueKey { get; init; }

    /// <summary>True: the unique key is given back when the job starts, not when it has ended.</summary>
    public bool UniqueWhileQueued { get; init; }

    /// <summary>
    /// The unique key is held for so long from now, whatever becomes of the job meanwhile; above 0. Null: as long as the job is live. Not together with
    /// <see cref="UniqueWhileQueued"/> or <see cref="IdempotencyKey"/>.
    /// </summary>
    public TimeSpan? UniqueFor { get; init; }

    /// <summary>A repeated request with the same key finds the job of the first as long as that job is kept. 1 to 200 characters.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Longest run of one attempt; above 0.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Most retries; 0 or more.</summary>
    public int? MaxRetries { get; init; }

    /// <summary>How long the job is kept after success; 0 or more.</summary>
    public TimeSpan? ResultTtl { get; init; }

    /// <summary>What else is to hold for this job, over the options of its task. Null: nothing.</summary>
    public TaskOptions? Options { get; init; }

    /// <summary>At most 20, each 1 to 100 characters. Those that begin with <c>batch:</c> are kept for batches.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>
    /// The job that runs when this one has succeeded; it may have such a one itself. A chain has at most <see cref="MadeJob.LongestChain"/> jobs. Those that follow have no keys, and
    /// neither <see cref="RunAt"/> nor <see cref="Delay"/>; what they say of time counts from when the one before has succeeded. Null: none.
    /// </summary>
    public JobRequest? Then { get; init; }

    /// <summary>The batch that the job, with those that follow it, is added to; it must not have ended. Null: none.</summary>
    public JobId? Batch { get; init; }

    /// <summary>Only of a job that follows another: the param that gets the result of that. 1 to 100 characters. Null: none does.</summary>
    public string? ResultAs { get; init; }
}

/// <summary>The answer to a <see cref="JobRequest"/>.</summary>
/// <param name="Existing">True: the id is of an older job that holds the same unique or idempotency key; nothing was queued.</param>
public readonly record struct EnqueuedJob(JobId Id, bool Existing);

/// <summary>What is wrong with one field of a request.</summary>
/// <param name="Field">Its name on the wire, for example <c>params.path</c>.</param>
public sealed record FieldError(string Field, string Error);

/// <summary>A request that cannot be accepted. Nothing was stored.</summary>
public sealed class InvalidJobException(IReadOnlyList<FieldError> errors, bool unknownTask = false)
    : Exception(string.Join(" ", errors.Select(e => $"{e.Field}: {e.Error}")))
{
    public IReadOnlyList<FieldError> Errors { get; } = errors;

    /// <summary>True: no task of that path is known.</summary>
    public bool UnknownTask { get; } = unknownTask;
}
