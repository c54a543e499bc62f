using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Maintenance;

/// <summary>Sends jobs whose time has come to their queues: retries at their <c>dateretry</c>, delayed jobs at their <c>run_at</c>. The original's base task.</summary>
internal sealed class RequeueRetryJobs(IJobQueries queries, RequeueJobs requeue, TimeProvider time) : IMaintenanceTask
{
    private const int PageSize = 1000;

    public string Name => nameof(RequeueRetryJobs);

    /// <inheritdoc/>
    /// <remarks>How late a delayed job may be; a read of an empty index costs microseconds.</remarks>
    public TimeSpan Interval => TimeSpan.FromMilliseconds(250);

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var total = 0;
        while (true)
        {
            var due = await queries.FindDueAsync(time.GetUtcNow(), PageSize, cancellationToken);
            var done = await PromoteAsync([.. due.Select(j => j.Id)], cancellationToken);
            total += done;
            if (due.Count < PageSize || done == 0)
            {
                return total;
            }
        }
    }

    private Task<int> PromoteAsync(IReadOnlyList<JobId> due, CancellationToken cancellationToken) =>
        due.Count == 0 ? Task.FromResult(0) : requeue.PromoteAsync(due, cancellationToken);
}
