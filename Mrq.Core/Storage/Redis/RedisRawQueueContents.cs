using System.Text;
using Mrq.Jobs;
using Mrq.Queues;
using StackExchange.Redis;

namespace Mrq.Storage.Redis;

/// <summary>What lies in raw queues in Redis.</summary>
public sealed class RedisRawQueueContents(RedisConnection connection) : IRawQueueContents
{
    // So many entries are taken out of a list by one script: each may read it whole, and Redis does nothing else meanwhile.
    private const int RemovePage = 50;

    private readonly RedisKeys _keys = connection.Keys;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RawQueueSize>> ListAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var parts = RedisRawValues.Parts(await connection.EvaluateAsync(
            RedisRawScripts.List, [_keys.RawNames, _keys.Paused], [_keys.Lists, _keys.RawRejected, RedisRawValues.Seconds(now)], cancellationToken));
        var found = new List<RawQueueSize>(parts.Length / 5);
        for (var i = 0; i < parts.Length; i += 5)
        {
            found.Add(new RawQueueSize(
                QueueName.Stored(RedisRawValues.Text(parts[i])), (long)parts[i + 1], (long)parts[i + 2], (bool)parts[i + 4], (long)parts[i + 3]));
        }

        return found;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RawEntry>> PeekAsync(QueueName queue, long offset, int count, CancellationToken cancellationToken)
    {
        if (count <= 0)
        {
            return [];
        }

        var key = _keys.List(queue.Value);
        switch (queue.RawKind)
        {
            case RawQueueKind.Set:
                return await ScanAsync(queue, offset, count, cancellationToken);
            case RawQueueKind.SortedSet or RawQueueKind.TimedSet:
                var scored = await connection.RunAsync(
                    "peek raw", database => database.SortedSetRangeByRankWithScoresAsync(key, offset, offset + count - 1), cancellationToken);
                return [.. scored.Select(entry => new RawEntry(queue, (string)entry.Element!, entry.Score))];
            default:
                var listed = await connection.RunAsync(
                    "peek raw", database => database.ListRangeAsync(key, offset, offset + count - 1), cancellationToken);
                return [.. listed.Select(entry => new RawEntry(queue, (string)entry!))];
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<long>> CountByScoreAsync(QueueName queue, ScoreSlices slices, CancellationToken cancellationToken)
    {
        var arguments = slices.Bounds()
            .SelectMany(span => (RedisValue[])
            [
                RedisRawValues.Score(span.From),
                double.IsPositiveInfinity(span.Below) ? "+inf" : $"({RedisRawValues.Score(span.Below)}",
            ]);
        var counts = await connection.EvaluateAsync(
            RedisRawScripts.CountByScore, [_keys.List(queue.Value)], [.. arguments], cancellationToken);
        return [.. RedisRawValues.Parts(counts).Select(count => (long)count)];
    }

    /// <inheritdoc/>
    public async Task<int> RemoveAsync(QueueName queue, IReadOnlyList<string> entries, CancellationToken cancellationToken)
    {
        var removed = 0;
        foreach (var page in entries.Chunk(RemovePage))
        {
            removed += (int)await connection.EvaluateAsync(
                RedisRawScripts.Remove,
                [_keys.RawNames],
                [_keys.Lists, _keys.RawRejected, queue.Value, .. page.Select(entry => (RedisValue)entry)],
                cancellationToken);
        }

        return removed;
    }

    /// <inheritdoc/>
    public async Task<long> PurgeAsync(QueueName queue, CancellationToken cancellationToken) =>
        (long)await connection.EvaluateAsync(
            RedisRawScripts.Purge, [_keys.RawNames], [_keys.Lists, _keys.RawRejected, queue.Value], cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RejectedEntry>> ListRejectedAsync(QueueName queue, int offset, int count, CancellationToken cancellationToken)
    {
        if (count <= 0)
        {
            return [];
        }

        var key = _keys.RawRejected + queue.Value;
        var found = await connection.RunAsync(
            "list rejected", database => database.SortedSetRangeByRankAsync(key, offset, offset + count - 1, Order.Descending), cancellationToken);
        return [.. found.Select(entry => Rejected(queue, (byte[]?)entry ?? []))];
    }

    /// <inheritdoc/>
    public async Task<int> SettleRejectedAsync(QueueName queue, IReadOnlyList<JobId> jobs, bool putBack, CancellationToken cancellationToken) =>
        jobs.Count == 0
            ? 0
            : (int)await connection.EvaluateAsync(
                RedisRawScripts.Settle,
                [_keys.RawNames],
                [_keys.Lists, _keys.RawRejected, _keys.RawRejectedTexts, queue.Value, putBack ? 1 : 0, PackedIds.Pack([.. jobs.Order()])],
                cancellationToken);

    private static RejectedEntry Rejected(QueueName queue, byte[] entry)
    {
        var parts = Encoding.UTF8.GetString(entry.AsSpan(JobId.Size)).Split('\n', 3);
        return new RejectedEntry(
            JobId.Read(entry), new RawEntry(queue, parts[2], parts[0].Length == 0 ? null : RedisRawValues.ReadScore(parts[0])), parts[1]);
    }

    // A set has no places: it is read from its begin, a page at a time.
    private async Task<IReadOnlyList<RawEntry>> ScanAsync(QueueName queue, long offset, int count, CancellationToken cancellationToken)
    {
        // An entry may come twice while others are put.
        var found = new OrderedDictionary<string, RawEntry>(StringComparer.Ordinal);
        var cursor = "0";
        do
        {
            var from = cursor;
            var page = RedisRawValues.Parts(await connection.RunAsync(
                "peek raw", database => database.ExecuteAsync("SSCAN", (string)_keys.List(queue.Value)!, from, "COUNT", "1000"), cancellationToken));
            cursor = RedisRawValues.Text(page[0]);
            foreach (var entry in RedisRawValues.Entries(queue, RedisRawValues.Parts(page[1])))
            {
                found[entry.Params] = entry;
            }
        }
        while (cursor != "0" && found.Count < offset + count);
        return [.. found.Values.Skip((int)offset).Take(count)];
    }
}
