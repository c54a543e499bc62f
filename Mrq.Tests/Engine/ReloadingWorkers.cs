using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Engine;

/// <summary>Workers that get other options while they run.</summary>
public abstract class ReloadingWorkers(StorePair pair) : EngineSpec(pair)
{
    private static readonly QueueName A = new("a");
    private static readonly QueueName B = new("b");
    private static readonly QueueName Texts = new("texts_raw");

    private readonly ConcurrentDictionary<JobId, int> _runs = new();
    private readonly Gate _gate = new();
    private int _now;
    private int _most;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_job_runs_once_and_to_its_end_while_queues_and_concurrency_change_back_and_forth()
    {
        await using var mrq = await StartEngineAsync(Tasks, Options(4, A, B));
        var held = await mrq.EnqueueAsync("hold", with: r => r with { Queue = A });
        await _gate.WaitForArrivalsAsync();
        var before = await mrq.WorkerAsync();
        List<JobId> ids = [];

        for (var round = 0; round < 20; round++)
        {
            foreach (var queue in (QueueName[])[A, B, A, B, A, B, A, B, A, B, A, B])
            {
                ids.Add(await mrq.EnqueueAsync("note", with: r => r with { Queue = queue }));
            }

            await mrq.Get<RawQueueClient>().EnqueueAsync(Texts, [.. Enumerable.Range(0, 5).Select(i => $"{round}.{i}")], Token);
            await ReloadAsync(mrq, round % 2 == 0 ? [Options(2, B)] : [Options(8, Texts, A), Options(1, B)]);
        }

        await ReloadAsync(mrq, Options(4, A, B, Texts));
        await mrq.WaitUntilAsync(() => Task.FromResult(_runs.Count >= ids.Count + 100));
        _gate.Open();
        await mrq.WaitForAsync(held, JobStatus.Success);
        await mrq.Get<WorkerPools>().WaitForIdleAsync(Token);

        Assert.All(_runs, run => Assert.Equal(1, run.Value));
        Assert.Equal(ids.Count + 100, _runs.Count);
        Assert.Equal([(JobStatus.Success, ids.Count + 101L)], (await mrq.Queries.CountsAsync(Token)).GroupBy(c => c.Status).Select(c => (c.Key, c.Sum(one => one.Count))));
        var after = Assert.Single(await AliveAsync(mrq));
        Assert.Equal((before.Id, before.DateStarted), (after.Id, after.DateStarted));
        Assert.Equal(1, _gate.Arrivals);
    }

    [Fact]
    public async Task After_a_reload_it_takes_from_its_new_queues_and_no_longer_from_the_old()
    {
        await using var mrq = await StartEngineAsync(Tasks, Options(1, A));

        await ReloadAsync(mrq, Options(3, B));
        var left = await mrq.EnqueueAsync("note", with: r => r with { Queue = A });
        var taken = await mrq.EnqueueAsync("note", with: r => r with { Queue = B });

        await mrq.WaitForAsync(taken, JobStatus.Success);
        await mrq.Get<WorkerPools>().WaitForIdleAsync(Token);
        Assert.Equal(JobStatus.Queued, (await mrq.FindAsync(left)).Status);
        var report = await mrq.WorkerAsync();
        Assert.Equal([B], report.Queues);
        Assert.Equal(3, report.Concurrency);
    }

    [Fact]
    public async Task What_waits_for_a_slot_goes_back_and_other_nodes_may_have_it()
    {
        await using var mrq = await StartEngineAsync(Tasks, w =>
        {
            Options(1, A)(w);
            w.Prefetch = 5;
        });
        await mrq.EnqueueAsync("hold", with: r => r with { Queue = A });
        await _gate.WaitForArrivalsAsync();
        var ahead = await mrq.EnqueueAsync("note", with: r => r with { Queue = A });
        await mrq.WaitForAsync(ahead, JobStatus.Started);

        await ReloadAsync(mrq, Options(1, B));

        Assert.Equal(JobStatus.Queued, (await mrq.FindAsync(ahead)).Status);
        Assert.Equal(1, await mrq.WaitingAsync("a"));
        _gate.Open();
    }

