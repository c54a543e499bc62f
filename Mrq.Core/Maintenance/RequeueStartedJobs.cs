using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Maintenance;

/// <summary>
/// Sends the started jobs of workers that are gone back to their queues: silent for three reports, not known at all, stopped, or
/// of a process of this machine that no longer exists. A job whose abort was asked for ends as aborted. The original's base task.
/// Silence counts when two looks in a row found it, a report interval apart: while the store was away nobody could report, and the first look
/// after that must not take the living for dead.
/// </summary>
internal sealed class RequeueStartedJobs(
    IJobQueries queries, IWorkerStore workers, RequeueJobs requeue, IOptions<MrqOptions> options, TimeProvider time) : IMaintenanceTask
{
    private const int PageSize = 1000;

    /// <summary>The workers that the last look found silent, with when a look first did.</summary>
    private Dictionary<WorkerId, long> _silent = [];
    private long _lastLook = time.GetTimestamp();

    public string Name => nameof(RequeueStartedJobs);

    public TimeSpan Interval => options.Value.MaintenanceInterval;

    public async Task<MaintenanceRun> RunAsync(CancellationToken cancellationToken)
    {
        var gone = await FindGoneAsync(cancellationToken);
        var changed = 0;
        var isMore = false;
        foreach (var worker in gone)
        {
            var filter = new JobFilter { Worker = worker, Statuses = JobStatuses.Of(JobStatus.Started) };
            var page = await queries.FindIdsAsync(filter, null, PageSize, cancellationToken);
            changed += await requeue.ReleaseAsync([.. page.Order()], worker, cancellationToken);
            isMore |= page.Count == PageSize;
        }

        return new MaintenanceRun(changed, isMore && changed > 0);
    }

    /// <summary>Workers that have started jobs and will not end them.</summary>
    private async Task<List<WorkerId>> FindGoneAsync(CancellationToken cancellationToken)
    {
        // A look that fails, or follows the last one after a gap in which another node led, has no look before it.
        var before = time.GetElapsedTime(_lastLook) > 2 * Interval + TimeSpan.FromSeconds(1) ? [] : _silent;
        _silent = [];

        // First the jobs, then the reports: a worker reports before it takes its first job, so one without a report is gone.
        var holders = await queries.StartedByWorkerAsync(cancellationToken);
        var reports = holders.Count == 0 ? [] : (await workers.ListAsync(cancellationToken)).ToDictionary(w => w.Id);
        _lastLook = time.GetTimestamp();
        _silent = holders.Keys.Where(h => reports.TryGetValue(h, out var report) && !report.IsAlive(time.GetUtcNow()))
            .ToDictionary(h => h, h => before.GetValueOrDefault(h, _lastLook));
        return [.. holders.Keys.Where(h => !reports.TryGetValue(h, out var report) || IsGone(report))];
    }

    private bool IsGone(WorkerReport report) =>
        report.Status == WorkerStatus.Stop
        || (report.Node == options.Value.Node && !ProcessUsage.MayBeAlive(report.ProcessId, report.ProcessStarted))
        || (_silent.TryGetValue(report.Id, out var since) && time.GetElapsedTime(since, _lastLook) >= report.ReportInterval);
}
