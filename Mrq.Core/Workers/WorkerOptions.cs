using Mrq.Queues;
using Mrq.Tasks;

namespace Mrq.Workers;

/// <summary>One pool of a process: which queues it listens to and how many jobs it runs at once.</summary>
public sealed class WorkerOptions
{
    /// <summary>Largest share of a queue.</summary>
    public const int MostWeight = 1_000;

    /// <summary>Name for people; null: the node's name.</summary>
    public string? Name { get; set; }

    /// <summary>
    /// Queues, each once; how they are gone through is the <see cref="DequeueStrategy"/>'s. A name that ends in <c>/</c> takes its sub-queues along.
    /// Default: <c>default</c>.
    /// </summary>
    public IReadOnlyList<QueueName> Queues { get; set; } = [QueueName.Default];

    /// <summary>How it goes through its queues. Default <see cref="DequeueStrategy.Sequential"/>: the first served first.</summary>
    public DequeueStrategy DequeueStrategy { get; set; }

    /// <summary>
    /// Shares of its queues, 1 to 1,000, for <see cref="DequeueStrategy.Weighted"/> and no other strategy; of a name that ends in <c>/</c> for all its
    /// sub-queues together. Default: empty. A queue that is not in it has 1.
    /// </summary>
    public IReadOnlyDictionary<QueueName, int> Weights { get; set; } = new Dictionary<QueueName, int>();

    /// <summary>Paths of the only tasks that it runs; jobs of others stay in its queues. Default: empty, which is all tasks.</summary>
    public IReadOnlyList<string> TaskWhitelist { get; set; } = [];

    /// <summary>Paths of tasks that it does not run; their jobs stay in its queues. Default: empty.</summary>
    public IReadOnlyList<string> TaskBlacklist { get; set; } = [];

    /// <summary>Most jobs at once, 1 to 10,000. Default 10.</summary>
    public int Concurrency { get; set; } = 10;

    /// <summary>
    /// Most jobs held beyond those that run, 0 to 10,000. Null (default): as many as run in about 50 ms, by what jobs took
    /// lately, so that slow jobs are never held back from other workers and fast ones never wait for the store.
    /// </summary>
    public int? Prefetch { get; set; }

    /// <summary>Longest time until an idle worker looks at its queues without being told. Default 1 s; signals make it rare.</summary>
    public TimeSpan MaxLatency { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Time between two reports; silent for three of them, a worker is taken for dead and its jobs go back. Default 5 s.</summary>
    public TimeSpan ReportInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Time that jobs in hand have to end when the worker stops; then they are interrupted and go back. Default 20 s.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Most jobs that it begins, each attempt counted; then it ends, its process with it. 0 (default): no limit. A job that a limit held back has not begun.
    /// </summary>
    public int MaxJobs { get; set; }

    /// <summary>
    /// Time after which it takes no more jobs, finishes those in hand and ends, its process with it. Up to 10 years; zero (default): no limit.
    /// </summary>
    public TimeSpan MaxTime { get; set; }

    /// <summary>
    /// Resident memory of its process, in MB of 2^20 bytes, above which it ends as with <see cref="MaxTime"/>. Looked at with each report, once it has ended a
    /// job: below what the program needs by itself, it would end without one. 0 (default): no limit.
    /// </summary>
    public int MaxMemory { get; set; }

    /// <summary>True: it carries out bulk actions and nothing else.</summary>
    internal bool IsSystem => Queues.All(queue => queue == QueueName.System);

    internal TaskSelection Selection => new(TaskWhitelist, TaskBlacklist);

    /// <summary>What is wrong with them, a sentence each; empty: nothing.</summary>
    public IEnumerable<string> Validate()
    {
        if (Queues.Count == 0)
        {
            yield return "A worker needs at least one queue.";
        }

        if (Queues.GroupBy(queue => queue).FirstOrDefault(named => named.Count() > 1) is { } twice)
        {
            yield return $"queues: {twice.Key} is given twice; give each queue once.";
        }

        foreach (var problem in ValidateWeights())
        {
            yield return problem;
        }

        if (TaskWhitelist.Intersect(TaskBlacklist, StringComparer.Ordinal).ToList() is { Count: > 0 } both)
        {
            yield return $"task_whitelist and task_blacklist both name {string.Join(", ", both)}: leave it away in one of them.";
        }

        if (Concurrency is < 1 or > 10_000)
        {
            yield return $"concurrency must be 1 to 10,000, not {Concurrency}.";
        }

        if (Prefetch is < 0 or > 10_000)
        {
            yield return $"prefetch must be 0 to 10,000, not {Prefetch}.";
        }

        if (ReportInterval < TimeSpan.FromMilliseconds(100) || ReportInterval > TimeSpan.FromHours(1))
        {
            yield return $"report_interval must be 0.1 to 3,600 seconds, not {ReportInterval.TotalSeconds}.";
        }

        if (MaxLatency < TimeSpan.FromMilliseconds(1) || MaxLatency > TimeSpan.FromHours(1))
        {
            yield return $"max_latency must be 0.001 to 3,600 seconds, not {MaxLatency.TotalSeconds}.";
        }

        if (MaxJobs < 0)
        {
            yield return $"max_jobs must be 1 or more, or 0 for no limit, not {MaxJobs}.";
        }

        if (MaxTime < TimeSpan.Zero || MaxTime > TimeSpan.FromDays(3650))
        {
            yield return $"max_time must be 0 (no limit) to 315,360,000 seconds, not {MaxTime.TotalSeconds}.";
        }

        if (MaxMemory < 0)
        {
            yield return $"max_memory must be 1 MB or more, or 0 for no limit, not {MaxMemory}.";
        }

        if (ShutdownTimeout < TimeSpan.Zero || ShutdownTimeout > TimeSpan.FromDays(1))
        {
            yield return $"shutdown_timeout must be 0 to 86,400 seconds, not {ShutdownTimeout.TotalSeconds}.";
        }
    }

    /// <summary>True: with these it would do the same, so that a reload has nothing to change.</summary>
    internal bool IsSameAs(WorkerOptions other) =>
        (Name, DequeueStrategy, Concurrency, Prefetch, MaxLatency, ReportInterval, ShutdownTimeout) ==
            (other.Name, other.DequeueStrategy, other.Concurrency, other.Prefetch, other.MaxLatency, other.ReportInterval, other.ShutdownTimeout)
        && (MaxJobs, MaxTime, MaxMemory) == (other.MaxJobs, other.MaxTime, other.MaxMemory)
        && Queues.SequenceEqual(other.Queues)
        && Weights.Count == other.Weights.Count && Weights.All(other.Weights.Contains)
        && TaskWhitelist.SequenceEqual(other.TaskWhitelist) && TaskBlacklist.SequenceEqual(other.TaskBlacklist);

    private IEnumerable<string> ValidateWeights()
    {
        if (Weights.Count > 0 && DequeueStrategy != DequeueStrategy.Weighted)
        {
            yield return $"The queues have weights ({string.Join(", ", Weights.Select(w => $"{w.Key}={w.Value}"))}), which only dequeue_strategy weighted heeds; "
                + $"this is {DequeueStrategy.ToString().ToLowerInvariant()}. Say weighted, or leave the weights away.";
        }

        foreach (var (queue, weight) in Weights)
        {
            if (weight is < 1 or > MostWeight)
            {
                yield return $"The weight of queue {queue} must be 1 to {MostWeight:N0}, not {weight:N0}.";
            }

            if (!Queues.Contains(queue))
            {
                yield return $"Queue {queue} has a weight, and this worker does not listen to it.";
            }
        }
    }
}
