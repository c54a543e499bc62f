using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Storage.Redis;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Storage;

/// <summary>Someone other than MRQ changes its lists: a person with redis-cli, or the original MRQ on the same prefix.</summary>
[Collection(RedisServer.Collection)]
public sealed class RedisForeignChanges
{
    private static readonly QueueName Q = new("q");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ids_of_a_list_that_was_deleted_are_missing_and_can_be_queued_again()
    {
        await using var server = await RedisServerProcess.StartAsync();
        await using var node = await RedisNode.OpenAsync(server);
        var ids = await node.EnqueueAsync(3);
        await node.Connection.RunAsync("test", database => database.KeyDeleteAsync(node.Connection.Keys.List("q")), Token);

        Assert.Empty(await node.Queues.ListAsync(Token));
        Assert.Equal(ids, await node.Queues.FindMissingAsync(Q, ids, Token));
        await node.Queues.EnqueueAsync([.. ids.Select(id => new QueuedId(id, Q))], atHead: false, Token);
        Assert.Equal(ids, await node.DequeueAsync());
    }

    [Fact]
    public async Task Ids_that_were_pushed_past_us_are_taken_and_are_not_missing()
    {
        await using var server = await RedisServerProcess.StartAsync();
        await using var node = await RedisNode.OpenAsync(server);
        var ours = await node.EnqueueAsync(1);
        var theirs = JobId.New(TimeProvider.System);
        await node.Connection.RunAsync(
            "test", database => database.ListRightPushAsync(node.Connection.Keys.List("q"), theirs.ToByteArray()), Token);

        Assert.Empty(await node.Queues.FindMissingAsync(Q, [.. ours, theirs], Token));
        Assert.Equal([.. ours, theirs], await node.DequeueAsync());
        Assert.Empty(await node.Queues.FindMissingAsync(Q, [.. ours, theirs], Token));
    }

    [Fact]
    public async Task A_long_list_is_read_in_pages()
    {
        await using var server = await RedisServerProcess.StartAsync();
        await using var node = await RedisNode.OpenAsync(server);
        var ids = await node.EnqueueAsync(25_000);
        await node.Connection.RunAsync("test", database => database.KeyDeleteAsync(node.Connection.Keys.Queued), Token);
        var lost = JobId.New(TimeProvider.System);

        Assert.Equal([lost], await node.Queues.FindMissingAsync(Q, [ids[0], lost, ids[^1], ids[12_000]], Token));
    }

    [Fact]
    public async Task Entries_that_are_not_ids_are_passed_over()
    {
        await using var server = await RedisServerProcess.StartAsync();
        await using var node = await RedisNode.OpenAsync(server);
        var first = await node.EnqueueAsync(1);
        await node.Connection.RunAsync("test", database => database.ListRightPushAsync(node.Connection.Keys.List("q"), "strange"), Token);
        var last = await node.EnqueueAsync(1);

        Assert.Equal([.. first, .. last], await node.Queues.PeekAsync(Q, 0, 10, Token));
        Assert.Equal([.. first, .. last], await node.DequeueAsync());
    }

    [Fact]
    public async Task Raw_queues_of_the_original_are_taken_from_by_their_names_and_listed_from_then_on()
    {
        await using var server = await RedisServerProcess.StartAsync();
        await using var node = await RedisNode.OpenAsync(server);
        var (queue, contents) = (new QueueName("x_timed_set"), new RedisRawQueueContents(node.Connection));
        await node.Connection.RunAsync(
            "test", database => database.SortedSetAddAsync(node.Connection.Keys.List("x_timed_set"), [new("a", 1.5), new("b", 2), new("c", 4e12)]), Token);
        var request = new RawDequeue
        {
            Worker = new WorkerId("w"),
            Queues = [queue],
            Served = [new ServedRawQueue(queue, false, null)],
            Jobs = [JobId.New(TimeProvider.System)],
            Now = node.Clock.GetUtcNow(),
        };

        Assert.Empty(await contents.ListAsync(request.Now, Token));
        Assert.Equal(new RawEntry(queue, "a", 1.5), Assert.Single(await new RedisRawQueueStore(node.Connection).DequeueAsync(request, Token)).Entry);
        Assert.Equal(new RawQueueSize(queue, 2, 1, false, 0), Assert.Single(await contents.ListAsync(request.Now, Token)));
    }
}
