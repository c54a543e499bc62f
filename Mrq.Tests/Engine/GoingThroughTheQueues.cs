using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Hosting;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Engine;

/// <summary>The order in which a worker takes from its queues, by its strategy. One slot that holds nothing ahead shows it job by job.</summary>
public abstract class GoingThroughTheQueues(StorePair pair) : EngineSpec(pair)
{
    private readonly ConcurrentQueue<string> _ran = new();
    private readonly Gate _gate = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sequential_empties_the_first_queue_before_it_takes_from_the_second()
    {
        await EnqueueAsync(("q2", 3), ("q1", 3));

        await using var mrq = await StartAsync(DequeueStrategy.Sequential, 1, "q1", "q2");

        await WaitForRunsAsync(mrq, 6);
        Assert.Equal(["q1", "q1", "q1", "q2", "q2", "q2"], _ran);
    }

    [Fact]
    public async Task Parallel_takes_from_all_queues_by_turns()
    {
        await EnqueueAsync(("q1", 3), ("q2", 3), ("q3", 2));

        await using var mrq = await StartAsync(DequeueStrategy.Parallel, 1, "q1", "q2", "q3");

        await WaitForRunsAsync(mrq, 8);
        Assert.Equal(["q1", "q2", "q3", "q1", "q2", "q3", "q1", "q2"], _ran);
    }

