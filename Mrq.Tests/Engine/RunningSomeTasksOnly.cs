using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Engine;

/// <summary>Workers with a list of tasks that they run, or of those that they do not.</summary>
public abstract class RunningSomeTasksOnly(StorePair pair) : EngineSpec(pair)
{
    private static readonly QueueName Queue = new("default");

    private readonly ConcurrentQueue<string> _ran = new();
    private int _made;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_whitelist_runs_the_listed_tasks_and_leaves_the_others_queued()
    {
        await using var mrq = await StartAsync(w => w.TaskWhitelist = ["wanted", "unknown.elsewhere"]);

        var left = await mrq.EnqueueAsync("other");
        var ran = await mrq.EnqueueAsync("wanted");

        Assert.Equal(JobStatus.Success, (await mrq.WaitForEndAsync(ran)).Status);
        await AssertLeftAsync(mrq, left);
    }

    [Fact]
    public async Task A_blacklist_leaves_the_listed_tasks_queued_in_their_order_and_runs_what_stands_behind_them()
    {
        await using var mrq = await StartAsync(w => w.TaskBlacklist = ["other", "another"]);

        List<JobId> left = [], ran = [];
        for (var i = 0; i < 50; i++)
        {
            left.AddRange(await EnqueueManyAsync(mrq, i % 2 == 0 ? "other" : "another", 10));
            ran.AddRange(await EnqueueManyAsync(mrq, "wanted", 2));
        }

        foreach (var id in ran)
        {
            Assert.Equal(JobStatus.Success, (await mrq.WaitForEndAsync(id)).Status);
        }

        await AssertLeftAsync(mrq, [.. left]);
    }

    [Fact]
    public async Task Jobs_that_one_worker_leaves_another_runs_in_their_order()
    {
        await using (var mrq = await StartAsync(w => w.TaskWhitelist = ["wanted"]))
        {
            foreach (var name in (string[])["first", "second", "third"])
            {
                await mrq.EnqueueAsync("other", $$"""{"text":"{{name}}"}""");
            }

            await mrq.WaitForEndAsync(await mrq.EnqueueAsync("wanted"));
            _ran.Clear();
        }

        await using var another = await StartAsync(w => w.Concurrency = 1);
        await another.WaitUntilAsync(() => Task.FromResult(_ran.Count == 3));
        Assert.Equal(["first", "second", "third"], _ran);
    }

    [Theory]
    [InlineData("default", "a,b,c")]
    [InlineData("default_reverse", "c,b,a")]
    public async Task What_it_runs_comes_in_the_order_of_the_queue(string listened, string expected)
    {
        await using (var mrq = await StartEngineAsync(Tasks, workers: false))
        {
            foreach (var name in (string[])["a", "b", "c"])
            {
                await mrq.EnqueueAsync("other");
                await mrq.EnqueueAsync("wanted", $$"""{"text":"{{name}}"}""");
            }
        }

        await using var worker = await StartAsync(w => (w.TaskBlacklist, w.Queues, w.Concurrency, w.Prefetch) = (["other"], [new QueueName(listened)], 1, 0));

        await worker.WaitUntilAsync(() => Task.FromResult(_ran.Count == 3));
        Assert.Equal(expected.Split(','), _ran);
        Assert.Equal(3, await worker.WaitingAsync("default"));
    }

    [Fact]
    public async Task It_goes_by_the_places_in_the_queue_as_others_do()
    {
        await using (var mrq = await StartEngineAsync(Tasks, workers: false))
        {
            var requeued = await mrq.EnqueueAsync("wanted", """{"text":"requeued"}""");
            await mrq.EnqueueAsync("other");
            await mrq.EnqueueAsync("wanted", """{"text":"plain"}""");
            await mrq.EnqueueAsync("other", with: r => r with { Options = new TaskOptions { Priority = 9 } });
            await mrq.EnqueueAsync("wanted", """{"text":"urgent"}""", r => r with { Options = new TaskOptions { Priority = 5 } });
            await mrq.Control.ApplyAsync(JobAction.Requeue, [requeued], null, Token);
        }

        await using var worker = await StartAsync(w => (w.TaskWhitelist, w.Concurrency, w.Prefetch) = (["wanted"], 1, 0));

        await worker.WaitUntilAsync(() => Task.FromResult(_ran.Count == 3));
        Assert.Equal(["urgent", "plain", "requeued"], _ran);
    }

