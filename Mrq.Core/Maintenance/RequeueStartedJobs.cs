using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Maintenance;

/// <summary>
/// Sends the started jobs of workers that are gone (<see cref="GoneWorkers"/>) back to their queues. A job whose abort was asked for ends as
/// aborted. The original's base task.
/// </summary>
internal sealed partial class RequeueStartedJobs(
    IJobQueries queries, IWorkerStore workers, RequeueJobs requeue, IOptions<MrqOptions> options, ILogger<RequeueStartedJobs> logger, TimeProvider time) : IMaintenanceTask
{
    private const int PageSize = 1000;

    private readonly GoneWorkers _gone = new(workers, options.Value, time);

    public string Name => nameof(RequeueStartedJobs);

    public TimeSpan Interval => options.Value.MaintenanceInterval;

    public async Task<MaintenanceRun> RunAsync(CancellationToken cancellationToken)
    {
        var changed = 0;
        var isMore = false;
        foreach (var worker in await _gone.FindAsync(async token => (await queries.StartedByWorkerAsync(token)).Keys, cancellationToken))
        {
            var filter = new JobFilter { Worker = worker, Statuses = JobStatuses.Of(JobStatus.Started) };
            var page = await queries.FindIdsAsync(filter, null, PageSize, cancellationToken);
            var released = await requeue.ReleaseAsync([.. page.Order()], worker, mayHaveBegun: true, cancellationToken);
            if (released > 0)
            {
                LogGivenBack(worker, released);
                // For people, who see that it is lost. Dying before this, the jobs are back all the same.
                await workers.AddGivenBackAsync(worker, released, time.GetUtcNow(), cancellationToken);
            }

            changed += released;
            isMore |= page.Count == PageSize;
        }

        return new MaintenanceRun(changed, isMore && changed > 0);
    }

    [LoggerMessage(4011, LogLevel.Warning, "Worker {Worker} is gone: {Count} jobs that it had in hand go back to their queues")]
    private partial void LogGivenBack(WorkerId worker, int count);
}
