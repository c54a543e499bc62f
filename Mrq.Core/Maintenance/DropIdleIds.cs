using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;

namespace Mrq.Maintenance;

/// <summary>
/// Takes ids out of their queues whose documents do not wait there: a process died after it had cancelled or deleted a job. Whoever pops drops them, too, but a
/// paused queue, or one whose workers do not run that task, would count them for ever, and they would hide as many ids that are missing from <see cref="RequeueLostJobs"/>.
/// </summary>
internal sealed class DropIdleIds(
    IJobQueries queries, IQueueStore queues, ICoordination coordination, IOptions<MrqOptions> options, TimeProvider time) : IMaintenanceTask
{
    private const int PageSize = 1000;

    // A queue that has been looked through: a million waiting jobs take seconds.
    private readonly Dictionary<QueueName, LookRest> _rests = [];

    // Queues that had more ids than queued documents at the last look: one that has so for a moment is being cancelled from.
    private HashSet<QueueName> _suspects = [];

    public string Name => nameof(DropIdleIds);

    public TimeSpan Interval => options.Value.MaintenanceInterval;

    public async Task<MaintenanceRun> RunAsync(CancellationToken cancellationToken)
    {
        // Before and after: what is taken meanwhile, or enqueued, makes one of the sizes too large, seldom both.
        var before = await queues.ListAsync(cancellationToken);
        var documents = (await queries.CountsAsync(cancellationToken)).Where(c => c.Status == JobStatus.Queued).ToLookup(c => c.Queue, c => c.Count);
        var after = (await queues.ListAsync(cancellationToken)).ToDictionary(q => q.Queue, q => q.Size);
        var suspects = before
            .Where(q => Math.Min(q.Size, after.GetValueOrDefault(q.Queue)) > documents[q.Queue].Sum()).Select(q => q.Queue).ToHashSet();
        var dropped = 0;
        foreach (var queue in suspects.Intersect(_suspects))
        {
            if (LookRest.Of(queue, _rests, time) is { IsOver: true } rest)
            {
                dropped += await DropAsync(queue, rest, cancellationToken);
            }
        }

        _suspects = suspects;
        if (dropped > 0)
        {
            coordination.Publish(Changes.Queues);
        }

        return new MaintenanceRun(dropped, IsMore: false);
    }

    private async Task<int> DropAsync(QueueName queue, LookRest rest, CancellationToken cancellationToken)
    {
        rest.Begin();
        var dropped = 0;
        for (var offset = 0L; ;)
        {
            var page = await queues.PeekAsync(queue, offset, PageSize, cancellationToken);
            var waiting = (await queries.GetAsync(page, withPayload: false, cancellationToken))
                .Where(job => job.Status == JobStatus.Queued && job.Queue == queue).Select(job => job.Id).ToHashSet();
            // One that is queued again in this moment is lost by this, and found by RequeueLostJobs.
            var idle = page.Where(id => !waiting.Contains(id)).Select(id => new QueuedId(id, queue)).ToList();
            var removed = await queues.RemoveAsync(idle, cancellationToken);
            dropped += removed;
            offset += page.Count - removed;
            rest.Page();
            if (page.Count < PageSize)
            {
                rest.End(LookRest.Long);
                return dropped;
            }
        }
    }
}