    [Fact]
    public async Task What_stands_behind_more_than_it_remembers_runs_in_the_order_of_its_making()
    {
        await using (var mrq = await StartEngineAsync(Tasks, workers: false))
        {
            await EnqueueManyAsync(mrq, "other", 2 * SelectiveDequeue.Passed);
            foreach (var name in (string[])["a", "b", "c"])
            {
                await mrq.EnqueueAsync("wanted", $$"""{"text":"{{name}}"}""");
                await EnqueueManyAsync(mrq, "another", 10);
            }
        }

        await using var worker = await StartAsync(w => (w.TaskWhitelist, w.Concurrency, w.Prefetch) = (["wanted"], 1, 0));

        await worker.WaitUntilAsync(() => Task.FromResult(_ran.Count == 3));
        Assert.Equal(["a", "b", "c"], _ran);
        Assert.Equal((2 * SelectiveDequeue.Passed) + 30, await worker.WaitingAsync("default"));
    }

    [Fact]
    public async Task It_heeds_pauses_and_takes_from_sub_queues()
    {
        await using var mrq = await StartAsync(w => (w.TaskBlacklist, w.Queues) = (["other"], [new QueueName("main/"), new QueueName("last")]));
        await mrq.Queues.SetPausedAsync(new QueueName("main/paused"), true, Token);

        var paused = await EnqueueAsync(mrq, "wanted", "main/paused");
        var left = await EnqueueAsync(mrq, "other", "main/sub");
        foreach (var queue in (string[])["main/sub", "main/sub/nested", "last"])
        {
            await mrq.WaitForEndAsync(await EnqueueAsync(mrq, "wanted", queue));
        }

        Assert.Equal((JobStatus.Queued, JobStatus.Queued), ((await mrq.FindAsync(paused)).Status, (await mrq.FindAsync(left)).Status));
        await mrq.Get<QueueControl>().SetPausedAsync(new QueueName("main/paused"), false, Token);
        await mrq.WaitForEndAsync(paused);
        Assert.Equal([new QueueSize(new QueueName("main/sub"), 1, Paused: false)], await mrq.Queues.ListAsync(Token));
    }

    [Fact]
    public async Task Several_workers_that_choose_run_each_job_once()
    {
        await using var one = await StartAsync(w => w.TaskBlacklist = ["other"]);
        await using var two = await StartAsync(w => w.TaskWhitelist = ["wanted"]);
        await using var all = await StartAsync(_ => { });

        List<JobId> ids = [];
        for (var i = 0; i < 20; i++)
        {
            ids.AddRange(await EnqueueManyAsync(one, "wanted", 20));
            ids.AddRange(await EnqueueManyAsync(one, "other", 5));
        }

        foreach (var id in ids)
        {
            await one.WaitForEndAsync(id);
        }

        Assert.Equal(500, _ran.Count);
        Assert.Empty(await one.Queues.ListAsync(Token));
    }

    [Fact]
    public async Task A_raw_queue_of_a_task_that_it_does_not_run_is_not_touched()
    {
        await using var mrq = await StartAsync(w => (w.TaskWhitelist, w.Queues) = (["wanted"], [new QueueName("clicks_raw"), new QueueName("other_raw")]));

        await mrq.Get<RawQueueClient>().EnqueueAsync(new QueueName("other_raw"), ["left"], Token);
        await mrq.Get<RawQueueClient>().EnqueueAsync(new QueueName("clicks_raw"), ["wanted"], Token);

        await mrq.WaitUntilAsync(() => Task.FromResult(_ran.Count == 1));
        Assert.Equal(["wanted"], _ran);
        Assert.Equal(["left"], (await mrq.Get<IRawQueueContents>().PeekAsync(new QueueName("other_raw"), 0, 10, Token)).Select(e => e.Params));
        Assert.Equal(1, _made);
    }

