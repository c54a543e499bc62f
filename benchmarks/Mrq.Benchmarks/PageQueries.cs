using System.Diagnostics;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Benchmarks;

/// <summary>What the dashboard's pages ask of the store, at a million jobs.</summary>
internal static class PageQueries
{
    private const int Jobs = 1_000_000;
    private const int Samples = 40;

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        await using var mrq = await BenchEngine.StartAsync(_ => { });
        await FillAsync(mrq);
        var queries = mrq.Get<IJobQueries>();
        var list = new JobPageRequest(Limit: 50);
        var cases = new (string What, Func<Task> Ask)[]
        {
            ("overview: counts, rates of 15 minutes", async () =>
            {
                await queries.CountsAsync(default);
                await queries.RatesAsync(TimeProvider.System.GetUtcNow().AddMinutes(-15), TimeSpan.FromSeconds(15), default);
            }),
            ("queues", () => mrq.Get<QueueControl>().ListAsync(default)),
            ("jobs: newest 50", () => queries.FindAsync(new JobFilter(), list, default)),
            ("jobs: failed (1 in 1,000)", () => queries.FindAsync(new JobFilter { Statuses = JobStatuses.Of(JobStatus.Failed) }, list, default)),
            ("jobs: group error", () => queries.FindAsync(new JobFilter { Statuses = JobStatuses.Error }, list, default)),
            ("jobs: a rare path", () => queries.FindAsync(new JobFilter { Path = "rare" }, list, default)),
            ("jobs: path pattern", () => queries.FindAsync(new JobFilter { Path = "task.1*" }, list, default)),
            ("jobs: a rare queue, success", () => queries.FindAsync(new JobFilter { Queue = "q-rare", Statuses = JobStatuses.Of(JobStatus.Success) }, list, default)),
            ("jobs: exception type", () => queries.FindAsync(new JobFilter { ExceptionType = "System.Exc*" }, list, default)),
            ("jobs: worker", () => queries.FindAsync(new JobFilter { Worker = new WorkerId("w-rare") }, list, default)),
            ("jobs: search for a part of a path", () => queries.FindAsync(new JobFilter { Search = "rar" }, list, default)),
            ("count of a filter (status, path)", () => queries.CountAsync(new JobFilter { Path = "task.3", Statuses = JobStatuses.Of(JobStatus.Success) }, 1_000_000, default)),
        };

        var figures = new List<Figure>();
        foreach (var (what, ask) in cases)
        {
            var times = new List<TimeSpan>();
            for (var i = 0; i < Samples; i++)
            {
                var clock = Stopwatch.StartNew();
                await ask();
                times.Add(clock.Elapsed);
            }

            figures.Add(new Figure($"1,000,000 jobs, {what}, p95", Figure.Milliseconds(Figure.Percentile(times, 95)), "100 ms"));
        }

        return figures;
    }

    private static async Task FillAsync(BenchEngine mrq)
    {
        const int batch = 5000;
        var store = mrq.Get<IJobStore>();
        for (var from = 0; from < Jobs; from += batch)
        {
            var now = TimeProvider.System.GetUtcNow();
            var jobs = new Job[batch];
            for (var i = 0; i < batch; i++)
            {
                var n = from + i;
                jobs[i] = new Job
                {
                    Id = JobId.New(TimeProvider.System),
                    Path = n == 777 ? "rare" : $"task.{n % 20}",
                    Params = $$"""{"n":{{n}}}""",
                    Queue = new QueueName(n == 778 ? "q-rare" : $"q{n % 5}"),
                    Status = JobStatus.Queued,
                    DateQueued = now,
                    DateUpdated = now,
                };
            }

            await store.InsertAsync(jobs, default);
            var worker = new WorkerId(from == 500_000 ? "w-rare" : $"w{from / batch % 8}");
            var started = await store.StartAsync([.. jobs.Select(j => j.Id)], worker, now, default);
            await store.CompleteAsync(
                [.. started.Select((j, i) => new JobCompletion
                {
                    Id = j.Id, Worker = worker, Attempt = 1, Status = (from + i) % 1000 == 0 ? JobStatus.Failed : JobStatus.Success, At = now,
                    Path = j.Path, Queue = j.Queue, TotalTime = 0.01, Result = "1",
                    Failure = (from + i) % 1000 == 0 ? new TracebackEntry(now, JobStatus.Failed, "System.Exception", "bad", "at …", worker) : null,
                })],
                default);
        }
    }
}
