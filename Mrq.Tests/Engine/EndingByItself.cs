using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Engine;

/// <summary>A process that has run enough jobs, for long enough, or has grown too large, finishes what it has and ends: whoever started it starts it anew.</summary>
public abstract class EndingByItself(StorePair pair) : EngineSpec(pair)
{
    private static readonly QueueName Texts = new("texts_raw");

    private readonly ConcurrentQueue<JobId> _ran = new();
    private readonly Gate _gate = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Max_jobs_are_begun_exactly_whatever_runs_at_once_and_is_held_ahead()
    {
        await EnqueueAsync("note", 12);

        await using var mrq = await StartEngineAsync(Tasks, w => (w.MaxJobs, w.Concurrency, w.Prefetch) = (5, 3, 10));

        await StoppedAsync(mrq);
        Assert.Equal(5, _ran.Count);
        Assert.Equal(7, await mrq.WaitingAsync("default"));
        var report = await mrq.WorkerAsync();
        Assert.Equal((WorkerStatus.Stop, EndReason.MaxJobs, 5), (report.Status, report.EndReason, report.DoneJobs));
    }

    [Fact]
    public async Task Max_jobs_counts_those_of_raw_queues()
    {
        await using (var producer = await StartEngineAsync(Tasks, workers: false))
        {
            await producer.Get<RawQueueClient>().EnqueueAsync(Texts, [.. Enumerable.Range(0, 12).Select(i => $"{i}")], Token);
        }

        await using var mrq = await StartEngineAsync(Tasks, w => (w.MaxJobs, w.Concurrency, w.Prefetch, w.Queues) = (5, 2, 10, [Texts]));

        await StoppedAsync(mrq);
        Assert.Equal(5, _ran.Count);
        Assert.Equal(7, (await mrq.Get<IRawQueueContents>().PeekAsync(Texts, 0, 20, Token)).Count);
    }

    [Fact]
    public async Task A_job_that_a_limit_holds_back_is_not_among_max_jobs()
    {
        await EnqueueAsync("limited", 4);
        await EnqueueAsync("note", 3);

        await using var mrq = await StartEngineAsync(Tasks, w => (w.MaxJobs, w.Concurrency, w.Prefetch) = (3, 1, 5));

        await StoppedAsync(mrq);
        Assert.Equal(3, _ran.Count);
        Assert.Equal(3, (await mrq.Queries.CountsAsync(Token)).Single(c => c.Status == JobStatus.Retry).Count);
    }

    [Fact]
    public async Task After_max_time_it_finishes_what_runs_and_takes_no_more()
    {
        var clock = new RunningClock();
        await EnqueueAsync("hold", 5);
        await using var mrq = await StartEngineAsync(
            b =>
            {
                b.Services.AddSingleton<TimeProvider>(clock);
                Tasks(b);
            },
            w => (w.MaxTime, w.Concurrency, w.Prefetch, w.ShutdownTimeout) = (TimeSpan.FromMinutes(30), 2, 3, TimeSpan.Zero));
        await _gate.WaitForArrivalsAsync(2);

        clock.Skip(TimeSpan.FromMinutes(31));
        await mrq.WaitUntilAsync(async () => (await mrq.WorkerAsync()).Status == WorkerStatus.Join);
        Assert.False(mrq.Get<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested);
        _gate.Open();

        await StoppedAsync(mrq);
        Assert.Equal(2, (await mrq.Queries.CountsAsync(Token)).Single(c => c.Status == JobStatus.Success).Count);
        Assert.Equal((2, 3), (_gate.Arrivals, await mrq.WaitingAsync("default")));
        Assert.Equal(EndReason.MaxTime, (await mrq.WorkerAsync()).EndReason);
    }

    [Fact]
    public async Task Above_max_memory_it_ends_but_not_before_it_has_run_a_job()
    {
        await using var mrq = await StartEngineAsync(Tasks, w => w.MaxMemory = 1);
        await mrq.WaitUntilAsync(
            async () => (await mrq.Get<IWorkerStore>().ListAsync(Token)).Any(w => !w.IsSystem && w.DateReported > w.DateStarted + (2 * w.ReportInterval)));
        Assert.Null((await mrq.WorkerAsync()).EndReason);

        await mrq.EnqueueAsync("note");

        await StoppedAsync(mrq);
        Assert.Single(_ran);
        Assert.Equal((WorkerStatus.Stop, EndReason.MaxMemory), ((await mrq.WorkerAsync()).Status, (await mrq.WorkerAsync()).EndReason));
    }

