using System.Globalization;
using System.Text;
using Mrq.Jobs;
using Mrq.Queues;
using StackExchange.Redis;

namespace Mrq.Storage.Redis;

/// <summary>Queued ids and the started set in Redis.</summary>
public sealed class RedisQueueStore(RedisConnection connection) : IQueueStore
{
    // So many ids are taken out by one script: each may read its whole list, and Redis does nothing else meanwhile.
    private const int RemovePage = 50;

    private const int ScanPage = 10_000;

    private readonly RedisKeys _keys = connection.Keys;

    /// <inheritdoc/>
    public Task EnqueueAsync(IReadOnlyList<QueuedId> ids, bool atHead, CancellationToken cancellationToken)
    {
        if (ids.Count == 0)
        {
            return Task.CompletedTask;
        }

        // Each id once, where its last push would leave it. At the head the first of the batch is pushed last, to end up in front.
        var last = new HashSet<JobId>(ids.Count);
        var pushes = (atHead ? ids : ids.Reverse()).Where(id => last.Add(id.Job)).Reverse();
        var arguments = new List<RedisValue> { _keys.Lists };
        foreach (var group in pushes.GroupBy(id => (id.Queue, id.Priority), id => id.Job))
        {
            // The head of a queue that runs its newest first is its other end.
            var atLeft = atHead && !group.Key.Queue.IsReverse;
            arguments.AddRange([ListName.Of(group.Key.Queue, group.Key.Priority), atLeft ? "LPUSH" : "RPUSH", PackedIds.Pack([.. group])]);
        }

        return connection.EvaluateAsync(RedisQueueScripts.Enqueue, [_keys.Queued, _keys.Names], [.. arguments], cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<QueuedId>> DequeueAsync(
        IReadOnlyList<QueueName> queues, int count, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (count <= 0 || queues.Count == 0)
        {
            return [];
        }

        // Once sent it is waited for, whoever stops meanwhile: ids whose answer nobody hears would stay away for the grace time.
        cancellationToken.ThrowIfCancellationRequested();
        var answer = await connection.EvaluateAsync(
            RedisQueueScripts.Dequeue,
            [_keys.Queued, _keys.Names, _keys.Paused, _keys.Started, _keys.StartedQueues],
            [_keys.Lists, count, Seconds(now), .. queues.Select(queue => (RedisValue)queue.Value)],
            CancellationToken.None);
        return Taken(answer);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<QueuedId>> DequeueAsync(IReadOnlyList<QueuedId> ids, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var taken = new List<QueuedId>(ids.Count);
        foreach (var page in ids.Chunk(RemovePage))
        {
            // Once sent it is waited for; and a stop after the first page must not leave those it took in nobody's hand.
            if (taken.Count == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            taken.AddRange(Taken(await connection.EvaluateAsync(
                RedisQueueScripts.DequeueThese,
                [_keys.Queued, _keys.Names, _keys.Started, _keys.StartedQueues],
                [_keys.Lists, Seconds(now), .. ByQueue(page)],
                CancellationToken.None)));
        }

        return taken;
    }

    /// <inheritdoc/>
    public Task ForgetStartedAsync(IReadOnlyList<JobId> jobs, CancellationToken cancellationToken) =>
        jobs.Count == 0
            ? Task.CompletedTask
            : connection.EvaluateAsync(
                RedisQueueScripts.ForgetStarted, [_keys.Started, _keys.StartedQueues], [PackedIds.Pack(jobs)], cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<QueuedId>> FindStartedAsync(DateTimeOffset before, int limit, CancellationToken cancellationToken)
    {
        var parts = Parts(await connection.EvaluateAsync(
            RedisQueueScripts.FindStarted, [_keys.Started, _keys.StartedQueues], [Seconds(before), limit], cancellationToken));
        var found = new List<QueuedId>(parts.Length / 2);
        for (var i = 0; i < parts.Length; i += 2)
        {
            if ((byte[]?)parts[i] is { Length: JobId.Size } id)
            {
                // The original MRQ keeps no queue with a started id; the document has it.
                var (queue, priority) = ListName.Read(Text(parts[i + 1]));
                found.Add(new QueuedId(JobId.Read(id), queue, priority));
            }
        }

        return found;
    }

    /// <inheritdoc/>
    public async Task<int> RemoveAsync(IReadOnlyList<QueuedId> ids, CancellationToken cancellationToken)
    {
        var removed = 0;
        foreach (var page in ids.Chunk(RemovePage))
        {
            removed += (int)await connection.EvaluateAsync(
                RedisQueueScripts.Remove, [_keys.Queued, _keys.Names], [_keys.Lists, .. ByQueue(page)], cancellationToken);
        }

        return removed;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<JobId>> PeekAsync(QueueName queue, long offset, int count, CancellationToken cancellationToken)
    {
        if (count <= 0)
        {
            return [];
        }

        var entries = (RedisValue[]?)await connection.EvaluateAsync(
            RedisQueueScripts.Peek, [_keys.Names], [_keys.Lists, queue.Value, offset, count], cancellationToken) ?? [];
        return [.. PackedIds.Read(entries)];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<QueueSize>> ListAsync(CancellationToken cancellationToken)
    {
        var parts = Parts(await connection.EvaluateAsync(
            RedisQueueScripts.List, [_keys.Names, _keys.Paused], [_keys.Lists], cancellationToken));
        var queues = new SortedDictionary<QueueName, QueueSize>();
        for (var i = 0; i < parts.Length; i += 3)
        {
            var queue = ListName.Read(Text(parts[i])).Queue;
            var others = queues.GetValueOrDefault(queue)?.Size ?? 0;
            queues[queue] = new QueueSize(queue, others + (long)parts[i + 1], (bool)parts[i + 2]);
        }

        return [.. queues.Values];
    }

    /// <inheritdoc/>
    public Task SetPausedAsync(QueueName queue, bool paused, CancellationToken cancellationToken) =>
        paused ? connection.RunAsync("pause", database => database.SetAddAsync(_keys.Paused, queue.Value), cancellationToken)
        : queue.Value.EndsWith('/') ? connection.EvaluateAsync(RedisQueueScripts.ResumeTree, [_keys.Paused], [queue.Value], cancellationToken)
        : connection.RunAsync("resume", database => database.SetRemoveAsync(_keys.Paused, queue.Value), cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<JobId>> FindMissingAsync(
        QueueName queue, IReadOnlyList<JobId> jobs, CancellationToken cancellationToken)
    {
        if (jobs.Count == 0)
        {
            return [];
        }

        var missing = await connection.EvaluateAsync(
            RedisQueueScripts.FindMissing,
            [_keys.Queued, _keys.Names, _keys.Started],
            [_keys.Lists, queue.Value, PackedIds.Pack(jobs)],
            cancellationToken);
        return missing.IsNull ? await ScanForMissingAsync(queue, jobs, cancellationToken) : PackedIds.Unpack((byte[]?)missing);
    }

    /// <summary>For each queue its name and packed ids.</summary>
    private static IEnumerable<RedisValue> ByQueue(IEnumerable<QueuedId> ids) =>
        ids.GroupBy(id => id.Queue, id => id.Job).SelectMany(group => new RedisValue[] { group.Key.Value, PackedIds.Pack([.. group]) });

    private static List<QueuedId> Taken(RedisResult answer)
    {
        var parts = Parts(answer);
        var taken = new List<QueuedId>();
        for (var i = 0; i < parts.Length; i += 2)
        {
            var (queue, priority) = ListName.Read(Text(parts[i]));
            taken.AddRange(PackedIds.Unpack((byte[]?)parts[i + 1]).Select(job => new QueuedId(job, queue, priority)));
        }

        return taken;
    }

    private static string Seconds(DateTimeOffset time) => (time.ToUnixTimeMilliseconds() / 1000m).ToString("F3", CultureInfo.InvariantCulture);

    private static RedisResult[] Parts(RedisResult answer) => (RedisResult[]?)answer ?? [];

    private static string Text(RedisResult part) => Encoding.UTF8.GetString((byte[]?)part ?? []);

    /// <summary>
    /// Reads the lists until every id is found. Ids that are taken meanwhile shift the pages: one may be passed over, and is then queued
    /// once more, which the guarded start of its document bears.
    /// </summary>
    private async Task<IReadOnlyList<JobId>> ScanForMissingAsync(
        QueueName queue, IReadOnlyList<JobId> jobs, CancellationToken cancellationToken)
    {
        var sought = jobs.ToHashSet();
        for (var priority = 0; priority <= QueuedId.HighestPriority && sought.Count > 0; priority++)
        {
            await ScanAsync(_keys.List(ListName.Of(queue, priority)), sought, cancellationToken);
        }

        var missing = await connection.EvaluateAsync(
            RedisQueueScripts.NotStarted, [_keys.Started], [PackedIds.Pack([.. jobs.Where(sought.Contains)])], cancellationToken);
        return PackedIds.Unpack((byte[]?)missing);
    }

    /// <summary>Reads a list until every id is found, and takes those that are there out of <paramref name="sought"/>.</summary>
    private async Task ScanAsync(RedisKey list, HashSet<JobId> sought, CancellationToken cancellationToken)
    {
        for (var offset = 0L; sought.Count > 0; offset += ScanPage)
        {
            var first = offset;
            var entries = await connection.RunAsync(
                "read queue", database => database.ListRangeAsync(list, first, first + ScanPage - 1), cancellationToken);
            sought.ExceptWith(PackedIds.Read(entries));
            if (entries.Length < ScanPage)
            {
                break;
            }
        }
    }
}
