using Mrq.Queues;

namespace Mrq.Tasks;

/// <summary>How jobs of one task are treated. A null member leaves it to <see cref="Hosting.MrqOptions"/>.</summary>
/// <remarks>Set by <see cref="MrqTaskAttribute"/>, over it by configuration (<c>Mrq:Tasks:path</c>), over it by the request.</remarks>
public sealed record TaskOptions
{
    public QueueName? Queue { get; init; }

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

    /// <summary>Wait before a retry that names no delay.</summary>
    public TimeSpan? RetryDelay { get; init; }

    /// <summary>Most jobs of this task at once over all workers; one more ends as <c>maxconcurrency</c>. Null: no limit.</summary>
    public int? MaxConcurrency { get; init; }

    /// <summary>Runs on a thread of its own, so that computing does not starve the other jobs of the worker.</summary>
    public bool Cpu { get; init; }
}
