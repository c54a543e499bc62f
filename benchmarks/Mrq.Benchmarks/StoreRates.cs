using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Storage.Sqlite;
using Mrq.Workers;

namespace Mrq.Benchmarks;

/// <summary>What each step of a job costs in the SQLite store alone, one caller, batch after batch.</summary>
internal static class StoreRates
{
    private const int Jobs = 100_000;

    private static readonly string[] Steps = ["insert", "enqueue", "dequeue", "start", "forget", "complete"];
    private static readonly WorkerId Worker = new("bench-1-4711");

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        var figures = new List<Figure>();
        foreach (var batch in (int[])[200, 1000])
        {
            var runs = new List<Dictionary<string, TimeSpan>>();
            for (var run = 0; run < 3; run++)
            {
                runs.Add(await MeasureAsync(batch));
            }

            figures.AddRange(Steps.Select(step => Of($"store: {step}, batches of {batch:N0}", [step], runs)));
            figures.Add(Of($"store: insert and enqueue, batches of {batch:N0}", ["insert", "enqueue"], runs, "25 µs"));
            figures.Add(Of($"store: from dequeue to complete, batches of {batch:N0}", Steps[2..], runs, "45 µs"));
        }

        return figures;
    }

    private static Figure Of(string what, string[] steps, List<Dictionary<string, TimeSpan>> runs, string bar = "") =>
        new(what, $"{Figure.Median(runs.Select(times => steps.Sum(step => times[step].TotalMicroseconds))) / Jobs:0.0} µs/job", bar);

    private static async Task<Dictionary<string, TimeSpan>> MeasureAsync(int batch)
    {
        var folder = Directory.CreateTempSubdirectory("mrq-bench-").FullName;
        try
        {
            await using var services = new ServiceCollection().AddLogging().AddSqliteStorage(Path.Combine(folder, "mrq.db")).BuildServiceProvider();
            await services.GetRequiredService<IStorage>().OpenAsync(CancellationToken.None);
            var times = Steps.ToDictionary(step => step, _ => TimeSpan.Zero);
            await PutAsync(services, batch, times);
            await RunAsync(services, batch, times);
            return times;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task PutAsync(ServiceProvider services, int batch, Dictionary<string, TimeSpan> times)
    {
        var (jobs, queues) = (services.GetRequiredService<IJobStore>(), services.GetRequiredService<IQueueStore>());
        for (var from = 0; from < Jobs; from += batch)
        {
            var made = Enumerable.Range(from, batch).Select(MakeJob).ToList();
            var ids = made.ConvertAll(job => new QueuedId(job.Id, job.Queue));
            await TimeAsync(times, "insert", () => jobs.InsertAsync(made, CancellationToken.None));
            await TimeAsync(times, "enqueue", () => queues.EnqueueAsync(ids, atHead: false, CancellationToken.None));
        }
    }

    private static async Task RunAsync(ServiceProvider services, int batch, Dictionary<string, TimeSpan> times)
    {
        var (jobs, queues) = (services.GetRequiredService<IJobStore>(), services.GetRequiredService<IQueueStore>());
        for (var from = 0; from < Jobs; from += batch)
        {
            var now = TimeProvider.System.GetUtcNow();
            var taken = await TimeAsync(times, "dequeue", () => queues.DequeueAsync([QueueName.Default], batch, now, CancellationToken.None));
            List<JobId> ids = [.. taken.Select(one => one.Job)];
            var started = await TimeAsync(times, "start", () => jobs.StartAsync(ids, Worker, now, CancellationToken.None));
            await TimeAsync(times, "forget", () => queues.ForgetStartedAsync(ids, CancellationToken.None));
            List<JobCompletion> ends = [.. started.Select(job => Complete(job, now))];
            await TimeAsync(times, "complete", () => jobs.CompleteAsync(ends, CancellationToken.None));
        }
    }

    private static async Task<T> TimeAsync<T>(Dictionary<string, TimeSpan> times, string step, Func<Task<T>> call)
    {
        var begin = Stopwatch.GetTimestamp();
        var answer = await call();
        times[step] += Stopwatch.GetElapsedTime(begin);
        return answer;
    }

    private static Task<bool> TimeAsync(Dictionary<string, TimeSpan> times, string step, Func<Task> call) =>
        TimeAsync(times, step, async () =>
        {
            await call();
            return true;
        });

    private static Job MakeJob(int number) => new()
    {
        Id = JobId.New(TimeProvider.System),
        Path = "samples.add",
        Params = $$"""{"a":{{number}},"b":1}""",
        Queue = QueueName.Default,
        Status = JobStatus.Queued,
        DateQueued = TimeProvider.System.GetUtcNow(),
        DateUpdated = TimeProvider.System.GetUtcNow(),
    };

    private static JobCompletion Complete(Job job, DateTimeOffset now) => new()
    {
        Id = job.Id,
        Worker = Worker,
        Attempt = job.Attempt,
        Status = JobStatus.Success,
        At = now,
        Path = job.Path,
        Queue = job.Queue,
        Result = "42",
        DateExpires = now.AddDays(1),
        TotalTime = 0.001,
    };
}