    [Fact]
    public async Task No_more_than_the_new_concurrency_run_at_once_and_after_it_grows_as_many()
    {
        await using var mrq = await StartEngineAsync(Tasks, Options(8, A));
        // All slots have run something, and wait.
        await RunAsync(mrq, 30);

        await ReloadAsync(mrq, Options(1, A));
        _most = 0;
        await RunAsync(mrq, 100);
        Assert.Equal(1, _most);

        await ReloadAsync(mrq, Options(6, A));
        for (var i = 0; i < 6; i++)
        {
            await mrq.EnqueueAsync("hold", with: r => r with { Queue = A });
        }

        await _gate.WaitForArrivalsAsync(6);
        Assert.Equal(WorkerStatus.Full, Assert.Single(mrq.Get<WorkerPools>().Report()).Status);
        _gate.Open();
    }

    [Fact]
    public async Task Slots_are_closed_when_their_jobs_end()
    {
        await using var mrq = await StartEngineAsync(Tasks, Options(4, A));
        for (var i = 0; i < 4; i++)
        {
            await mrq.EnqueueAsync("hold", with: r => r with { Queue = A });
        }

        await _gate.WaitForArrivalsAsync(4);
        await ReloadAsync(mrq, Options(2, A));
        Assert.Equal(4, Assert.Single(mrq.Get<WorkerPools>().Report()).Jobs.Count);

        _gate.Open();
        _most = 0;
        await RunAsync(mrq, 100);
        Assert.InRange(_most, 1, 2);
    }

    [Fact]
    public async Task Further_workers_begin_and_those_no_longer_wanted_finish_their_jobs_and_end_while_the_process_goes_on()
    {
        await using var mrq = await StartEngineAsync(Tasks, Options(1, A));
        await ReloadAsync(mrq, Options(1, A), Options(1, B));
        var held = await mrq.EnqueueAsync("hold", with: r => r with { Queue = B });
        await _gate.WaitForArrivalsAsync();

        await ReloadAsync(mrq, Options(1, A));
        await mrq.WaitUntilAsync(async () => (await ByQueueAsync(B)).Status == WorkerStatus.Join);
        Assert.Equal(EndReason.Removed, (await ByQueueAsync(B)).EndReason);
        _gate.Open();

        await mrq.WaitForAsync(held, JobStatus.Success);
        await mrq.WaitUntilAsync(async () => (await ByQueueAsync(B)).Status == WorkerStatus.Stop);
        await RunAsync(mrq, 1);
        Assert.False(mrq.Get<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested);

        async Task<WorkerReport> ByQueueAsync(QueueName queue) => (await mrq.Get<IWorkerStore>().ListAsync(Token)).Single(w => w.Queues.SequenceEqual([queue]));
    }

    [Fact]
    public async Task Wrong_options_are_all_named_and_change_nothing()
    {
        await using var mrq = await StartEngineAsync(Tasks, Options(1, A));

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(
            () => ReloadAsync(mrq, Options(0, A), w => w.Queues = [new QueueName("nobody_raw")]));

        Assert.Equal(2, refused.Failures.Count());
        await RunAsync(mrq, 1);
        Assert.Equal(1, Assert.Single(mrq.Get<WorkerPools>().Report()).Concurrency);
    }

    [Fact]
    public async Task A_worker_that_has_ended_does_not_come_back_by_a_reload()
    {
        await using var mrq = await StartEngineAsync(Tasks, Options(1, A));
        await RunAsync(mrq, 1);
        await mrq.Get<WorkerControl>().StopAsync((await AliveAsync(mrq)).Single().Id, StopMode.Drain, Token);
        await mrq.WaitUntilAsync(async () => (await AliveAsync(mrq)).Count == 0);

        await ReloadAsync(mrq, Options(2, A));

        Assert.Empty(await AliveAsync(mrq));
    }

