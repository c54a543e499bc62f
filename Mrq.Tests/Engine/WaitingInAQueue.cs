using System.Collections.Concurrent;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

/// <summary>In which order jobs of a queue run, how many it says it has, and which queues are known, line by line as the original's own suite has it.</summary>
public abstract class WaitingInAQueue(StorePair pair) : EngineSpec(pair)
{
    private readonly ConcurrentQueue<string> _ran = new();
    private readonly Gate _gate = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private sealed record Noted(string Text = "");

    [Theory]
    [InlineData("q", "q", "a,b,c,d")]
    [InlineData("q_reverse", "q_reverse", "d,c,b,a")]
    [InlineData("q", "q_reverse", "d,c,b,a")]
    public async Task Jobs_run_oldest_first_and_newest_first_where_the_queue_is_reversed(string queue, string listened, string expected)
    {
        await using (var mrq = await StartEngineAsync(Tasks, workers: false))
        {
            foreach (var text in (string[])["a", "b", "c", "d"])
            {
                await EnqueueAsync(mrq, queue, text);
            }
        }

        await using var worker = await StartAsync(listened);

        await WaitForRunsAsync(worker, 4);
        Assert.Equal(expected.Split(','), _ran);
    }

    [Fact]
    public async Task A_waiting_job_that_is_requeued_moves_to_the_end()
    {
        await using (var mrq = await StartEngineAsync(Tasks, workers: false))
        {
            var first = await EnqueueAsync(mrq, "q", "a");
            await EnqueueAsync(mrq, "q", "b");
            await EnqueueAsync(mrq, "q", "c");

            Assert.Empty((await mrq.Control.ApplyAsync(JobAction.Requeue, [first], null, Token)).Refused);
            Assert.Equal(3, await mrq.WaitingAsync("q"));
        }

        await using var worker = await StartAsync("q");

        await WaitForRunsAsync(worker, 3);
        Assert.Equal(["b", "c", "a"], _ran);
    }

    [Fact]
    public async Task Its_size_is_1_after_the_enqueue_0_after_success_or_failure_and_1_after_a_requeue()
    {
        JobId succeeds, fails;
        await using (var mrq = await StartEngineAsync(Tasks, workers: false))
        {
            succeeds = await EnqueueAsync(mrq, "q", "a");
            Assert.Equal(1, await mrq.WaitingAsync("q"));
        }

        await using (var worker = await StartAsync("q"))
        {
            Assert.Equal(JobStatus.Success, (await worker.WaitForEndAsync(succeeds)).Status);
            Assert.Equal(0, await worker.WaitingAsync("q"));

            fails = await worker.EnqueueAsync("fail", with: r => r with { Queue = new QueueName("q") });
            Assert.Equal(JobStatus.Failed, (await worker.WaitForEndAsync(fails)).Status);
            Assert.Equal(0, await worker.WaitingAsync("q"));
        }

        await using var people = await StartEngineAsync(Tasks, workers: false);
        await people.Control.ApplyAsync(JobAction.Requeue, [fails], null, Token);
        Assert.Equal(1, await people.WaitingAsync("q"));
        await people.Control.ApplyAsync(JobAction.Requeue, [succeeds], null, Token);
        Assert.Equal(2, await people.WaitingAsync("q"));
    }

    [Fact]
    public async Task A_queue_is_known_from_its_first_job_until_its_last_is_gone()
    {
        var queue = new QueueName("q");
        await using (var watching = await StartAsync("q", "sub/"))
        {
            // It has looked at its queues when it has run a job of another.
            await watching.WaitForEndAsync(await EnqueueAsync(watching, "sub/other", "a"));
            Assert.DoesNotContain(queue, await NamesAsync(watching));
        }

        await using var mrq = await StartEngineAsync(
            b =>
            {
                Tasks(b);
                b.Configure(o => o.DefaultCancelTtl = TimeSpan.Zero);
            },
            workers: false);
        await EnqueueAsync(mrq, "q", "a");
        await EnqueueAsync(mrq, "q", "b");
        Assert.Contains(queue, await NamesAsync(mrq));

        Assert.Equal(2, await mrq.Get<QueueControl>().PurgeAsync(queue, Token));

        await mrq.WaitUntilAsync(async () => !(await NamesAsync(mrq)).Contains(queue));
        Assert.Empty(await mrq.Queues.ListAsync(Token));
        Assert.Empty((await mrq.Queries.FindAsync(new JobFilter { Queue = "q" }, new JobPageRequest(), Token)).Jobs);
    }

