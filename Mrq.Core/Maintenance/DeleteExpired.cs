using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Storage;

namespace Mrq.Maintenance;

/// <summary>Deletes what has served its time: jobs past their <c>dateexpires</c> with their logs, reports of workers long gone, old audit entries.</summary>
internal sealed class DeleteExpired(
    IJobStore jobs, IWorkerStore workers, IAuditStore audit, ICoordination coordination, IOptions<MrqOptions> options, TimeProvider time) : IMaintenanceTask
{
    // Small enough that a large clean-up does not hold up the jobs that run meanwhile.
    private const int BatchSize = 500;
    private static readonly TimeSpan AuditKept = TimeSpan.FromDays(90);

    public string Name => nameof(DeleteExpired);

    public TimeSpan Interval => options.Value.MaintenanceInterval;

    public async Task<MaintenanceRun> RunAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var deleted = await jobs.DeleteExpiredAsync(now, BatchSize, cancellationToken);
        if (deleted > 0)
        {
            coordination.Publish(Changes.Jobs);
        }

        if (deleted == BatchSize)
        {
            return new MaintenanceRun(deleted, IsMore: true);
        }

        deleted += await workers.DeleteExpiredAsync(now, cancellationToken);
        deleted += await audit.DeleteBeforeAsync(now - AuditKept, cancellationToken);
        return new MaintenanceRun(deleted, IsMore: false);
    }
}
