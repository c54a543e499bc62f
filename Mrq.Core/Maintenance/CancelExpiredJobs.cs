using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Storage;
using Mrq.Tasks;

namespace Mrq.Maintenance;

/// <summary>Cancels jobs that still wait when their <see cref="Job.ExpiresAt"/> has passed. A worker that takes one first does the same.</summary>
internal sealed class CancelExpiredJobs(
    IJobQueries queries, IJobStore jobs, IQueueStore queues, ICoordination coordination, TaskRegistry tasks, IOptions<MrqOptions> options, TimeProvider time) : IMaintenanceTask
{
    private const int PageSize = 1000;

    public string Name => nameof(CancelExpiredJobs);

    public TimeSpan Interval => options.Value.MaintenanceInterval;

    public async Task<MaintenanceRun> RunAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var expired = await queries.FindOverdueAsync(now, PageSize, cancellationToken);
        var cancelled = 0;
        foreach (var group in (await queries.GetAsync(expired, withPayload: false, cancellationToken)).GroupBy(job => (job.ExpiresAt, tasks.OptionsOf(job).CancelTtl)))
        {
            cancelled += await CancelAsync([.. group.Select(job => job.Id)], group.Key.ExpiresAt ?? now, now, group.Key.CancelTtl, cancellationToken);
        }

        if (cancelled > 0)
        {
            coordination.Publish(Changes.Jobs | Changes.Queues);
        }

        return new MaintenanceRun(cancelled, expired.Count == PageSize && cancelled > 0);
    }

    private async Task<int> CancelAsync(JobId[] ids, DateTimeOffset expiredAt, DateTimeOffset now, TimeSpan? ttl, CancellationToken cancellationToken)
    {
        var changed = await jobs.TransitionAsync(
            new JobTransition
            {
                Jobs = ids,
                From = JobStatuses.Waiting,
                To = JobStatus.Cancel,
                At = now,
                DateExpires = now + (ttl ?? options.Value.DefaultCancelTtl),
                Reason = (Job.Expired, Job.ExpiredMessage(expiredAt)),
            },
            cancellationToken);
        await queues.RemoveAsync(
            [.. changed.Where(job => job.From == JobStatus.Queued).Select(job => new QueuedId(job.Id, job.OldQueue))], CancellationToken.None);
        return changed.Count;
    }
}