    [Fact]
    public async Task Parallel_gives_slots_that_one_queue_does_not_use_to_the_others()
    {
        await EnqueueAsync("hold", ("q1", 1), ("q3", 6));

        await using var mrq = await StartAsync(DequeueStrategy.Parallel, 6, "q1", "q2", "q3");

        await _gate.WaitForArrivalsAsync(6);
        _gate.Open();
        await WaitForRunsAsync(mrq, 7);
        Assert.Equal(["q1", "q3", "q3", "q3", "q3", "q3"], _ran.Take(6).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Weighted_takes_from_each_queue_its_share_and_starves_none()
    {
        await EnqueueAsync(("high", 9), ("low", 3));

        await using var mrq = await StartAsync(DequeueStrategy.Weighted, 1, "high=3", "low");

        await WaitForRunsAsync(mrq, 12);
        Assert.All(_ran.Chunk(4), four => Assert.Equal(["high", "high", "high", "low"], four.Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task Raw_queues_and_sub_queues_take_part_like_others()
    {
        await using (var mrq = await StartEngineAsync(Tasks, workers: false))
        {
            foreach (var queue in (string[])["main/a", "main/b", "main/clicks_raw", "plain", "plain", "plain", "clicks_raw", "clicks_raw", "clicks_raw"])
            {
                await EnqueueAsync(mrq, "note", queue);
            }
        }

        await using var worker = await StartAsync(DequeueStrategy.Parallel, 1, "main/", "plain", "clicks_raw");

        await WaitForRunsAsync(worker, 9);
        Assert.Equal(
            ["main/a", "plain", "clicks_raw", "main/b", "plain", "clicks_raw", "main/clicks_raw", "plain", "clicks_raw"], _ran);
    }

    [Fact]
    public async Task A_paused_queue_has_no_share()
    {
        await EnqueueAsync(("q1", 2), ("q2", 2));
        await using var mrq = await StartEngineAsync(Tasks, workers: false);
        await mrq.Queues.SetPausedAsync(new QueueName("q1"), true, Token);

        await using var worker = await StartAsync(DequeueStrategy.Parallel, 1, "q1", "q2");

        await WaitForRunsAsync(worker, 2);
        await mrq.Queues.SetPausedAsync(new QueueName("q1"), false, Token);
        worker.Get<ICoordination>().Publish(Changes.Queues);
        await WaitForRunsAsync(worker, 4);
        Assert.Equal(["q2", "q2", "q1", "q1"], _ran);
    }

    [Fact]
    public async Task Burst_runs_what_is_there_and_what_comes_of_it_then_stops_the_application()
    {
        await EnqueueAsync(("q2", 1), ("q1", 1));
        await EnqueueAsync("parent", ("q1", 1));
        await EnqueueAsync("again", ("q1", 1));

        await using var mrq = await StartAsync(DequeueStrategy.Burst, 1, "q1", "q2");

        await StoppedAsync(mrq);
        Assert.Equal(["again 1", "again 2", "child", "q1", "q2"], _ran.Order(StringComparer.Ordinal));
        Assert.Equal(0, await mrq.WaitingAsync("q1") + await mrq.WaitingAsync("q2"));
    }

    [Fact]
    public async Task Burst_runs_chains_to_their_end()
    {
        var ran = new System.Collections.Concurrent.ConcurrentQueue<string>();
        void Tasks(MrqBuilder b) => b.AddTask<Named>("note", (p, _, _) =>
        {
            ran.Enqueue(p.Name);
            return Task.CompletedTask;
        });
        await using (var accepts = await StartEngineAsync(Tasks, workers: false))
        {
            for (var i = 0; i < 5; i++)
            {
                JobRequest? then = null;
                for (var at = 5; at > 1; at--)
                {
                    then = new JobRequest { Path = "note", Params = $$"""{"name":"{{i}}.{{at}}"}""", Then = then };
                }

                await accepts.EnqueueAsync("note", $$"""{"name":"{{i}}.1"}""", r => r with { Then = then });
            }
        }

        await using var mrq = await StartEngineAsync(Tasks, w => (w.DequeueStrategy, w.Concurrency, w.Prefetch) = (DequeueStrategy.Burst, 5, 0));
        var stopping = new TaskCompletionSource();
        using var registration = mrq.Get<IHostApplicationLifetime>().ApplicationStopping.Register(stopping.SetResult);
        await stopping.Task.WaitAsync(TestEngine.Patience, Token);
        Assert.Equal(25, ran.Count);
    }

    [Fact]
    public async Task Burst_ends_at_once_when_nothing_is_there()
    {
        await using var mrq = await StartAsync(DequeueStrategy.Burst, 1, "q1");

        await StoppedAsync(mrq);
        Assert.Equal((WorkerStatus.Stop, DequeueStrategy.Burst), ((await mrq.WorkerAsync()).Status, (await mrq.WorkerAsync()).DequeueStrategy));
    }

    [Fact]
    public async Task An_application_with_another_worker_goes_on_after_a_burst()
    {
        await using var mrq = await StartEngineAsync(
            b =>
            {
                Tasks(b);
                b.AddWorkers(w => (w.Name, w.Queues, w.DequeueStrategy) = ("burst", [new QueueName("q1")], DequeueStrategy.Burst));
            },
            w => w.Queues = [new QueueName("q2")]);

        await mrq.WaitUntilAsync(async () =>
            (await mrq.Get<IWorkerStore>().ListAsync(Token)).Any(w => w.Name == "burst" && w.Status == WorkerStatus.Stop));
        await EnqueueAsync(mrq, "note", "q2");

        await WaitForRunsAsync(mrq, 1);
        Assert.False(mrq.Get<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested);
    }

    private void Tasks(MrqBuilder b)
    {
        b.AddTask<NoParams>("note", (_, context, _) => Note(QueueOf(context)));
        b.AddTask<NoParams>("hold", async (_, context, token) =>
        {
            _ran.Enqueue(QueueOf(context));
            await _gate.PassAsync(token);
        });
        b.AddTask<NoParams>("child", (_, _, _) => Note("child"));
        b.AddTask<NoParams>("parent", (_, context, token) => context.EnqueueAsync(new JobRequest { Path = "child", Queue = context.Job.Queue }, token));
        b.AddTask<NoParams>("again", (_, context, _) =>
        {
            _ran.Enqueue($"again {context.Job.Attempt}");
            if (context.Job.Attempt == 1)
            {
                context.Retry(TimeSpan.Zero);
            }

            return Task.CompletedTask;
        });
        foreach (var raw in (string[])["clicks_raw", "main/clicks_raw"])
        {
            b.AddRawQueue(raw, _ => new JobRequest { Path = "note" });
        }
    }

    private Task Note(string text)
    {
        _ran.Enqueue(text);
        return Task.CompletedTask;
    }

    private static string QueueOf(JobContext context) => (context.Job.RawQueue ?? context.Job.Queue).Value;

    private Task<TestEngine> StartAsync(DequeueStrategy strategy, int concurrency, params string[] queues) => StartEngineAsync(Tasks, w =>
    {
        (w.DequeueStrategy, w.Concurrency, w.Prefetch) = (strategy, concurrency, 0);
        w.Queues = [.. queues.Select(queue => new QueueName(queue.Split('=')[0]))];
        w.Weights = queues.Where(queue => queue.Contains('=', StringComparison.Ordinal))
            .ToDictionary(queue => new QueueName(queue.Split('=')[0]), queue => int.Parse(queue.Split('=')[1], CultureInfo.InvariantCulture));
    });

    private Task EnqueueAsync(params (string Queue, int Jobs)[] queues) => EnqueueAsync("note", queues);

    private async Task EnqueueAsync(string path, params (string Queue, int Jobs)[] queues)
    {
        await using var mrq = await StartEngineAsync(Tasks, workers: false);
        foreach (var (queue, jobs) in queues)
        {
            for (var i = 0; i < jobs; i++)
            {
                await EnqueueAsync(mrq, path, queue);
            }
        }
    }

    private static Task EnqueueAsync(TestEngine mrq, string path, string queue) => new QueueName(queue).RawKind is null
        ? mrq.EnqueueAsync(path, with: r => r with { Queue = new QueueName(queue) })
        : mrq.Get<RawQueueClient>().EnqueueAsync(new QueueName(queue), ["x"], Token);

    private Task WaitForRunsAsync(TestEngine mrq, int count) => mrq.WaitUntilAsync(() => Task.FromResult(_ran.Count >= count));

    private static async Task StoppedAsync(TestEngine mrq)
    {
        var stopping = new TaskCompletionSource();
        using var registration = mrq.Get<IHostApplicationLifetime>().ApplicationStopping.Register(stopping.SetResult);
        await stopping.Task.WaitAsync(TestEngine.Patience, Token);
    }

    private sealed record Named(string Name);
}

public sealed class GoingThroughTheQueuesOnSqlite() : GoingThroughTheQueues(StorePair.Sqlite);

public sealed class GoingThroughTheQueuesOnRedisAndMongo() : GoingThroughTheQueues(StorePair.RedisAndMongo);
