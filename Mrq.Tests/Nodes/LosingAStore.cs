using Mrq.Storage.Redis;
using Mrq.Tests.Support;

namespace Mrq.Tests.Nodes;

/// <summary>Redis or MongoDB goes while a job runs, and comes back.</summary>
public sealed class LosingAStore : IAsyncLifetime
{
    private const int Waiting = 20;

    private readonly TempFolder _folder = new();
    private MrqCluster _cluster = null!;
    private VisitedPlace _place = null!;

    /// <summary>Does the maintenance, and runs no jobs.</summary>
    private MrqNode _leader = null!;

    /// <summary>Runs one job at a time.</summary>
    private MrqNode _runner = null!;

    private static IEnumerable<string> Names => Enumerable.Range(0, Waiting).Select(i => $"{i:00}");

    public async ValueTask InitializeAsync() => _place = await VisitedPlace.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _place.DisposeAsync();
        await _cluster.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_Redis_dies_and_is_started_again_the_job_ends_and_those_behind_it_follow_in_order(bool withItsData)
    {
        var id = await StartAsync(withItsData ? ["--appendonly", "yes", "--appendfsync", "always", "--dir", _folder.Path] : []);

        await _cluster.Redis.RestartAsync();

        await AssertAllEndAsync(id);
    }

    [Fact]
    public async Task When_Redis_loses_everything_the_waiting_jobs_are_back_in_order()
    {
        var id = await StartAsync();

        await FlushAsync();
        await _leader.UntilAsync("/api/queues/default", queue => queue.GetProperty("size").GetInt64() == Waiting);

        await AssertAllEndAsync(id);
    }

    [Fact]
    public async Task When_Redis_hangs_for_a_while_the_job_ends_and_those_behind_it_follow_in_order()
    {
        var id = await StartAsync();

        await _cluster.Redis.SignalAsync("STOP");
        await UntilAwayAsync(_leader);
        await _cluster.Redis.SignalAsync("CONT");

        await AssertAllEndAsync(id);
    }

    [Fact]
    public async Task When_a_job_ends_while_MongoDB_is_away_its_result_is_stored_later_and_it_runs_once()
    {
        var id = await StartAsync();

        _cluster.WayToMongo!.Cut();
        await UntilAwayAsync(_runner);
        _place.Release();
        await UntilAwayAsync(_leader);
        _cluster.WayToMongo.Mend();

        await AssertAllEndAsync(id);
    }

    [Fact]
    public async Task When_MongoDB_is_away_for_long_a_job_that_still_runs_is_not_given_to_another()
    {
        var id = await StartAsync();

        _cluster.WayToMongo!.Cut();
        await UntilAwayAsync(_runner);
        await UntilAwayAsync(_leader);
        _cluster.WayToMongo.Mend();
        // Both have worked again: the maintenance has looked, and the worker reported.
        await _leader.UntilAsync("/health/ready", _ => true);
        await _runner.UntilAsync("/health/ready", _ => true);

        await AssertAllEndAsync(id);
    }

    [Fact]
    public async Task When_MongoDB_is_away_for_the_node_with_the_maintenance_alone_another_one_does_it()
    {
        _cluster = await MrqCluster.StartBreakableAsync();
        _leader = await _cluster.StartNodeAsync("--workers", "false");
        _runner = await _cluster.StartNodeAsync("--mongodb", _cluster.DirectMongo);

        _cluster.WayToMongo!.Cut();
        var delayed = (await _runner.PostAsync("/api/jobs", new { path = "samples.fetch", @params = _place.Passing("delayed"), delay = 0.1 })).GetProperty("id").GetString()!;

        await _runner.UntilAsync(delayed, "success");
    }

    [Fact]
    public async Task When_MongoDB_hangs_for_a_while_the_job_ends_and_those_behind_it_follow_in_order()
    {
        var id = await StartAsync();

        await _cluster.MongoServer.SignalAsync("STOP");
        _place.Release();
        await UntilAwayAsync(_runner);
        await _cluster.MongoServer.SignalAsync("CONT");

        await AssertAllEndAsync(id);
    }

    /// <summary>One job runs, twenty wait behind it.</summary>
    /// <returns>Id of the one that runs.</returns>
    private async Task<string> StartAsync(params string[] redis)
    {
        _cluster = await MrqCluster.StartBreakableAsync(redis);
        _leader = await _cluster.StartNodeAsync("--workers", "false");
        _runner = await _cluster.StartNodeAsync("--concurrency", "1", "--prefetch", "0");
        var id = await _leader.EnqueueAsync("samples.fetch", _place.Staying("first"));
        await _place.ArrivalAsync();
        await _leader.EnqueueManyAsync("samples.fetch", Names.Select(_place.Passing));
        return id;
    }

    private async Task AssertAllEndAsync(string id)
    {
        _place.Release();
        var job = await _leader.UntilAsync(id, "success");
        // The documents are asked, not the totals: those that an outage left wrong are put right within a minute.
        await _leader.UntilAsync("/api/jobs?limit=1&status=live", page => page.GetProperty("jobs").GetArrayLength() == 0);

        Assert.Equal(1, job.GetProperty("attempt").GetInt32());
        Assert.Equal(200, job.GetProperty("result").GetProperty("status").GetInt32());
        Assert.Equal(["first", .. Names], _place.Order);
        Assert.Equal(Waiting + 1, (await _runner.GetAsync("/api/jobs?limit=100&status=success")).GetProperty("jobs").GetArrayLength());
    }

    /// <summary>Waits until a node itself says that a store is away.</summary>
    private static async Task UntilAwayAsync(MrqNode node)
    {
        while (true)
        {
            using var answer = await node.Http.GetAsync("/health/ready", TestContext.Current.CancellationToken);
            if (!answer.IsSuccessStatusCode)
            {
                return;
            }
        }
    }

    private async Task FlushAsync()
    {
        using var redis = await RedisDriver.ConnectAsync(RedisAddress.Parse(_cluster.Redis.Address));
        await redis.GetDatabase().ExecuteAsync("FLUSHALL");
    }
}
