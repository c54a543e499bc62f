using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Maintenance;

/// <summary>The ways back into a queue that nobody asks for: each changes the documents first, then puts the ids back.</summary>
internal sealed class RequeueJobs(IJobStore jobs, IQueueStore queues, ICoordination coordination, IOptions<MrqOptions> options, TimeProvider time)
{
    /// <summary>scheduled, retry → queued, at the end of their queues.</summary>
    public Task<int> PromoteAsync(IReadOnlyList<JobId> due, CancellationToken cancellationToken) =>
        RequeueAsync(due, JobStatuses.Of(JobStatus.Scheduled, JobStatus.Retry), null, atHead: false, cancellationToken);

    /// <summary>interrupt → queued, at the head of their queues and in their old order.</summary>
    public Task<int> RequeueInterruptedAsync(IReadOnlyList<JobId> interrupted, CancellationToken cancellationToken) =>
        RequeueAsync(interrupted, JobStatuses.Of(JobStatus.Interrupt), null, atHead: true, cancellationToken);

    /// <summary>
    /// started → queued, at the head of their queues, for jobs that a worker will not end: it is gone, or it has not begun them. Those whose
    /// abort was asked for end as aborted instead. Jobs that are no longer this worker's are left alone.
    /// </summary>
    /// <param name="mayHaveBegun">False: none of them has begun, and when they have to begin by still counts.</param>
    public async Task<int> ReleaseAsync(IReadOnlyList<JobId> started, WorkerId worker, bool mayHaveBegun, CancellationToken cancellationToken)
    {
        var released = await RequeueAsync(started, JobStatuses.Of(JobStatus.Started), worker, atHead: true, cancellationToken, mayHaveBegun);
        return released == started.Count ? released : released + await AbortAsync(started, worker, cancellationToken);
    }

    private async Task<int> AbortAsync(IReadOnlyList<JobId> started, WorkerId worker, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var aborted = await jobs.TransitionAsync(
            new JobTransition
            {
                Jobs = started,
                From = JobStatuses.Of(JobStatus.Started),
                To = JobStatus.Abort,
                At = now,
                Worker = worker,
                DateExpires = now + options.Value.DefaultAbortTtl,
                Reason = ("abort", "A person asked for its end, and its worker could not record it."),
            },
            cancellationToken);
        if (aborted.Count > 0)
        {
            coordination.Publish(Changes.Jobs);
        }

        return aborted.Count;
    }

    private async Task<int> RequeueAsync(
        IReadOnlyList<JobId> ids, JobStatuses from, WorkerId? worker, bool atHead, CancellationToken cancellationToken, bool forgetsExpiry = false)
    {
        var requeued = await jobs.TransitionAsync(
            new JobTransition { Jobs = ids, From = from, To = JobStatus.Queued, At = time.GetUtcNow(), Worker = worker, ForgetsExpiry = forgetsExpiry }, cancellationToken);
        if (requeued.Count > 0)
        {
            await queues.EnqueueAsync([.. requeued.Select(r => r.Queued)], atHead, CancellationToken.None);
            coordination.Publish(Changes.Jobs | Changes.Queues);
        }

        return requeued.Count;
    }
}
