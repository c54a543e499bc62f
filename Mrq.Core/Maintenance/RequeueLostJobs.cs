using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;

namespace Mrq.Maintenance;

/// <summary>
/// Puts ids back that a crash has lost: taken out of a queue and never started (the started set), or whose document was stored
/// and whose id never reached the queue. The documents are the truth. The original's RequeueLostJobs and RequeueRedisStartedJobs.
/// </summary>
internal sealed class RequeueLostJobs(
    IJobQueries queries, IQueueStore queues, ICoordination coordination, IOptions<MrqOptions> options, TimeProvider time) : IMaintenanceTask
{
    private const int PageSize = 1000;

    // A queue that has been looked through: a million waiting jobs take seconds.
    private readonly Dictionary<QueueName, LookRest> _rests = [];

    public string Name => nameof(RequeueLostJobs);

    public TimeSpan Interval => options.Value.MaintenanceInterval;

    public async Task<MaintenanceRun> RunAsync(CancellationToken cancellationToken)
    {
        var lost = await RequeueTakenAsync(cancellationToken);
        lost += await RequeueMissingAsync(cancellationToken);
        if (lost > 0)
        {
            coordination.Publish(Changes.Jobs | Changes.Queues);
        }

        return new MaintenanceRun(lost, IsMore: false);
    }

    private async Task<int> RequeueTakenAsync(CancellationToken cancellationToken)
    {
        var total = 0;
        while (true)
        {
            var taken = await queues.FindStartedAsync(time.GetUtcNow() - options.Value.LostJobGrace, PageSize, cancellationToken);
            if (taken.Count == 0)
            {
                return total;
            }

            var found = (await queries.GetAsync([.. taken.Select(t => t.Job)], withPayload: false, cancellationToken)).ToDictionary(j => j.Id);
            var waiting = taken
                .Where(t => found.GetValueOrDefault(t.Job)?.Status == JobStatus.Queued)
                .Select(t => new QueuedId(t.Job, found[t.Job].Queue, found[t.Job].Priority)).ToList();
            // Back first, then forgotten: the other order could lose them again.
            await queues.EnqueueAsync(waiting, atHead: true, cancellationToken);
            await queues.ForgetStartedAsync([.. taken.Select(t => t.Job)], cancellationToken);
            total += waiting.Count;
        }
    }

    // The counters tell for nothing whether a queue has fewer ids than documents; only then each document is looked at. They may do so for long without a loss:
    // while jobs come in all the time, or where a dead process has left a total too high.
    private async Task<int> RequeueMissingAsync(CancellationToken cancellationToken)
    {
        var sizes = (await queues.ListAsync(cancellationToken)).ToDictionary(q => q.Queue, q => q.Size);
        var total = 0;
        foreach (var queue in (await queries.CountsAsync(cancellationToken)).Where(c => c.Status == JobStatus.Queued).GroupBy(c => c.Queue))
        {
            if (queue.Sum(c => c.Count) > sizes.GetValueOrDefault(queue.Key) && LookRest.Of(queue.Key, _rests, time) is { IsOver: true } rest)
            {
                total += await RequeueMissingAsync(queue.Key, rest, cancellationToken);
            }
        }

        return total;
    }

    private async Task<int> RequeueMissingAsync(QueueName queue, LookRest rest, CancellationToken cancellationToken)
    {
        rest.Begin();
        var before = time.GetUtcNow() - options.Value.LostJobGrace;
        var total = 0;
        JobId? after = null;
        while (true)
        {
            var queued = await queries.FindQueuedAsync(queue, before, after, PageSize, cancellationToken);
            rest.Page();
            if (queued.Count == 0)
            {
                rest.End(LookRest.Long);
                return total;
            }

            var missing = await queues.FindMissingAsync(queue, queued, cancellationToken);
            var lost = await queries.GetAsync(missing, withPayload: false, cancellationToken);
            await queues.EnqueueAsync([.. lost.Select(j => new QueuedId(j.Id, queue, j.Priority))], atHead: false, cancellationToken);
            total += missing.Count;
            after = queued[^1];
        }
    }
}