    [Fact]
    public async Task Idle_is_when_no_job_is_in_hand_and_none_waits_for_this_process()
    {
        await using var mrq = await StartEngineAsync(Tasks, Options(2, A));
        var pools = mrq.Get<WorkerPools>();
        await pools.WaitForIdleAsync(Token);
        await mrq.EnqueueAsync("hold", with: r => r with { Queue = A });
        await mrq.EnqueueAsync("note", with: r => r with { Queue = B });
        await _gate.WaitForArrivalsAsync();

        var idle = pools.WaitForIdleAsync(Token);
        await RunAsync(mrq, 20);
        Assert.False(idle.IsCompleted);
        _gate.Open();

        await idle;
        Assert.Equal(0, await mrq.WaitingAsync("a"));
        await mrq.StopAsync();
        await pools.WaitForIdleAsync(Token);
    }

    [Fact]
    public async Task A_job_that_runs_while_the_time_between_reports_becomes_shorter_runs_once()
    {
        var shorter = TimeSpan.FromSeconds(1);
        await using var mrq = await StartEngineAsync(Tasks, w =>
        {
            Options(2, A)(w);
            w.ReportInterval = TimeSpan.FromHours(1);
        });
        var held = await mrq.EnqueueAsync("hold", with: r => r with { Queue = A });
        await _gate.WaitForArrivalsAsync();

        await ReloadAsync(mrq, w =>
        {
            Options(2, A)(w);
            w.ReportInterval = shorter;
        });
        var reloaded = (await mrq.WorkerAsync()).DateReported;
        // By then one that is silent has been taken for dead.
        await mrq.WaitUntilAsync(async () => _gate.Arrivals > 1 || (await mrq.WorkerAsync()).DateReported > reloaded + (6 * shorter));
        _gate.Open();

        Assert.Equal((1, 1), (_gate.Arrivals, (await mrq.WaitForEndAsync(held)).Attempt));
    }

    private void Tasks(MrqBuilder b)
    {
        b.AddTask<NoParams>("note", async (_, context, _) =>
        {
            var now = Interlocked.Increment(ref _now);
            InterlockedMax(ref _most, now);
            _runs.AddOrUpdate(context.Id, 1, (_, runs) => runs + 1);
            await Task.Yield();
            Interlocked.Decrement(ref _now);
        });
        b.AddTask<NoParams>("hold", (_, _, token) => _gate.PassAsync(token));
        b.AddRawQueue(Texts.Value, _ => new JobRequest { Path = "note" });
    }

    private static void InterlockedMax(ref int most, int now)
    {
        var seen = Volatile.Read(ref most);
        while (seen < now && Interlocked.CompareExchange(ref most, now, seen) is var other && other != seen)
        {
            seen = other;
        }
    }

    private static Action<WorkerOptions> Options(int concurrency, params QueueName[] queues) => w => (w.Concurrency, w.Queues, w.ReportInterval) = (concurrency, queues, TimeSpan.FromMilliseconds(500));

    private static Task ReloadAsync(TestEngine mrq, params Action<WorkerOptions>[] workers) => mrq.Get<WorkerPools>().ReloadAsync(
        [.. workers.Select(configure =>
        {
            var options = new WorkerOptions();
            configure(options);
            return options;
        })],
        Token);

    private static async Task RunAsync(TestEngine mrq, int count)
    {
        var ids = new List<JobId>();
        for (var i = 0; i < count; i++)
        {
            ids.Add(await mrq.EnqueueAsync("note", with: r => r with { Queue = A }));
        }

        foreach (var id in ids)
        {
            await mrq.WaitForAsync(id, JobStatus.Success);
        }
    }

    private static async Task<List<WorkerReport>> AliveAsync(TestEngine mrq) =>
        [.. (await mrq.Get<IWorkerStore>().ListAsync(Token)).Where(w => w.Status != WorkerStatus.Stop && !w.IsSystem)];
}

public sealed class ReloadingWorkersOnSqlite() : ReloadingWorkers(StorePair.Sqlite);

public sealed class ReloadingWorkersOnRedisAndMongo() : ReloadingWorkers(StorePair.RedisAndMongo);
