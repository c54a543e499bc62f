using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Maintenance;

/// <summary>Sends jobs that a stopping worker interrupted back to the head of their queues. The original's base task.</summary>
internal sealed class RequeueInterruptedJobs(IJobQueries queries, RequeueJobs requeue, IOptions<MrqOptions> options) : IMaintenanceTask
{
    private const int PageSize = 1000;
    private static readonly JobFilter Interrupted = new() { Statuses = JobStatuses.Of(JobStatus.Interrupt) };

    public string Name => nameof(RequeueInterruptedJobs);

    public TimeSpan Interval => options.Value.MaintenanceInterval;

    public async Task<MaintenanceRun> RunAsync(CancellationToken cancellationToken)
    {
        // Newest first: the next page, which is older, goes before this one, and each in the order of its ids.
        var page = await queries.FindIdsAsync(Interrupted, null, PageSize, cancellationToken);
        var requeued = page.Count == 0 ? 0 : await requeue.RequeueInterruptedAsync([.. page.Order()], cancellationToken);
        return new MaintenanceRun(requeued, page.Count == PageSize && requeued > 0);
    }
}
