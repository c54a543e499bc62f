using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Storage.Redis;

namespace Mrq.Benchmarks;

/// <summary>
/// How many entries of a raw queue a second are run by one process: on SQLite, and on the Redis that <c>MRQ_BENCH_REDIS=redis://…</c> names (documents
/// then lie in SQLite, of which the runs that store nothing make none).
/// </summary>
internal static class RawRates
{
    private const int Entries = 200_000;
    private const int Runs = 3;

    private static readonly QueueName Raw = new("bench_raw");

    private sealed record Numbers(int A, int B);

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        var figures = new List<Figure>();
        figures.AddRange(await MeasureAsync("SQLite, nothing stored", null, isStored: false, ""));
        figures.AddRange(await MeasureAsync("SQLite, all stored", null, isStored: true, ""));
        if (Environment.GetEnvironmentVariable("MRQ_BENCH_REDIS") is { Length: > 0 } address)
        {
            var options = new RedisOptions { Address = RedisAddress.Parse(address), Prefix = $"{{mrq-bench-{Environment.ProcessId}}}" };
            await using var connection = new RedisConnection(options, TimeProvider.System, NullLogger<RedisConnection>.Instance);
            await connection.OpenAsync(CancellationToken.None);
            figures.AddRange(await MeasureAsync("Redis, nothing stored", connection, isStored: false, "50,000/s"));
        }

        return figures;
    }

    private static async Task<IReadOnlyList<Figure>> MeasureAsync(string where, RedisConnection? redis, bool isStored, string bar)
    {
        var ran = 0;
        await using var mrq = await BenchEngine.StartAsync(b =>
        {
            if (redis is not null)
            {
                b.Services.AddSingleton<IRawQueueStore>(new RedisRawQueueStore(redis));
                b.Services.AddSingleton<IRawQueueContents>(new RedisRawQueueContents(redis));
            }

            b.AddTask<Numbers, int>("add", (p, _, _) =>
            {
                Interlocked.Increment(ref ran);
                return Task.FromResult(p.A + p.B);
            });
            b.AddRawQueue(
                Raw.Value,
                raw => new JobRequest { Path = "add", Params = raw },
                new RawQueueOptions { NoStorage = isStored ? default : JobStatuses.Of(JobStatus.Started, JobStatus.Success) });
            b.AddWorkers(w => w.Queues = [Raw]);
        });
        IQueueStore pauses = redis is null ? mrq.Get<IQueueStore>() : new RedisQueueStore(redis);
        var (rates, enqueueRates, cpu) = (new List<double>(), new List<double>(), new List<double>());
        for (var run = 0; run <= Runs; run++)
        {
            await pauses.SetPausedAsync(Raw, paused: true, CancellationToken.None);
            var clock = Stopwatch.StartNew();
            await EnqueueAsync(mrq);
            var enqueued = clock.Elapsed;
            Volatile.Write(ref ran, 0);
            var before = Process.GetCurrentProcess().TotalProcessorTime;
            await pauses.SetPausedAsync(Raw, paused: false, CancellationToken.None);
            mrq.Get<ICoordination>().Publish(Changes.Queues);
            clock.Restart();
            await DrainedAsync(mrq, () => Volatile.Read(ref ran) >= Entries);
            if (run > 0)
            {
                // The first warms up.
                enqueueRates.Add(Entries / enqueued.TotalSeconds);
                rates.Add(Entries / clock.Elapsed.TotalSeconds);
                cpu.Add((Process.GetCurrentProcess().TotalProcessorTime - before).TotalMicroseconds / Entries);
            }
        }

        return
        [
            new Figure($"raw: enqueue in batches of 1,000, {where[..where.IndexOf(',', StringComparison.Ordinal)]}", Figure.Rate(Figure.Median(enqueueRates))),
            new Figure($"raw: run add(a, b), one process, {where}", Figure.Rate(Figure.Median(rates)), bar),
            new Figure("CPU of the process per entry", string.Create(CultureInfo.InvariantCulture, $"{Figure.Median(cpu):0.0} µs")),
        ];
    }

    private static async Task EnqueueAsync(BenchEngine mrq)
    {
        var client = mrq.Get<RawQueueClient>();
        for (var from = 0; from < Entries; from += 1000)
        {
            await client.EnqueueAsync(Raw, [.. Enumerable.Range(from, 1000).Select(i => $$"""{"a":{{i}},"b":1}""")], CancellationToken.None);
        }
    }

    /// <summary>Waits until all have run and none is in flight any more.</summary>
    private static async Task DrainedAsync(BenchEngine mrq, Func<bool> haveRun)
    {
        using var changed = new SemaphoreSlim(0);
        using var subscription = mrq.Get<ICoordination>().Subscribe(_ => changed.Release());
        while (!haveRun() || (await mrq.Get<IRawQueueStore>().ListTakersAsync(CancellationToken.None)).Count > 0)
        {
            await changed.WaitAsync(TimeSpan.FromMilliseconds(100));
        }
    }
}
