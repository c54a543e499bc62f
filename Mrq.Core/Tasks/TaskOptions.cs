using Mrq.Queues;

namespace Mrq.Tasks;

/// <summary>How jobs of one task are treated. A null member leaves it to what stands below, at last to <see cref="Hosting.MrqOptions"/>.</summary>
/// <remarks>Set by <see cref="MrqTaskAttribute"/>, over it by configuration (<c>Mrq:Tasks:path</c>), over it by the request. <see cref="TaskOptionTable"/> has their names.</remarks>
public sealed record TaskOptions
{
    public QueueName? Queue { get; init; }

    /// <summary>0 to 9: within its queue a job runs before those of lower priority. Null: 0.</summary>
    public int? Priority { get; init; }

    /// <summary>A job that has not begun after this time is cancelled; above 0. Null: it waits for ever.</summary>
    public TimeSpan? ExpiresIn { get; init; }

    /// <summary>Longest run of one attempt; above 0.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How long a job is kept after success; zero: until the next clean-up.</summary>
    public TimeSpan? ResultTtl { get; init; }

    /// <summary>How long an aborted job is kept.</summary>
    public TimeSpan? AbortTtl { get; init; }

    /// <summary>How long a cancelled job is kept.</summary>
    public TimeSpan? CancelTtl { get; init; }

    /// <summary>Most retries; 0: none.</summary>
    public int? MaxRetries { get; init; }

    /// <summary>True: an attempt that failed or ran out of time is retried, too. Null and false: only one whose task asks for it, as in the original.</summary>
    public bool? RetryOnFailure { get; init; }

    /// <summary>Wait before the first retry that names no delay.</summary>
    public TimeSpan? RetryDelay { get; init; }

    /// <summary>Each further delay is so many times as long: 1 (fixed; what null means) to 100.</summary>
    public double? RetryBackoff { get; init; }

    /// <summary>The longest that <see cref="RetryBackoff"/> makes a delay. Null: 1 hour.</summary>
    public TimeSpan? RetryMaxDelay { get; init; }

    /// <summary>So much of a delay is left to chance, that not all come back at once: 0 (none; what null means) to 1 (anything from zero to the delay).</summary>
    public double? RetryJitter { get; init; }

    /// <summary>The delays one by one; the last counts for all that follow. It wins over the other delays. Null: there is no list.</summary>
    public RetryDelays? RetryDelays { get; init; }

    /// <summary>Most jobs at once over all workers, from 1. Null: no limit.</summary>
    public int? MaxConcurrency { get; init; }

    /// <summary>
    /// Whom <see cref="MaxConcurrency"/> counts together. <c>{name}</c> in it is the value of that param: <c>user {user_id}</c>. Jobs of several tasks with the
    /// same key share its slots. Null: all jobs of the task.
    /// </summary>
    public string? MaxConcurrencyKey { get; init; }

    /// <summary>A job that finds no slot tries again after about this time. Null: it ends as <c>maxconcurrency</c>, as in the original.</summary>
    public TimeSpan? MaxConcurrencyWait { get; init; }

    /// <summary>Most jobs to begin within a span of time, over all workers; one more waits until it may. Null: no limit.</summary>
    public RateLimit? RateLimit { get; init; }

    /// <summary>Whom <see cref="RateLimit"/> counts together, as <see cref="MaxConcurrencyKey"/> says it. Null: all jobs of the task.</summary>
    public string? RateLimitKey { get; init; }

    /// <summary>Runs on a thread of its own, so that computing does not starve the other jobs of the worker.</summary>
    public bool? Cpu { get; init; }

    /// <summary>These options, and those of <paramref name="below"/> where these say nothing.</summary>
    public TaskOptions Over(TaskOptions below) => new()
    {
        Queue = Queue ?? below.Queue,
        Priority = Priority ?? below.Priority,
        ExpiresIn = ExpiresIn ?? below.ExpiresIn,
        Timeout = Timeout ?? below.Timeout,
        ResultTtl = ResultTtl ?? below.ResultTtl,
        AbortTtl = AbortTtl ?? below.AbortTtl,
        CancelTtl = CancelTtl ?? below.CancelTtl,
        MaxRetries = MaxRetries ?? below.MaxRetries,
        RetryOnFailure = RetryOnFailure ?? below.RetryOnFailure,
        RetryDelay = RetryDelay ?? below.RetryDelay,
        RetryBackoff = RetryBackoff ?? below.RetryBackoff,
        RetryMaxDelay = RetryMaxDelay ?? below.RetryMaxDelay,
        RetryJitter = RetryJitter ?? below.RetryJitter,
        // A delay that is given up here is not to be overruled by a list of below.
        RetryDelays = RetryDelays ?? (RetryDelay is null ? below.RetryDelays : null),
        MaxConcurrency = MaxConcurrency ?? below.MaxConcurrency,
        MaxConcurrencyKey = MaxConcurrencyKey ?? below.MaxConcurrencyKey,
        MaxConcurrencyWait = MaxConcurrencyWait ?? below.MaxConcurrencyWait,
        RateLimit = RateLimit ?? below.RateLimit,
        RateLimitKey = RateLimitKey ?? below.RateLimitKey,
        Cpu = Cpu ?? below.Cpu,
    };
}