    [Fact]
    public async Task An_entry_whose_factory_makes_a_job_of_another_task_goes_back_for_others()
    {
        await using var mrq = await StartAsync(w => (w.TaskWhitelist, w.Queues, w.MaxLatency) = (["wanted"], [new QueueName("clicks_raw")], TimeSpan.FromMilliseconds(50)));
        await mrq.Get<RawQueueClient>().EnqueueAsync(new QueueName("clicks_raw"), ["wanted", "other", "wanted"], Token);
        await mrq.WaitUntilAsync(() => Task.FromResult(_ran.Count == 2));

        await using var another = await StartAsync(w => (w.TaskBlacklist, w.Queues, w.MaxLatency) = (["wanted"], [new QueueName("clicks_raw")], TimeSpan.FromMilliseconds(50)));

        await another.WaitUntilAsync(() => Task.FromResult(_ran.Count == 3));
        Assert.Equal(["wanted", "wanted", "other"], _ran);
        await another.WaitUntilAsync(async () => (await another.Get<IRawQueueContents>().ListAsync(TimeProvider.System.GetUtcNow(), Token)).Count == 0);
    }

    private void Tasks(MrqBuilder b)
    {
        foreach (var path in (string[])["wanted", "other", "another"])
        {
            b.AddTask<Noted>(path, (p, _, _) =>
            {
                _ran.Enqueue(p.Text);
                return Task.CompletedTask;
            });
        }

        b.AddRawQueue("clicks_raw", text =>
        {
            Interlocked.Increment(ref _made);
            return new JobRequest { Path = text, Params = $$"""{"text":"{{text}}"}""" };
        });
        b.Services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Mrq:RawQueues:other_raw:path"] = "other",
            ["Mrq:RawQueues:other_raw:parser"] = "template",
            ["Mrq:RawQueues:other_raw:template"] = """{"text":"{raw}"}""",
        }).Build());
    }

    private Task<TestEngine> StartAsync(Action<WorkerOptions> worker) => StartEngineAsync(Tasks, worker);

    private static Task<JobId> EnqueueAsync(TestEngine mrq, string path, string queue) => mrq.EnqueueAsync(path, with: r => r with { Queue = new QueueName(queue) });

    private static async Task<IEnumerable<JobId>> EnqueueManyAsync(TestEngine mrq, string path, int count) =>
        (await mrq.Client.EnqueueManyAsync([.. Enumerable.Repeat(new JobRequest { Path = path }, count)], Token)).Select(e => e.Id);

    /// <summary>These, and only these, wait in the queue, in this order, and the totals say so.</summary>
    private static async Task AssertLeftAsync(TestEngine mrq, params JobId[] ids)
    {
        Assert.Equal(ids, await mrq.Queues.PeekAsync(Queue, 0, ids.Length + 1, Token));
        Assert.Equal(ids.Length, await mrq.WaitingAsync(Queue.Value));
        Assert.Equal(ids.Length, (await mrq.Queries.CountsAsync(Token)).Where(c => c.Status == JobStatus.Queued).Sum(c => c.Count));
        Assert.All(await mrq.Queries.GetAsync(ids, withPayload: false, Token), job => Assert.Equal((JobStatus.Queued, 0, null), (job.Status, job.Attempt, job.Worker)));
    }

    private sealed record Noted
    {
        public string Text { get; init; } = "";
    }
}

public sealed class RunningSomeTasksOnlyOnSqlite() : RunningSomeTasksOnly(StorePair.Sqlite);

public sealed class RunningSomeTasksOnlyOnRedisAndMongo() : RunningSomeTasksOnly(StorePair.RedisAndMongo);