    [Fact]
    public async Task All_workers_of_a_process_end_with_the_first_that_comes_to_a_limit()
    {
        await EnqueueAsync("hold", 1, "slow");
        await using var mrq = await StartEngineAsync(
            b =>
            {
                Tasks(b);
                b.AddWorkers(w => (w.Name, w.Queues) = ("slow", [new QueueName("slow")]));
            },
            w => w.MaxJobs = 1);
        await _gate.WaitForArrivalsAsync();

        await mrq.EnqueueAsync("note");
        await mrq.WaitUntilAsync(async () => (await SlowAsync()).Status == WorkerStatus.Join);
        _gate.Open();

        await StoppedAsync(mrq);
        var slow = await SlowAsync();
        Assert.Equal((EndReason.MaxJobs, 1), (slow.EndReason, slow.DoneJobs));

        async Task<WorkerReport> SlowAsync() => (await mrq.Get<IWorkerStore>().ListAsync(Token)).Single(w => w.Name == "slow");
    }

    [Fact]
    public async Task The_report_says_who_ended_it()
    {
        await using var mrq = await StartEngineAsync(Tasks);
        var id = await mrq.EnqueueAsync("note");
        await mrq.WaitForEndAsync(id);
        Assert.Null((await mrq.WorkerAsync()).EndReason);

        await mrq.Get<WorkerControl>().StopAsync((await mrq.WorkerAsync()).Id, StopMode.Drain, Token);
        await mrq.WaitUntilAsync(async () => (await mrq.WorkerAsync()).Status == WorkerStatus.Stop);

        Assert.Equal(EndReason.Told, (await mrq.WorkerAsync()).EndReason);
        Assert.False(mrq.Get<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public async Task Limits_below_nothing_and_queues_given_twice_are_refused()
    {
        var refused = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => StartEngineAsync(
            Tasks, w => (w.MaxJobs, w.MaxTime, w.MaxMemory, w.Queues) = (-1, TimeSpan.FromSeconds(-1), -1, [new QueueName("a"), new QueueName("b"), new QueueName("a")])));

        Assert.Equal(["queues: a is given twice; give each queue once.", "max_jobs", "max_time", "max_memory"], refused.Failures.Select(f => f.StartsWith("max", StringComparison.Ordinal) ? f.Split(' ')[0] : f));
    }

    private void Tasks(MrqBuilder b)
    {
        b.AddTask<NoParams>("note", (_, context, _) => Note(context));
        b.AddTask<NoParams>("limited", (_, context, _) => Note(context), new TaskOptions { RateLimit = new RateLimit(1, TimeSpan.FromHours(1)) });
        b.AddTask<NoParams>("hold", (_, _, token) => _gate.PassAsync(token));
        b.AddRawQueue(Texts.Value, _ => new JobRequest { Path = "note" });
    }

    private Task Note(JobContext context)
    {
        _ran.Enqueue(context.Id);
        return Task.CompletedTask;
    }

    private async Task EnqueueAsync(string path, int count, string queue = "default")
    {
        await using var mrq = await StartEngineAsync(Tasks, workers: false);
        for (var i = 0; i < count; i++)
        {
            await mrq.EnqueueAsync(path, with: r => r with { Queue = new QueueName(queue) });
        }
    }

    private static async Task StoppedAsync(TestEngine mrq)
    {
        var stopping = new TaskCompletionSource();
        using var registration = mrq.Get<IHostApplicationLifetime>().ApplicationStopping.Register(stopping.SetResult);
        await stopping.Task.WaitAsync(TestEngine.Patience, Token);
    }
}

public sealed class EndingByItselfOnSqlite() : EndingByItself(StorePair.Sqlite);

public sealed class EndingByItselfOnRedisAndMongo() : EndingByItself(StorePair.RedisAndMongo);
