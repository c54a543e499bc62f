using System.Text.Json;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Tests.Support;

namespace Mrq.Tests.Api;

public abstract class RawQueuesSpec(StorePair pair) : ApiSpec
{
    protected override Task<MrqServer> StartAsync() => MrqServer.StartAsync(
        mrq =>
        {
            Tasks.Register(mrq);
            mrq.AddRawQueue("clicks_raw", raw => raw == "bad" ? throw new FormatException("not a click") : new JobRequest { Path = "test.nothing" });
            mrq.AddRawQueue(
                "slow_timed_set", _ => new JobRequest { Path = "test.nothing" },
                new RawQueueOptions { RetryQueue = new QueueName("later"), Pushback = TimeSpan.FromMinutes(1), NoStorage = JobStatuses.Of(JobStatus.Started, JobStatus.Success) });
            mrq.AddWorkers(w => w.Queues = [new QueueName("clicks_raw")]);
        },
        pair: pair);

    [Fact]
    public async Task Texts_are_put_in_listed_and_taken_out()
    {
        var added = await Server.PostAsync("/api/queues/a_raw/raw", """{"params":["x","y","x"]}""");
        Assert.Equal((201, "3"), ((int)added.Status, added.At("accepted")));

        Assert.Equal("1", (await Server.SendAsync(HttpMethod.Delete, "/api/queues/a_raw/raw", """{"params":["x"]}""")).At("removed"));

        var entries = (await Server.GetAsync("/api/queues/a_raw/raw?limit=10")).Json.GetProperty("entries");
        Assert.Equal(["y", "x"], entries.EnumerateArray().Select(e => e.GetProperty("params").GetString()));
        Assert.Equal("list", (await Server.GetAsync("/api/queues/a_raw")).At("raw"));
        Assert.Equal("2", (await Server.PostAsync("/api/queues/a_raw/purge")).At("cancelled"));
        Assert.Empty((await Server.GetAsync("/api/queues/a_raw/raw")).Json.GetProperty("entries").EnumerateArray());
    }

    [Fact]
    public async Task A_sorted_set_is_counted_by_score()
    {
        await Server.PostAsync("/api/queues/main%2Fa_sorted_set/raw", """{"scores":{"000":-1,"aaa":1,"aaa2":1.5,"bbb":2,"ccc":4}}""");

        Assert.Equal("[1,2,1,0,1]", (await Server.GetAsync("/api/queues/main%2Fa_sorted_set/graph?start=1&stop=4&slices=3&include_inf=true")).Json.GetProperty("counts").GetRawText());
        Assert.Equal("[2,1,0]", (await Server.GetAsync("/api/queues/main%2Fa_sorted_set/graph?start=1&stop=4&slices=3")).Json.GetProperty("counts").GetRawText());
    }

    [Fact]
    public async Task A_timed_set_says_how_much_is_due()
    {
        await Server.PostAsync("/api/queues/a_timed_set/raw", """{"params":["now"],"scores":{"later":4000000000}}""");

        var queue = Assert.Single((await Server.GetAsync("/api/queues")).Json.GetProperty("queues").EnumerateArray(), q => q.GetProperty("name").GetString() == "a_timed_set");
        Assert.Equal((2, 1, "timed_set"), (queue.GetProperty("size").GetInt32(), queue.GetProperty("due").GetInt32(), queue.GetProperty("raw").GetString()));
    }

    [Fact]
    public async Task A_raw_queue_that_this_process_makes_jobs_for_is_there_when_it_is_empty_and_says_how()
    {
        Assert.Equal(["clicks_raw", "slow_timed_set"], (await Server.GetAsync("/api/queues")).Json.GetProperty("queues").EnumerateArray().Select(q => q.GetProperty("name").GetString()));
        Assert.Equal(
            """{"path":null,"parser":null,"retry_queue":"later","pushback_seconds":60,"statuses_no_storage":["started","success"]}""",
            (await Server.GetAsync("/api/queues/slow_timed_set")).Json.GetProperty("factory").GetRawText());
        await Server.PostAsync("/api/queues/invented_raw/raw", """{"params":["x"]}""");
        Assert.Equal(JsonValueKind.Null, (await Server.GetAsync("/api/queues/invented_raw")).Json.GetProperty("factory").ValueKind);
    }

