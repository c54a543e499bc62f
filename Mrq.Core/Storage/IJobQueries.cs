using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Tasks;
using Mrq.Workers;

namespace Mrq.Storage;

/// <summary>How many jobs share path, queue, status and exception type.</summary>
/// <param name="ExceptionType">Null: none.</param>
public sealed record JobCount(string Path, QueueName Queue, JobStatus Status, string? ExceptionType, long Count);

/// <summary>How many attempts of a queue ended in a status within one span of time.</summary>
/// <param name="From">Begin of the span.</param>
/// <param name="TotalSeconds">Sum of their run times.</param>
public sealed record RatePoint(DateTimeOffset From, QueueName Queue, JobStatus Status, long Count, double TotalSeconds);

/// <summary>Reads of the job documents. None scans all documents unless its filter leaves no other way.</summary>
public interface IJobQueries
{
    /// <summary>The documents of these ids, in the given order; ids without a document are left out.</summary>
    Task<IReadOnlyList<Job>> GetAsync(IReadOnlyList<JobId> jobs, bool withPayload, CancellationToken cancellationToken);

    /// <summary>One page of the jobs that match, newest first.</summary>
    Task<JobPage> FindAsync(JobFilter filter, JobPageRequest page, CancellationToken cancellationToken);

    /// <summary>The ids of the jobs that match and are older than <paramref name="before"/> (null: from the newest), newest first. Reads no document.</summary>
    /// <param name="limit">1 to 1,000.</param>
    Task<IReadOnlyList<JobId>> FindIdsAsync(JobFilter filter, JobId? before, int limit, CancellationToken cancellationToken);

    /// <summary>How many jobs match, counted up to <paramref name="atMost"/>.</summary>
    Task<long> CountAsync(JobFilter filter, long atMost, CancellationToken cancellationToken);

    /// <summary>How many jobs of a tag are in each status; those in which none is are left out. Costs as much as the tag has jobs, in one index.</summary>
    Task<IReadOnlyDictionary<JobStatus, long>> CountByStatusAsync(string tag, CancellationToken cancellationToken);

    /// <summary>The maintained totals: their cost does not depend on the number of jobs.</summary>
    Task<IReadOnlyList<JobCount>> CountsAsync(CancellationToken cancellationToken);

    /// <summary>Ended attempts since a time, in spans of <paramref name="step"/> (rounded up to a multiple of 5 s).</summary>
    Task<IReadOnlyList<RatePoint>> RatesAsync(DateTimeOffset since, TimeSpan step, CancellationToken cancellationToken);

    /// <summary>The jobs in one of <see cref="JobStatuses.Error"/> that ended last, the last first, without payload.</summary>
    /// <param name="limit">1 to 1,000.</param>
    Task<IReadOnlyList<Job>> FindLastFailedAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Jobs in status scheduled or retry whose time has come, earliest first.</summary>
    Task<IReadOnlyList<JobId>> FindDueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken);

    /// <summary>Waiting jobs whose <see cref="Job.ExpiresAt"/> has passed, in any order.</summary>
    Task<IReadOnlyList<JobId>> FindOverdueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken);

    /// <summary>Ids of queued jobs of one queue that last changed before a time, oldest first, beginning after <paramref name="after"/>.</summary>
    Task<IReadOnlyList<JobId>> FindQueuedAsync(
        QueueName queue, DateTimeOffset before, JobId? after, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Ids of queued jobs of one queue that a worker with this selection runs, beginning after <paramref name="after"/>, in the order in which it is to
    /// take them: that of their making, or the other way round. What it costs does not depend on how many jobs of other tasks wait.
    /// </summary>
    Task<IReadOnlyList<JobId>> FindQueuedAsync(
        QueueName queue, TaskSelection tasks, bool newestFirst, JobId? after, int limit, CancellationToken cancellationToken);

    /// <summary>Workers that have jobs in status started, with how many.</summary>
    Task<IReadOnlyDictionary<WorkerId, int>> StartedByWorkerAsync(CancellationToken cancellationToken);
}
