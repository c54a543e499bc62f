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

    public async Task<MaintenanceRun> RunAsync(CancellationToken cancellationToken)
    {
        var due = await queries.FindDueAsync(time.GetUtcNow(), PageSize, cancellationToken);
        var promoted = due.Count == 0 ? 0 : await requeue.PromoteAsync(due, cancellationToken);
        return new MaintenanceRun(promoted, due.Count == PageSize && promoted > 0);
    }
}
