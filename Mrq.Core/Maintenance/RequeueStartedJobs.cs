using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Maintenance;

/// <summary>
/// Sends the started jobs of workers that are gone back to their queues: silent for three reports, not known at all, stopped, or
/// of a process of this machine that no longer exists. A job whose abort was asked for ends as aborted. The original's base task.
/// </summary>
internal sealed class RequeueStartedJobs(
    IJobQueries queries, IWorkerStore workers, RequeueJobs requeue, IOptions<MrqOptions> options, TimeProvider time) : IMaintenanceTask
{
    private const int PageSize = 1000;

    private long _heardSince = time.GetTimestamp();
    private long _lastRun = time.GetTimestamp();

    public string Name => nameof(RequeueStartedJobs);

    public TimeSpan Interval => options.Value.MaintenanceInterval;

    public async Task<MaintenanceRun> RunAsync(CancellationToken cancellationToken)
    {
        ListenAgainAfterGap();

        // First the jobs, then the reports: a worker reports before it takes its first job, so one without a report is gone.
        var holders = await queries.StartedByWorkerAsync(cancellationToken);
        if (holders.Count == 0)
        {
            return default;
        }

        var reports = (await workers.ListAsync(cancellationToken)).ToDictionary(w => w.Id);
        var gone = holders.Keys.Where(h => IsGone(reports.GetValueOrDefault(h))).ToList();
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

    private bool IsGone(WorkerReport? report) =>
        report is null || report.Status == WorkerStatus.Stop || IsSilent(report) ||
        (report.Node == options.Value.Node && !ProcessUsage.MayBeAlive(report.ProcessId, report.ProcessStarted));

    // Time in which nobody could report does not count: a worker gets one interval to be heard again.
    private bool IsSilent(WorkerReport report) =>
        !report.IsAlive(time.GetUtcNow()) && time.GetElapsedTime(_heardSince) > report.ReportInterval;

    /// <summary>After a gap (the store was away, or another node led) the silence of others may have been the store's.</summary>
    private void ListenAgainAfterGap()
    {
        if (time.GetElapsedTime(_lastRun) > 2 * Interval + TimeSpan.FromSeconds(1))
        {
            _heardSince = time.GetTimestamp();
        }

        _lastRun = time.GetTimestamp();
    }
}
