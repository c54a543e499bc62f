using Mrq.Jobs;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Queues;

/// <summary>A queue as people see it.</summary>
/// <param name="Waiting">Ids in the queue; entries of a raw queue, due or not.</param>
/// <param name="Oldest">When the job that runs next was queued; null: none waits.</param>
/// <param name="Counts">Documents of the queue by status.</param>
/// <param name="Raw">Of a raw queue: what lies in it; null: it is not one.</param>
/// <param name="HeldBack">Of those in status retry, how many a limit holds back until their turn comes: they wait, too, and are in no queue meanwhile.</param>
public sealed record QueueOverview(
    QueueName Name, long Waiting, bool Paused, DateTimeOffset? Oldest, IReadOnlyDictionary<JobStatus, long> Counts, RawQueueSize? Raw = null, long HeldBack = 0);

/// <summary>Queues: looked at, paused, resumed, emptied.</summary>
public sealed class QueueControl(
    IQueueStore queues, IRawQueueContents rawQueues, IJobQueries queries, JobControl jobs, RawQueueControl rawControl, RawQueueRegistry registry,
    ICoordination coordination, TimeProvider time)
{
    /// <summary>Every queue that has jobs in any status, or is paused, and every raw queue that has entries or that this process makes jobs for, by name.</summary>
    public async Task<IReadOnlyList<QueueOverview>> ListAsync(CancellationToken cancellationToken)
    {
        var sizes = (await queues.ListAsync(cancellationToken)).ToDictionary(q => q.Queue);
        var counts = (await queries.CountsAsync(cancellationToken)).ToLookup(c => c.Queue);
        var raw = (await rawQueues.ListAsync(time.GetUtcNow(), cancellationToken)).ToDictionary(q => q.Queue);
        var names = sizes.Keys.Union(counts.Select(c => c.Key)).Union(raw.Keys).Union(registry.All.Select(q => q.Name).Where(name => name.NotOneQueue is null)).Order().ToList();
        var overviews = new List<QueueOverview>(names.Count);
        foreach (var name in names)
        {
            var size = sizes.GetValueOrDefault(name);
            var entries = name.RawKind is null ? null : raw.GetValueOrDefault(name) ?? new RawQueueSize(name, 0, 0, size?.Paused ?? false, 0);
            var oldest = size is { Size: > 0 } ? await OldestAsync(name, cancellationToken) : null;
            var byStatus = counts[name].GroupBy(c => c.Status).ToDictionary(g => g.Key, g => g.Sum(c => c.Count));
            var heldBack = counts[name].Where(c => JobLimitReasons.IsHeldBack(c.Status, c.ExceptionType)).Sum(c => c.Count);
            overviews.Add(new QueueOverview(name, entries?.Size ?? size?.Size ?? 0, entries?.Paused ?? size?.Paused ?? false, oldest, byStatus, entries, heldBack));
        }

        return overviews;
    }

    /// <summary>One of <see cref="ListAsync"/>; null: nobody has used or paused it.</summary>
    public async Task<QueueOverview?> FindAsync(QueueName name, CancellationToken cancellationToken) =>
        (await ListAsync(cancellationToken)).FirstOrDefault(q => q.Name == name);

    /// <summary>Pauses or resumes a queue and its sub-queues: workers take no more jobs out of it; those in hand go on.</summary>
    public async Task SetPausedAsync(QueueName name, bool paused, CancellationToken cancellationToken)
    {
        await queues.SetPausedAsync(name, paused, cancellationToken);
        coordination.Publish(Changes.Queues);
    }

    /// <summary>Cancels every job that waits in the queue; takes every entry out of a raw queue. Returns how many.</summary>
    public Task<long> PurgeAsync(QueueName name, CancellationToken cancellationToken) =>
        name.RawKind is null || name.NotOneQueue is not null ? jobs.PurgeAsync(name, cancellationToken) : rawControl.PurgeAsync(name, cancellationToken);

    private async Task<DateTimeOffset?> OldestAsync(QueueName name, CancellationToken cancellationToken)
    {
        var head = await queues.PeekAsync(name, 0, 1, cancellationToken);
        return await queries.GetAsync(head, withPayload: false, cancellationToken) is [var job, ..] ? job.DateQueued : null;
    }
}
