using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Maintenance;

/// <summary>The ways back into a queue that nobody asks for: each changes the documents first, then puts the ids back.</summary>
internal sealed class RequeueJobs(IJobStore jobs, IQueueStore queues, ICoordination coordination, TimeProvider time)
{
    /// <summary>scheduled, retry → queued, at the end of their queues.</summary>
    public Task<int> PromoteAsync(IReadOnlyList<JobId> due, CancellationToken cancellationToken) =>
        RequeueAsync(due, JobStatuses.Of(JobStatus.Scheduled, JobStatus.Retry), null, atHead: false, cancellationToken);

    /// <summary>interrupt → queued, at the head of their queues and in their old order.</summary>
    public Task<int> RequeueInterruptedAsync(IReadOnlyList<JobId> interrupted, CancellationToken cancellationToken) =>
        RequeueAsync(interrupted, JobStatuses.Of(JobStatus.Interrupt), null, atHead: true, cancellationToken);

    /// <summary>started → queued for jobs of a worker that is gone.</summary>
    public Task<int> RequeueStartedAsync(IReadOnlyList<JobId> started, WorkerId gone, CancellationToken cancellationToken) =>
        RequeueAsync(started, JobStatuses.Of(JobStatus.Started), gone, atHead: true, cancellationToken);

    private async Task<int> RequeueAsync(
        IReadOnlyList<JobId> ids, JobStatuses from, WorkerId? worker, bool atHead, CancellationToken cancellationToken)
    {
        var requeued = await jobs.TransitionAsync(
            new JobTransition { Jobs = ids, From = from, To = JobStatus.Queued, At = time.GetUtcNow(), Worker = worker }, cancellationToken);
        if (requeued.Count > 0)
        {
            await queues.EnqueueAsync([.. requeued.Select(r => new QueuedId(r.Id, r.Queue))], atHead, CancellationToken.None);
            coordination.Publish(Changes.Jobs | Changes.Queues);
        }

        return requeued.Count;
    }
}
