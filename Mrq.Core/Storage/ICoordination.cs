using Mrq.Jobs;

namespace Mrq.Storage;

/// <summary>What changed. A signal carries no data: whoever cares asks the stores again.</summary>
[Flags]
public enum Changes
{
    None = 0,

    /// <summary>Job documents: statuses, progress, counters.</summary>
    Jobs = 1,

    /// <summary>Ids were put into queues, or a queue was paused or resumed: workers look for work.</summary>
    Queues = 2,

    /// <summary>Worker reports.</summary>
    Workers = 4,

    /// <summary>Someone asked for the end of a running job or of a worker.</summary>
    Aborts = 8,

    /// <summary>Log lines of jobs.</summary>
    Logs = 16,

    /// <summary>Entries of the scheduler.</summary>
    Schedules = 32,

    All = Jobs | Queues | Workers | Aborts | Logs | Schedules,
}

/// <summary>A right that one node of a cluster has at a time.</summary>
/// <param name="Role">For example <c>maintenance</c>.</param>
/// <param name="Fence">Grows with each change of holder; a holder with a lower number is out of date.</param>
/// <param name="Until">End of the right unless it is renewed, by the store's clock.</param>
public sealed record LeaderTerm(string Role, long Fence, DateTimeOffset Until);

/// <summary>What the processes that share the stores tell each other.</summary>
public interface ICoordination
{
    /// <summary>Tells every subscriber, in this process and the others, that something changed. Never waits, never fails: a lost signal costs time, not work.</summary>
    void Publish(Changes changes);

    /// <summary>Calls back on every signal, on any thread, several signals possibly as one. The callback must return at once. Dispose to end.</summary>
    IDisposable Subscribe(Action<Changes> callback);

    /// <summary>Takes or renews a role for <paramref name="duration"/>; null: another node has it.</summary>
    Task<LeaderTerm?> TryLeadAsync(string role, string node, DateTimeOffset now, TimeSpan duration, CancellationToken cancellationToken);

    /// <summary>Gives a role back before its end; nothing happens when another node has it.</summary>
    Task ResignAsync(string role, string node, CancellationToken cancellationToken);

    /// <summary>
    /// Takes one of <paramref name="limit"/> slots of <paramref name="key"/> for a job until <paramref name="until"/>; false: all are taken.
    /// Taking it again with the same job renews it.
    /// </summary>
    Task<bool> TryEnterAsync(string key, int limit, JobId job, DateTimeOffset now, DateTimeOffset until, CancellationToken cancellationToken);

    /// <summary>
    /// Uses <paramref name="key"/> once, of which only <paramref name="limit"/> uses count within any span of <paramref name="per"/>. The same key with another
    /// span counts apart.
    /// </summary>
    /// <param name="limit">From 1.</param>
    /// <param name="per">To the millisecond.</param>
    /// <returns>How many uses were left, this one among them: <paramref name="limit"/> down to 1. 0: none was left, and this one does not count.</returns>
    Task<int> UseRateAsync(string key, int limit, TimeSpan per, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Gives a slot back; nothing happens when it is not held.</summary>
    Task LeaveAsync(string key, JobId job, CancellationToken cancellationToken);
}