    [Fact]
    public async Task A_raw_sub_queue_is_known_from_its_first_entry_until_its_last_is_taken()
    {
        await using var mrq = await StartEngineAsync(
            b => b.AddTask<Noted>("hold", (_, _, token) => _gate.PassAsync(token)).AddRawQueue("clicks_raw/", _ => new JobRequest { Path = "hold" }),
            w => (w.Queues, w.Concurrency, w.Prefetch) = ([new QueueName("clicks_raw/")], 1, 0));
        var queue = new QueueName("clicks_raw/eu");
        Assert.DoesNotContain(queue, await NamesAsync(mrq));

        await mrq.Get<RawQueueClient>().EnqueueAsync(queue, ["a", "b"], Token);
        await _gate.WaitForArrivalsAsync();
        Assert.Contains(queue, await NamesAsync(mrq));
        _gate.Open();

        await mrq.WaitUntilAsync(async () => !(await NamesAsync(mrq)).Contains(queue));
        await _gate.WaitForArrivalsAsync();
    }

    [Theory]
    [InlineData(1, 50)]
    [InlineData(10, 5)]
    public async Task A_hundred_jobs_run_fifty_at_once_on_one_worker_or_on_ten_and_each_has_its_own_result(int workers, int concurrency)
    {
        var engines = new List<TestEngine>();
        try
        {
            for (var i = 0; i < workers; i++)
            {
                engines.Add(await StartEngineAsync(Tasks, w => (w.Concurrency, w.Prefetch) = (concurrency, 0)));
            }

            var ids = await engines[0].Client.EnqueueManyAsync(
                [.. Enumerable.Range(0, 100).Select(i => new JobRequest { Path = "hold", Params = $$"""{"text":"{{i}}"}""" })], Token);
            await _gate.WaitForArrivalsAsync(50);
            _gate.Open();

            for (var i = 0; i < ids.Count; i++)
            {
                Assert.Equal($"\"{i}\"", (await engines[0].WaitForEndAsync(ids[i].Id)).Result);
            }

            Assert.Equal(100, _gate.Arrivals);
        }
        finally
        {
            foreach (var engine in engines)
            {
                await engine.DisposeAsync();
            }
        }
    }

    private void Tasks(MrqBuilder b) => b
        .AddTask<Noted>("note", (p, _, _) =>
        {
            _ran.Enqueue(p.Text);
            return Task.CompletedTask;
        })
        .AddTask<NoParams>("fail", (_, _, _) => Task.FromException(new InvalidDataException("as asked")))
        .AddTask<Noted, string>("hold", async (p, _, token) =>
        {
            await _gate.PassAsync(token);
            return p.Text;
        });

    private Task<TestEngine> StartAsync(params string[] queues) =>
        StartEngineAsync(Tasks, w => (w.Concurrency, w.Queues) = (1, [.. queues.Select(queue => new QueueName(queue))]));

    private static Task<JobId> EnqueueAsync(TestEngine mrq, string queue, string text) =>
        mrq.EnqueueAsync("note", $$"""{"text":"{{text}}"}""", r => r with { Queue = new QueueName(queue) });

    private static async Task<IReadOnlyList<QueueName>> NamesAsync(TestEngine mrq) =>
        [.. (await mrq.Get<QueueControl>().ListAsync(Token)).Select(queue => queue.Name)];

    private Task WaitForRunsAsync(TestEngine mrq, int count) => mrq.WaitUntilAsync(() => Task.FromResult(_ran.Count >= count));
}

public sealed class WaitingInAQueueOnSqlite() : WaitingInAQueue(StorePair.Sqlite);

public sealed class WaitingInAQueueOnRedisAndMongo() : WaitingInAQueue(StorePair.RedisAndMongo);
