using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Tasks;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

/// <summary>A worker that would look at its queues by itself only after an hour: whatever it takes it was told of.</summary>
public abstract class WakingAWorker(StorePair pair) : EngineSpec(pair)
{
    private static readonly QueueName Raw = new("clicks_raw");

    private readonly Gate _gate = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_job_is_picked_up_at_once_whichever_node_accepted_it(bool fromAnotherNode)
    {
        await using var mrq = await StartAsync();
        await using var other = await StartEngineAsync(Tasks, workers: false);

        // One after the other: each finds the worker idle.
        for (var i = 0; i < 10; i++)
        {
            var job = await (fromAnotherNode ? other : mrq).EnqueueAsync("plain");
            Assert.Equal(JobStatus.Success, (await mrq.WaitForEndAsync(job)).Status);
        }
    }

    [Fact]
    public async Task Entries_of_raw_queues_wake_it_too()
    {
        await using var mrq = await StartAsync();
        await using var other = await StartEngineAsync(Tasks, workers: false);

        for (var i = 1; i <= 3; i++)
        {
            // The job of the start is one more.
            await other.Get<RawQueueClient>().EnqueueAsync(Raw, [$"{i}"], Token);
            await mrq.WaitUntilAsync(async () => await mrq.Queries.CountAsync(new JobFilter { Statuses = JobStatuses.Of(JobStatus.Success) }, 10, Token) == i + 1);
        }
    }

    [Fact]
    public async Task So_do_delayed_jobs_retries_requeued_jobs_and_queues_that_are_resumed()
    {
        await using var mrq = await StartAsync();
        await using var other = await StartEngineAsync(Tasks, workers: false);

        var delayed = await other.EnqueueAsync("plain", with: r => r with { Delay = TimeSpan.FromMilliseconds(100) });
        Assert.Equal(JobStatus.Success, (await mrq.WaitForEndAsync(delayed)).Status);
        Assert.Equal(1, (await mrq.WaitForAsync(await other.EnqueueAsync("again"), JobStatus.Success)).RetryCount);

        await other.Control.ApplyAsync(JobAction.Requeue, [delayed], null, Token);
        await mrq.WaitForAsync(delayed, job => job is { Status: JobStatus.Success, Attempt: 2 });

        await other.Get<QueueControl>().SetPausedAsync(QueueName.Default, true, Token);
        var paused = await other.EnqueueAsync("plain");
        await other.Get<QueueControl>().SetPausedAsync(QueueName.Default, false, Token);
        await mrq.WaitForEndAsync(paused);
    }

    [Fact]
    public async Task So_does_a_slot_that_becomes_free()
    {
        await using var mrq = await StartAsync();
        await mrq.EnqueueAsync("hold");
        await _gate.WaitForArrivalsAsync();
        var waiting = await mrq.EnqueueAsync("plain");

        _gate.Open();

        Assert.Equal(JobStatus.Success, (await mrq.WaitForEndAsync(waiting)).Status);
    }

    private void Tasks(Hosting.MrqBuilder b) => b
        .AddTask<NoParams>("plain", (_, _, _) => Task.CompletedTask)
        .AddTask<NoParams>("hold", (_, _, token) => _gate.PassAsync(token))
        .AddTask<NoParams>("again", (_, context, _) =>
        {
            if (context.Job.RetryCount == 0)
            {
                context.Retry(TimeSpan.FromMilliseconds(50));
            }

            return Task.CompletedTask;
        })
        .AddRawQueue(Raw.Value, _ => new JobRequest { Path = "plain" });

    private async Task<TestEngine> StartAsync()
    {
        var mrq = await StartEngineAsync(Tasks, w => (w.MaxLatency, w.Concurrency, w.Prefetch, w.Queues) = (TimeSpan.FromHours(1), 1, 0, [QueueName.Default, Raw]));
        await mrq.WaitForEndAsync(await mrq.EnqueueAsync("plain"));
        return mrq;
    }
}

public sealed class WakingAWorkerOnSqlite() : WakingAWorker(StorePair.Sqlite);

public sealed class WakingAWorkerOnRedisAndMongo() : WakingAWorker(StorePair.RedisAndMongo);
