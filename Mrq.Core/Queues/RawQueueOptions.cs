using Mrq.Jobs;

namespace Mrq.Queues;

/// <summary>What becomes of the entries of a raw queue.</summary>
public sealed record RawQueueOptions
{
    /// <summary>
    /// The statuses that may not be stored: the others mark a job that still has to run. See <see cref="NoStorage"/>.
    /// </summary>
    public static readonly JobStatuses MayBeUnstored = JobStatuses.Of(
        JobStatus.Started, JobStatus.Success, JobStatus.Failed, JobStatus.MaxRetries, JobStatus.Timeout, JobStatus.Abort, JobStatus.MaxConcurrency);

    /// <summary>The queue of its jobs, where a retry, a requeue or a rescue puts them; a regular one. Null: the default queue.</summary>
    public QueueName? RetryQueue { get; init; }

    /// <summary>
    /// Timed sets: a due entry moves to now + this instead of being taken out, and so comes again unless its task removes it. Above 0. Null
    /// (default): it is taken out. Shorter than its job runs, it runs twice at a time.
    /// </summary>
    public TimeSpan? Pushback { get; init; }

    /// <summary>
    /// Statuses that are not stored, as long as the job has no document. Default: none. With <see cref="JobStatus.Started"/> no document is made at
    /// the start; without it the others have no effect. Unique and idempotency keys of such jobs have none either.
    /// </summary>
    public JobStatuses NoStorage { get; init; }

    /// <summary>Makes the jobs of its sub-queues too (<c>clicks_raw/eu</c>). Default false; a name that ends in <c>/</c> has them always.</summary>
    public bool HasSubQueues { get; init; }

    internal IEnumerable<string> Validate(QueueName queue)
    {
        if (queue.RawKind is null && !queue.Value.EndsWith('/'))
        {
            yield return $"{queue}: the name of a raw queue ends in _raw, _set, _sorted_set or _timed_set, or in / for those under it.";
        }

        if (RetryQueue?.NotForJobs is { } error)
        {
            yield return $"{queue}: retry_queue: {error}";
        }

        if (Pushback is { } pushback && (queue.RawKind is not (null or RawQueueKind.TimedSet) || pushback <= TimeSpan.Zero || pushback > TimeSpan.FromDays(3650)))
        {
            yield return $"{queue}: pushback_seconds must be above 0 and at most 10 years, and is for timed sets only.";
        }

        if (new JobStatuses(NoStorage.Bits & ~MayBeUnstored.Bits) is { Count: > 0 } wrong)
        {
            yield return $"{queue}: statuses_no_storage: a job that is {wrong} would be lost. Possible are {MayBeUnstored}.";
        }
    }
}
