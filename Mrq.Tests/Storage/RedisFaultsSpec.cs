using System.Threading.Channels;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

/// <summary>What happens to MRQ when its Redis hangs, dies or forgets: each on a server of its own.</summary>
[Collection(RedisServer.Collection)]
public sealed class RedisFaultsSpec
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_that_hangs_is_told_after_the_deadline_and_served_by_a_new_connection_when_it_goes_on()
    {
        await using var server = await RedisServerProcess.StartAsync();
        await using var node = await RedisNode.OpenAsync(server);
        var ids = await node.EnqueueAsync(3);
        await server.SignalAsync("STOP");

        await TimesOutAsync(node, 3);

        Assert.Equal(1, node.Connection.Rebuilds);
        await server.SignalAsync("CONT");
        Assert.Equal(ids, await node.DequeueAsync());
    }

    [Fact]
    public async Task A_call_waits_for_a_server_that_is_started_again()
    {
        await using var server = await RedisServerProcess.StartAsync();
        await using var node = await RedisNode.OpenAsync(server);
        await node.EnqueueAsync(1);
        await server.KillAsync();
        await node.LogsAsync("is lost (Interactive");

        var enqueue = node.EnqueueAsync(2);
        await server.RestartAsync();

        var ids = await enqueue;
        Assert.Equal(ids, await node.DequeueAsync());
        Assert.Equal(0, node.Connection.Rebuilds);
    }

    [Fact]
    public async Task A_server_that_has_forgotten_everything_gives_no_fence_that_others_remember_as_old()
    {
        await using var server = await RedisServerProcess.StartAsync();
        await using var node = await RedisNode.OpenAsync(server);
        await LeadAsync(node, "a");
        await node.Coordination.ResignAsync("role", "a", Token);
        var before = await LeadAsync(node, "b");
        await node.Connection.RunAsync("test", database => database.ExecuteAsync("FLUSHALL"), Token);
        node.Clock.Skip(TimeSpan.FromSeconds(1));

        Assert.True((await LeadAsync(node, "a"))?.Fence > before?.Fence);
    }

    [Fact]
    public async Task A_call_waits_for_a_server_that_still_reads_its_files()
    {
        using var folder = new TempFolder();
        await using var server = await RedisServerProcess.StartAsync(
            "--dir", folder.Path, "--key-load-delay", "10000", "--loading-process-events-interval-bytes", "1024");
        await using var node = await RedisNode.OpenAsync(server);
        var ids = await node.EnqueueAsync(1);
        // Some hundred keys of a kilobyte, each read with a delay: more than one try to connect takes.
        for (var i = 0; i < 200; i++)
        {
            await node.Connection.RunAsync("test", database => database.StringSetAsync($"filler{i}", new byte[1024]), Token);
        }

        await node.Connection.RunAsync("test", database => database.ExecuteAsync("SAVE"), Token);
        await server.KillAsync();
        await node.LogsAsync("is lost (Interactive");

        var dequeue = node.DequeueAsync();
        await server.RestartAsync();

        Assert.Equal(ids, await dequeue);
    }

    [Fact]
    public async Task A_dequeue_whose_answer_is_lost_leaves_its_ids_in_the_started_set()
    {
        await using var server = await RedisServerProcess.StartAsync();
        await using var node = await RedisNode.OpenAsync(server);
        var ids = await node.EnqueueAsync(3);
        await server.SignalAsync("STOP");
        await node.FailsAsync(node.DequeueAsync);
        await server.SignalAsync("CONT");

        Assert.Empty(await node.DequeueAsync());
        var started = await node.Queues.FindStartedAsync(node.Clock.GetUtcNow().AddSeconds(1), 10, Token);
        Assert.Equal(ids, started.Select(taken => taken.Job));
    }

    [Fact]
    public async Task An_enqueue_that_is_repeated_after_its_answer_was_lost_puts_each_id_once()
    {
        await using var server = await RedisServerProcess.StartAsync();
        await using var node = await RedisNode.OpenAsync(server);
        QueuedId[] ids = [.. Enumerable.Range(0, 3).Select(_ => new QueuedId(JobId.New(TimeProvider.System), QueueName.Default))];
        await server.SignalAsync("STOP");
        await node.FailsAsync(() => node.Queues.EnqueueAsync(ids, atHead: false, Token));
        await server.SignalAsync("CONT");

        await node.Queues.EnqueueAsync(ids, atHead: false, Token);

        Assert.Equal(ids.Select(id => id.Job), await node.Queues.PeekAsync(QueueName.Default, 0, 10, Token));
    }

    [Fact]
    public async Task A_server_that_stays_away_is_told_with_the_word_that_nothing_was_sent()
    {
        await using var server = await RedisServerProcess.StartAsync();
        await using var node = await RedisNode.OpenAsync(server);
        await server.KillAsync();
        await node.LogsAsync("is lost (Interactive");

        var away = await node.FailsAsync(() => node.EnqueueAsync(1));

        Assert.Equal(StorageFailure.NotSent, away.Failure);
        Assert.Contains($"127.0.0.1:{server.Port}", away.Message, StringComparison.Ordinal);
        var check = node.Connection.CheckAsync(Token);
        node.Clock.Skip(TestEngine.Patience);
        Assert.Contains("cannot be reached", Assert.Single(await check).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_refuses_is_told_in_its_own_words()
    {
        await using var server = await RedisServerProcess.StartAsync();
        await using var node = await RedisNode.OpenAsync(server);
        await node.Connection.RunAsync("test", database => database.StringSetAsync(node.Connection.Keys.List("q"), "not a list"), Token);

        var refused = await Assert.ThrowsAsync<StorageUnavailableException>(node.DequeueAsync);

        Assert.Equal(StorageFailure.ServerError, refused.Failure);
        Assert.Contains("WRONGTYPE", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scripts_that_the_server_has_forgotten_are_sent_again()
    {
        await using var server = await RedisServerProcess.StartAsync();
        await using var node = await RedisNode.OpenAsync(server);
        var early = await node.EnqueueAsync(1);
        await FlushAsync();
        var late = await node.EnqueueAsync(2);
        await FlushAsync();

        Assert.Equal([.. early, .. late], await node.DequeueAsync());

        Task FlushAsync() => node.Connection.RunAsync("flush", database => database.ExecuteAsync("SCRIPT", "FLUSH"), Token);
    }

    [Fact]
    public async Task Signals_arrive_after_the_server_was_started_again()
    {
        await using var server = await RedisServerProcess.StartAsync();
        await using var node = await RedisNode.OpenAsync(server);
        await using var other = await RedisNode.OpenAsync(server);
        var heard = other.Listen();
        await server.RestartAsync();

        // Whoever may have missed some looks at everything once.
        await HearsAsync(heard, Changes.All);
        // Health first: what is published on a connection that is just breaking is lost.
        Assert.Empty(await node.Connection.CheckAsync(Token));
        node.Coordination.Publish(Changes.Logs);

        await HearsAsync(heard, Changes.Logs);
    }

    [Fact]
    public async Task Signals_arrive_on_a_connection_that_was_made_anew()
    {
        await using var server = await RedisServerProcess.StartAsync();
        await using var node = await RedisNode.OpenAsync(server);
        await using var other = await RedisNode.OpenAsync(server);
        var heard = other.Listen();
        await server.SignalAsync("STOP");
        await TimesOutAsync(other, 3);
        await server.SignalAsync("CONT");

        await HearsAsync(heard, Changes.All);
        node.Coordination.Publish(Changes.Logs);

        await HearsAsync(heard, Changes.Logs);
        Assert.True(other.Connection.Rebuilds > 0);
    }

    [Fact]
    public async Task Signals_that_come_while_one_is_on_its_way_go_out_as_one()
    {
        await using var server = await RedisServerProcess.StartAsync();
        await using var node = await RedisNode.OpenAsync(server);
        await using var other = await RedisNode.OpenAsync(server);
        var heard = other.Listen();
        await server.SignalAsync("STOP");
        node.Coordination.Publish(Changes.Jobs);
        for (var i = 0; i < 100; i++)
        {
            node.Coordination.Publish(i % 2 == 0 ? Changes.Queues : Changes.Logs);
        }

        await server.SignalAsync("CONT");

        Assert.Equal(Changes.Jobs, await HearAsync(heard));
        Assert.Equal(Changes.Queues | Changes.Logs, await HearAsync(heard));
    }

    [Fact]
    public async Task Closing_does_not_wait_for_a_server_that_hangs()
    {
        await using var server = await RedisServerProcess.StartAsync();
        var node = await RedisNode.OpenAsync(server);
        await server.SignalAsync("STOP");
        node.Coordination.Publish(Changes.Jobs);

        await node.DisposeAsync().AsTask().WaitAsync(TestEngine.Patience, Token);

        await server.SignalAsync("CONT");
    }

    private static Task<LeaderTerm?> LeadAsync(RedisNode node, string who) =>
        node.Coordination.TryLeadAsync("role", who, node.Clock.GetUtcNow(), TimeSpan.FromSeconds(5), Token);

    private static async Task TimesOutAsync(RedisNode node, int times)
    {
        for (var i = 0; i < times; i++)
        {
            var late = await node.FailsAsync(() => node.Queues.ListAsync(Token));
            Assert.Equal(StorageFailure.Timeout, late.Failure);
        }
    }

    private static async Task HearsAsync(ChannelReader<Changes> heard, Changes changes)
    {
        while (await HearAsync(heard) != changes)
        {
        }
    }

    private static Task<Changes> HearAsync(ChannelReader<Changes> heard) => heard.ReadAsync(Token).AsTask().WaitAsync(TestEngine.Patience, Token);
}
