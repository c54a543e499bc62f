using System.Diagnostics;
using Mrq.Jobs;
using Mrq.Storage;
using Mrq.Tasks;

namespace Mrq.Benchmarks;

/// <summary>How many jobs a second are accepted and run by this process.</summary>
internal static class EngineRates
{
    private const int Runs = 3;

    private sealed record Numbers(int A, int B);

    public static Task<IReadOnlyList<Figure>> EnqueueAsync() => EnqueueAsync(cluster: false);

    public static Task<IReadOnlyList<Figure>> RunAsync() => RunAsync(cluster: false);

    /// <summary>The same on Redis and MongoDB. The processor time is that of this process alone, drivers included.</summary>
    public static async Task<IReadOnlyList<Figure>> ClusterAsync() => BenchEngine.Cluster is null
        ? [new Figure("Redis and MongoDB: set MRQ_BENCH_REDIS and MRQ_BENCH_MONGODB", "-")]
        : [.. await EnqueueAsync(cluster: true), .. await RunAsync(cluster: true)];

    private static async Task<IReadOnlyList<Figure>> EnqueueAsync(bool cluster)
    {
        var jobs = JobsOn(cluster);
        var rates = new List<double>();
        var cpu = new List<double>();
        for (var run = 0; run < Runs; run++)
        {
            await using var mrq = await BenchEngine.StartAsync(b => b.AddTask<Numbers, int>("add", (p, _, _) => Task.FromResult(p.A + p.B)), cluster);
            await mrq.EnqueueAsync("add", 10_000, 1000);
            var before = Process.GetCurrentProcess().TotalProcessorTime;
            var clock = Stopwatch.StartNew();
            await mrq.EnqueueAsync("add", jobs, 1000);
            rates.Add(jobs / clock.Elapsed.TotalSeconds);
            cpu.Add((Process.GetCurrentProcess().TotalProcessorTime - before).TotalMicroseconds / jobs);
        }

        return
        [
            new Figure($"enqueue in batches of 1,000, {StoresOf(cluster)}", Figure.Rate(Figure.Median(rates)), cluster ? "" : "40,000/s"),
            new Figure("CPU of the process per job", $"{Figure.Median(cpu):0.0} µs"),
        ];
    }

    private static async Task<IReadOnlyList<Figure>> RunAsync(bool cluster)
    {
        var jobs = JobsOn(cluster);
        var rates = new List<double>();
        var cpu = new List<double>();
        for (var run = 0; run < Runs; run++)
        {
            await using var mrq = await BenchEngine.StartAsync(
                b => b.AddTask<Numbers, int>("add", (p, _, _) => Task.FromResult(p.A + p.B)).AddWorkers(), cluster);
            await mrq.EnqueueAsync("add", 5000, 1000);
            await WaitForAsync(mrq, 5000);
            await mrq.PauseAsync(true);
            await mrq.EnqueueAsync("add", jobs, 1000);
            var early = await mrq.CountAsync(JobStatus.Success) - 5000;
            if (early != 0)
            {
                throw new InvalidOperationException($"{early} jobs ran while their queue was paused.");
            }

            var before = Process.GetCurrentProcess().TotalProcessorTime;
            var clock = Stopwatch.StartNew();
            await mrq.PauseAsync(false);
            await WaitForAsync(mrq, jobs + 5000);
            rates.Add(jobs / clock.Elapsed.TotalSeconds);
            cpu.Add((Process.GetCurrentProcess().TotalProcessorTime - before).TotalMicroseconds / jobs);
        }

        return
        [
            new Figure($"run add(a, b) that stores its result, {StoresOf(cluster)}", Figure.Rate(Figure.Median(rates)), cluster ? "" : "15,000/s"),
            new Figure("CPU of the process per job", $"{Figure.Median(cpu):0.0} µs", cluster ? "40 µs" : ""),
        ];
    }

    /// <summary>On Redis and MongoDB fewer: there the servers take the time.</summary>
    private static int JobsOn(bool cluster) => cluster ? 20_000 : 100_000;

    private static string StoresOf(bool cluster) => cluster ? "Redis + MongoDB" : "SQLite";

    private static async Task WaitForAsync(BenchEngine mrq, long count)
    {
        using var changed = new SemaphoreSlim(0);
        using var subscription = mrq.Get<ICoordination>().Subscribe(_ => changed.Release());
        while (await mrq.CountAsync(JobStatus.Success) < count)
        {
            await changed.WaitAsync();
            while (changed.CurrentCount > 0 && changed.Wait(0))
            {
                // One look for all the signals that came meanwhile.
            }
        }
    }
}
