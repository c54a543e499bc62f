using System.Diagnostics;
using Mrq.Jobs;
using Mrq.Tasks;

namespace Mrq.Benchmarks;

/// <summary>Time from the call that enqueues a job to the first line of its task, on an idle worker.</summary>
internal static class PickupLatency
{
    private const int Samples = 1000;

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        TaskCompletionSource<long> begun = new();
        await using var mrq = await BenchEngine.StartAsync(b => b
            .AddTask<NoParams>("tick", (_, _, _) =>
            {
                begun.TrySetResult(Stopwatch.GetTimestamp());
                return Task.CompletedTask;
            })
            .AddWorkers());
        var client = mrq.Get<JobClient>();
        var latencies = new List<TimeSpan>();
        for (var i = 0; i < Samples + 50; i++)
        {
            begun = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            var from = Stopwatch.GetTimestamp();
            await client.EnqueueAsync(new JobRequest { Path = "tick" }, CancellationToken.None);
            var to = await begun.Task;
            if (i >= 50)
            {
                latencies.Add(Stopwatch.GetElapsedTime(from, to));
            }
        }

        return
        [
            new Figure("pick-up latency of an idle worker, p50", Figure.Milliseconds(Figure.Percentile(latencies, 50)), "5 ms"),
            new Figure("pick-up latency of an idle worker, p99", Figure.Milliseconds(Figure.Percentile(latencies, 99)), "20 ms"),
        ];
    }
}