    [Fact]
    public async Task Prometheus_gets_what_waits_is_due_and_was_rejected()
    {
        await Server.PostAsync("/api/queues/a_timed_set/raw", """{"params":["now"],"scores":{"later":4000000000}}""");

        var metrics = (await Server.GetAsync("/metrics")).Text;

        foreach (var line in (string[])["size{queue=\"a_timed_set\"} 2", "due{queue=\"a_timed_set\"} 1", "rejected{queue=\"a_timed_set\"} 0"])
        {
            Assert.Contains($"\nmrq_raw_queue_{line}\n", metrics, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Rejected_entries_are_listed_put_back_and_dropped()
    {
        await Server.PostAsync("/api/queues/clicks_raw/pause");
        await Server.PostAsync("/api/queues/clicks_raw/raw", """{"params":["bad"]}""");
        var contents = Server.Get<Mrq.Storage.IRawQueueContents>();
        await Server.PostAsync("/api/queues/clicks_raw/resume");
        using var changed = new SemaphoreSlim(0);
        using var subscription = Server.Get<Mrq.Storage.ICoordination>().Subscribe(_ => changed.Release());
        while ((await contents.ListRejectedAsync(new QueueName("clicks_raw"), 0, 1, TestContext.Current.CancellationToken)).Count == 0)
        {
            await changed.WaitAsync(TestContext.Current.CancellationToken).WaitAsync(TestEngine.Patience, TestContext.Current.CancellationToken);
        }

        await Server.PostAsync("/api/queues/clicks_raw/pause");
        var rejected = Assert.Single((await Server.GetAsync("/api/queues/clicks_raw/rejected")).Json.GetProperty("rejected").EnumerateArray());
        Assert.Equal("not a click", rejected.GetProperty("error").GetString());
        var id = rejected.GetProperty("id").GetString();
        Assert.Equal("1", (await Server.PostAsync("/api/queues/clicks_raw/rejected", $$"""{"action":"put_back","ids":["{{id}}"]}""")).At("settled"));
        Assert.Equal("0", (await Server.PostAsync("/api/queues/clicks_raw/rejected", $$"""{"action":"drop","ids":["{{id}}"]}""")).At("settled"));
        Assert.Equal("1", (await Server.GetAsync("/api/queues/clicks_raw")).At("size"));
    }

    [Fact]
    public async Task What_is_wrong_is_named()
    {
        AssertProblem(await Server.PostAsync("/api/queues/default/raw", """{"params":["x"]}"""), 422, "'default' is not a raw queue");
        AssertProblem(await Server.PostAsync("/api/queues/a_raw/raw", """{"scores":{"x":1}}"""), 422, "has no scores");
        AssertProblem(await Server.PostAsync("/api/queues/a_sorted_set/raw", """{"params":["x"]}"""), 422, "score: is required");
        AssertProblem(await Server.PostAsync("/api/queues/a_raw/raw", "{}"), 422, "params: is required");
        AssertProblem(await Server.PostAsync("/api/queues/a_sorted_set/raw", """{"scores":{"x":"y"}}"""), 422, "scores: must have a number");
        AssertProblem(await Server.GetAsync("/api/queues/a_sorted_set/graph?start=2&stop=1"), 422, "stop: must be above start");
        AssertProblem(await Server.GetAsync("/api/queues/a_raw/graph"), 422, "has no scores");
        AssertProblem(await Server.PostAsync("/api/jobs", """{"path":"test.nothing","queue":"a_raw"}"""), 422, "queue: 'a_raw' is a raw queue");
    }
}

public sealed class RawQueuesSpecOnSqlite() : RawQueuesSpec(StorePair.Sqlite);

public sealed class RawQueuesSpecOnRedisAndMongo() : RawQueuesSpec(StorePair.RedisAndMongo);
