using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Maintenance;

/// <summary>Sends jobs that a stopping worker interrupted back to the head of their queues. The original's base task.</summary>
internal sealed class RequeueInterruptedJobs(IJobQueries queries, RequeueJobs requeue, IOptions<MrqOptions> options) : IMaintenanceTask
{
    private static readonly JobFilter Interrupted = new() { Statuses = JobStatuses.Of(JobStatus.Interrupt) };

    public string Name => nameof(RequeueInterruptedJobs);

    public TimeSpan Interval => options.Value.MaintenanceInterval;

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var total = 0;
        while (true)
        {
            var page = await queries.FindAsync(Interrupted, new JobPageRequest(Limit: 1000), cancellationToken);
            // Newest first: each page goes before the one that went before it, and each in the order of the ids.
            var done = await requeue.RequeueInterruptedAsync([.. page.Jobs.Select(j => j.Id).Order()], cancellationToken);
            total += done;
            if (done == 0 || page.Next is null)
            {
                return total;
            }
        }
    }
}
