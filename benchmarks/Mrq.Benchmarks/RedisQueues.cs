using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Storage.Redis;

namespace Mrq.Benchmarks;

/// <summary>
/// What the queues cost on the Redis that <c>MRQ_BENCH_REDIS=redis://…</c> names, under a prefix of its own; without it nothing is measured.
/// </summary>
internal static class RedisQueues
{
    private const int Ids = 200_000;
    private const int Runs = 3;

    public static readonly QueueName Queue = new("bench");

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        if (Environment.GetEnvironmentVariable("MRQ_BENCH_REDIS") is not { Length: > 0 } address)
        {
            return [new Figure("queues on Redis: set MRQ_BENCH_REDIS=redis://localhost", "-")];
        }

        await using var connection = new RedisConnection(
            new RedisOptions { Address = RedisAddress.Parse(address), Prefix = $"{{mrq-bench-{Environment.ProcessId}}}" },
            TimeProvider.System,
            NullLogger<RedisConnection>.Instance);
        await connection.OpenAsync(CancellationToken.None);
        var queues = new RedisQueueStore(connection);
        var figures = new List<Figure>();
        foreach (var size in (int[])[1000, 200])
        {
            figures.AddRange(await BatchesAsync(queues, size));
        }

        figures.Add(new Figure("enqueue one by one, 50 callers, Redis", Figure.Rate(await SinglesAsync(queues))));
        figures.Add(await RedisBenchmark.EnqueueAsync(connection, RedisAddress.Parse(address), size: 1000, callers: 1));
        figures.Add(await RedisBenchmark.EnqueueAsync(connection, RedisAddress.Parse(address), size: 1, callers: 50));
        await DrainAsync(queues, 1000);
        figures.AddRange(await LongQueueAsync(connection, queues));
        return figures;
    }

    private static async Task<List<Figure>> BatchesAsync(RedisQueueStore queues, int size)
    {
        var (enqueue, dequeue, cpu) = (new List<double>(), new List<double>(), new List<double>());
        for (var run = 0; run < Runs; run++)
        {
            var batches = NewIds(Ids).Chunk(size).ToList();
            var before = Process.GetCurrentProcess().TotalProcessorTime;
            var clock = Stopwatch.StartNew();
            foreach (var batch in batches)
            {
                await queues.EnqueueAsync(batch, atHead: false, CancellationToken.None);
            }

            enqueue.Add(Ids / clock.Elapsed.TotalSeconds);
            clock.Restart();
            await DrainAsync(queues, size);
            dequeue.Add(Ids / clock.Elapsed.TotalSeconds);
            cpu.Add((Process.GetCurrentProcess().TotalProcessorTime - before).TotalMicroseconds / Ids);
        }

        return
        [
            new Figure($"enqueue in batches of {size}, Redis, one caller", Figure.Rate(Figure.Median(enqueue))),
            new Figure($"dequeue and forget in batches of {size}, one caller", Figure.Rate(Figure.Median(dequeue))),
            new Figure($"CPU of our process per id, in and out, batches of {size}", string.Create(CultureInfo.InvariantCulture, $"{Figure.Median(cpu):0.00} µs")),
        ];
    }

    private static async Task<double> SinglesAsync(RedisQueueStore queues)
    {
        var ids = NewIds(50_000);
        var next = -1;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is var i && i < ids.Length)
            {
                await queues.EnqueueAsync([ids[i]], atHead: false, CancellationToken.None);
            }
        }));
        var rate = ids.Length / clock.Elapsed.TotalSeconds;
        await DrainAsync(queues, 1000);
        return rate;
    }

    private static async Task<List<Figure>> LongQueueAsync(RedisConnection connection, RedisQueueStore queues)
    {
        var before = await MemoryAsync(connection);
        var ids = NewIds(1_000_000);
        foreach (var batch in ids.Chunk(1000))
        {
            await queues.EnqueueAsync(batch, atHead: false, CancellationToken.None);
        }

        var memory = (await MemoryAsync(connection) - before) / ids.Length;
        var clock = Stopwatch.StartNew();
        await queues.RemoveAsync([ids[^1]], CancellationToken.None);
        var remove = clock.Elapsed;
        clock.Restart();
        await queues.FindMissingAsync(Queue, [.. ids[..1000].Select(id => id.Job)], CancellationToken.None);
        var missing = clock.Elapsed;
        await DrainAsync(queues, 1000);
        return
        [
            new Figure("memory of Redis per queued id", $"{memory} bytes"),
            new Figure("take the last of 1,000,000 ids out of its queue", Figure.Milliseconds(remove)),
            new Figure("find the missing of 1,000 ids among 1,000,000", Figure.Milliseconds(missing)),
        ];
    }

    private static async Task DrainAsync(RedisQueueStore queues, int size)
    {
        while (await queues.DequeueAsync([Queue], size, TimeProvider.System.GetUtcNow(), CancellationToken.None) is { Count: > 0 } taken)
        {
            await queues.ForgetStartedAsync([.. taken.Select(t => t.Job)], CancellationToken.None);
        }
    }

    private static async Task<long> MemoryAsync(RedisConnection connection)
    {
        var info = (string?)await connection.RunAsync("info", database => database.ExecuteAsync("INFO", "memory"), CancellationToken.None) ?? "";
        var line = info.Split("\r\n").First(l => l.StartsWith("used_memory:", StringComparison.Ordinal));
        return long.Parse(line["used_memory:".Length..], CultureInfo.InvariantCulture);
    }

    private static QueuedId[] NewIds(int count) =>
        [.. Enumerable.Range(0, count).Select(_ => new QueuedId(JobId.New(TimeProvider.System), Queue))];
}
