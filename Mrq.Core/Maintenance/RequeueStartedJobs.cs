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
    IJobQueries queries, IJobStore jobs, IWorkerStore workers, RequeueJobs requeue, ICoordination coordination, IOptions<MrqOptions> options, TimeProvider time)
    : IMaintenanceTask
{
    public string Name => nameof(RequeueStartedJobs);

    public TimeSpan Interval => options.Value.MaintenanceInterval;

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        // First the jobs, then the reports: a worker reports before it takes its first job, so one without a report is gone.
        var holders = await queries.StartedByWorkerAsync(cancellationToken);
        if (holders.Count == 0)
        {
            return 0;
        }

        var reports = (await workers.ListAsync(cancellationToken)).ToDictionary(w => w.Id);
        var total = 0;
        foreach (var holder in holders.Keys.Where(h => IsGone(reports.GetValueOrDefault(h))))
        {
            total += await RequeueAllOfAsync(holder, cancellationToken);
        }

        return total;
    }

    private bool IsGone(WorkerReport? report) =>
        report is null || !report.IsAlive(time.GetUtcNow()) ||
        (report.Node == options.Value.Node && !ProcessUsage.MayBeAlive(report.ProcessId, report.ProcessStarted));

    private async Task<int> RequeueAllOfAsync(WorkerId gone, CancellationToken cancellationToken)
    {
        var filter = new JobFilter { Worker = gone, Statuses = JobStatuses.Of(JobStatus.Started) };
        var total = 0;
        while (true)
        {
            var page = await queries.FindAsync(filter, new JobPageRequest(Limit: 1000), cancellationToken);
            var aborted = page.Jobs.Where(j => j.AbortRequested is not null).ToList();
            var done = await requeue.RequeueStartedAsync(
                [.. page.Jobs.Where(j => j.AbortRequested is null).Select(j => j.Id).Order()], gone, cancellationToken);
            done += await AbortAsync(aborted, gone, cancellationToken);
            total += done;
            if (done == 0 || page.Next is null)
            {
                return total;
            }
        }
    }

    private async Task<int> AbortAsync(List<Job> aborted, WorkerId gone, CancellationToken cancellationToken)
    {
        if (aborted.Count == 0)
        {
            return 0;
        }

        var now = time.GetUtcNow();
        var done = await jobs.TransitionAsync(
            new JobTransition
            {
                Jobs = [.. aborted.Select(j => j.Id)],
                From = JobStatuses.Of(JobStatus.Started),
                To = JobStatus.Abort,
                At = now,
                Worker = gone,
                DateExpires = now + options.Value.DefaultAbortTtl,
                Reason = ("abort", "A person asked for its end; its worker was gone before it could record it."),
            },
            cancellationToken);
        coordination.Publish(Changes.Jobs);
        return done.Count;
    }
}
