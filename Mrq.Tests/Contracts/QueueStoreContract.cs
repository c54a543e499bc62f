using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;

namespace Mrq.Tests.Contracts;

/// <summary>What every <see cref="IQueueStore"/> does.</summary>
public abstract class QueueStoreContract(StoreFamily family) : StoreContract(family)
{
    [Fact]
    public async Task Ids_are_taken_in_the_order_in_which_they_were_put()
    {
        var ids = await EnqueueAsync(Q, 5);

        Assert.Equal(ids[..3], await DequeueAsync(3, Q));
        Assert.Equal(ids[3..], await DequeueAsync(10, Q));
        Assert.Empty(await DequeueAsync(10, Q));
    }

    [Fact]
    public async Task Ids_put_at_the_head_run_first_and_keep_their_order()
    {
        var later = await EnqueueAsync(Q, 2);
        var first = await EnqueueAsync(Q, 3, atHead: true);

        Assert.Equal([.. first, .. later], await PeekAsync(Q));
        Assert.Equal([.. first, .. later], await DequeueAsync(10, Q));
    }

    [Fact]
    public async Task The_first_queue_that_has_some_is_emptied_before_the_next()
    {
        var low = await EnqueueAsync(Other, 2);
        var high = await EnqueueAsync(Q, 2);

        var taken = await Queues.DequeueAsync([Q, Other], 3, Now, Token);

        Assert.Equal([new(high[0], Q), new(high[1], Q), new QueuedId(low[0], Other)], taken);
    }

    [Fact]
    public async Task A_queue_in_one_batch_with_others_keeps_its_own_order()
    {
        var ids = Enumerable.Range(0, 6).Select(_ => JobId.New(Clock)).ToArray();
        await Queues.EnqueueAsync([.. ids.Select((id, i) => new QueuedId(id, i % 2 == 0 ? Q : Other))], atHead: false, Token);

        Assert.Equal([ids[0], ids[2], ids[4]], await DequeueAsync(10, Q));
        Assert.Equal([ids[1], ids[3], ids[5]], await DequeueAsync(10, Other));
    }

    [Fact]
    public async Task A_reverse_queue_gives_its_newest_first()
    {
        var reverse = new QueueName("q_reverse");
        var ids = await EnqueueAsync(reverse, 3);

        Assert.Equal(ids.Reverse(), await PeekAsync(reverse));
        Assert.Equal([ids[2]], await DequeueAsync(1, reverse));
        Assert.Equal([ids[1], ids[0]], await DequeueAsync(5, reverse));
    }

    [Fact]
    public async Task What_is_put_at_the_head_of_a_reverse_queue_runs_first_too()
    {
        var reverse = new QueueName("q_reverse");
        var later = await EnqueueAsync(reverse, 1);
        var first = await EnqueueAsync(reverse, 2, atHead: true);

        Assert.Equal([.. first, .. later], await PeekAsync(reverse));
        Assert.Equal([.. first, .. later], await DequeueAsync(5, reverse));
    }

    [Fact]
    public async Task Listening_to_the_reverse_of_a_queue_takes_the_newest_of_that_queue()
    {
        var ids = await EnqueueAsync(Q, 3);

        Assert.Equal([ids[2], ids[1]], await DequeueAsync(2, new QueueName("q_reverse")));
        Assert.Equal([ids[0]], await DequeueAsync(2, Q));
    }

    [Fact]
    public async Task Ids_of_higher_priority_come_first_each_in_their_order()
    {
        var ids = await EnqueueWithPrioritiesAsync(Q, 0, 5, 9, 5, 0, 1);
        JobId[] expected = [ids[2], ids[1], ids[3], ids[5], ids[0], ids[4]];

        Assert.Equal(expected, await PeekAsync(Q));
        Assert.Equal(expected[1..3], await Queues.PeekAsync(Q, 1, 2, Token));
        Assert.Equal([new QueueSize(Q, 6, false)], await Queues.ListAsync(Token));
        var taken = await Queues.DequeueAsync([Q], 4, Now, Token);
        Assert.Equal([new(ids[2], Q, 9), new(ids[1], Q, 5), new(ids[3], Q, 5), new QueuedId(ids[5], Q, 1)], taken);
        Assert.Equal(taken.OrderBy(t => t.Job), (await Queues.FindStartedAsync(Now.AddSeconds(1), 10, Token)).OrderBy(t => t.Job));
        Assert.Equal(expected[4..], await DequeueAsync(10, Q));
        Assert.Empty(await Queues.ListAsync(Token));
    }

    [Fact]
    public async Task At_the_head_an_id_is_before_those_of_its_priority_only()
    {
        var ids = await EnqueueWithPrioritiesAsync(Q, 3, 0);
        var back = JobId.New(Clock);
        await Queues.EnqueueAsync([new QueuedId(back, Q)], atHead: true, Token);
        var urgent = JobId.New(Clock);
        await Queues.EnqueueAsync([new QueuedId(urgent, Q, 3)], atHead: true, Token);

        Assert.Equal([urgent, ids[0], back, ids[1]], await PeekAsync(Q));
        Assert.Equal([urgent, ids[0], back, ids[1]], await DequeueAsync(10, Q));
    }

    [Fact]
    public async Task A_reverse_queue_gives_the_newest_of_the_highest_priority_first()
    {
        var reverse = new QueueName("q_reverse");
        var own = await EnqueueWithPrioritiesAsync(reverse, 0, 2, 2, 0);
        var forward = await EnqueueWithPrioritiesAsync(Q, 0, 4, 4, 0);

        Assert.Equal([own[2], own[1], own[3], own[0]], await PeekAsync(reverse));
        Assert.Equal(
            [own[2], own[1], own[3], own[0], forward[2], forward[1], forward[3], forward[0]], await DequeueAsync(10, reverse));
    }

    [Fact]
    public async Task Sub_queues_and_pauses_hold_for_every_priority()
    {
        var a = await EnqueueWithPrioritiesAsync(new QueueName("main/a"), 0, 9);
        var ab = await EnqueueWithPrioritiesAsync(new QueueName("main/a/b"), 9, 0);
        await EnqueueWithPrioritiesAsync(new QueueName("main/c"), 9, 0);
        await EnqueueWithPrioritiesAsync(new QueueName("main"), 9);
        await Queues.SetPausedAsync(new QueueName("main/c"), true, Token);

        Assert.Equal([a[1], a[0], ab[0], ab[1]], await DequeueAsync(10, new QueueName("main/")));
        Assert.Equal(
            [new(new QueueName("main"), 1, false), new QueueSize(new QueueName("main/c"), 2, true)], await Queues.ListAsync(Token));
    }

    [Fact]
    public async Task An_id_is_removed_moved_and_missed_whatever_its_priority()
    {
        var ids = await EnqueueWithPrioritiesAsync(Q, 0, 6, 6);
        var gone = JobId.New(Clock);

        Assert.Equal([gone], await Queues.FindMissingAsync(Q, [.. ids, gone], Token));
        Assert.Equal(1, await Queues.RemoveAsync([new QueuedId(ids[1], Q), new QueuedId(ids[2], Other)], Token));
        await Queues.EnqueueAsync([new QueuedId(ids[2], Q, 1)], atHead: false, Token);
        Assert.Equal([ids[2], ids[0]], await PeekAsync(Q));
        await Queues.EnqueueAsync([new QueuedId(ids[2], Q)], atHead: false, Token);
        Assert.Equal([new QueueSize(Q, 2, false)], await Queues.ListAsync(Token));
        Assert.Equal([new QueuedId(ids[2], Q)], await Queues.DequeueAsync([new QueuedId(ids[2], Q)], Now, Token));
        Assert.Equal([ids[0]], await DequeueAsync(10, Q));
    }

    [Fact]
    public async Task Ids_that_are_named_are_taken_with_the_priority_that_they_have()
    {
        var ids = await EnqueueWithPrioritiesAsync(Q, 4, 0, 4);

        Assert.Equal(
            [new(ids[0], Q, 4), new(ids[1], Q), new QueuedId(ids[2], Q, 4)],
            (await Queues.DequeueAsync([.. ids.Select(id => new QueuedId(id, Q))], Now, Token)).OrderBy(id => id.Job));
        Assert.Equal([4, 0, 4], (await Queues.FindStartedAsync(Now.AddSeconds(1), 10, Token)).OrderBy(id => id.Job).Select(id => id.Priority));
    }

    [Fact]
    public async Task A_name_that_ends_in_a_slash_takes_its_sub_queues_and_nothing_else()
    {
        string[] inside = ["main/", "main/sub", "main/sub/nested"];
        string[] outside = ["main", "main_", "/main", "mainx/sub", "other"];
        foreach (var name in inside.Concat(outside))
        {
            await EnqueueAsync(new QueueName(name), 1);
        }

        var taken = await Queues.DequeueAsync([new QueueName("main/")], 10, Now, Token);

        Assert.Equal(inside, taken.Select(t => t.Queue.Value));
        Assert.Equal(outside.Order(StringComparer.Ordinal), (await Queues.ListAsync(Token)).Select(q => q.Queue.Value));
    }

    [Fact]
    public async Task A_paused_queue_gives_none_until_it_is_resumed()
    {
        var ids = await EnqueueAsync(Q, 2);
        await Queues.SetPausedAsync(Q, paused: true, Token);

        Assert.Empty(await DequeueAsync(10, Q));
        Assert.Equal(new QueueSize(Q, 2, Paused: true), Assert.Single(await Queues.ListAsync(Token)));
        await Queues.SetPausedAsync(Q, paused: false, Token);
        Assert.Equal(ids, await DequeueAsync(10, Q));
    }

    [Theory]
    [InlineData("high", "high,high/,high/sub")]
    [InlineData("high/", "high/,high/sub")]
    [InlineData("high/sub", "high/sub")]
    public async Task Pausing_reaches_the_sub_queues(string paused, string expected)
    {
        string[] all = ["high", "high/", "high/sub", "highest", "other"];
        foreach (var name in all)
        {
            await EnqueueAsync(new QueueName(name), 1);
        }

        await Queues.SetPausedAsync(new QueueName(paused), paused: true, Token);

        Assert.Equal(expected.Split(','), (await Queues.ListAsync(Token)).Where(q => q.Paused).Select(q => q.Queue.Value));
        Assert.Equal(
            all.Except(expected.Split(','), StringComparer.Ordinal),
            (await Queues.DequeueAsync([.. all.Select(n => new QueueName(n))], 10, Now, Token)).Select(t => t.Queue.Value));
    }

    [Fact]
    public async Task Resuming_with_a_slash_releases_the_queue_and_all_under_it()
    {
        foreach (var name in (string[])["high", "high/sub", "higher"])
        {
            await Queues.SetPausedAsync(new QueueName(name), paused: true, Token);
        }

        await Queues.SetPausedAsync(new QueueName("high/"), paused: false, Token);

        Assert.Equal(["higher"], (await Queues.ListAsync(Token)).Select(q => q.Queue.Value));
    }

    [Fact]
    public async Task A_paused_queue_without_ids_is_listed()
    {
        await Queues.SetPausedAsync(Q, paused: true, Token);
        await Queues.SetPausedAsync(Q, paused: true, Token);

        Assert.Equal(new QueueSize(Q, 0, Paused: true), Assert.Single(await Queues.ListAsync(Token)));
    }

    [Fact]
    public async Task Sizes_follow_every_change()
    {
        var ids = await EnqueueAsync(Q, 10);
        await EnqueueAsync(Other, 2, atHead: true);
        await DequeueAsync(3, Q);
        await Queues.RemoveAsync([new QueuedId(ids[5], Q), new QueuedId(ids[5], Q), new QueuedId(ids[6], Other)], Token);

        Assert.Equal([new(Other, 2, Paused: false), new QueueSize(Q, 6, Paused: false)], await Queues.ListAsync(Token));
        await DequeueAsync(10, Q);
        await DequeueAsync(10, Other);
        Assert.Empty(await Queues.ListAsync(Token));
    }

    [Fact]
    public async Task An_id_that_waits_already_moves_instead_of_waiting_twice()
    {
        var ids = await EnqueueAsync(Q, 3);

        await Queues.EnqueueAsync([new QueuedId(ids[0], Q)], atHead: false, Token);

        Assert.Equal([ids[1], ids[2], ids[0]], await PeekAsync(Q));
        await Queues.EnqueueAsync([new QueuedId(ids[1], Other)], atHead: false, Token);
        Assert.Equal([ids[2], ids[0]], await PeekAsync(Q));
        Assert.Equal([new(Other, 1, Paused: false), new QueueSize(Q, 2, Paused: false)], await Queues.ListAsync(Token));
    }

    [Fact]
    public async Task Taken_ids_stay_in_the_started_set_until_they_are_forgotten()
    {
        var early = await EnqueueAsync(Q, 1);
        await DequeueAsync(1, Q);
        Clock.Advance(TimeSpan.FromSeconds(10));
        var late = await EnqueueAsync(Other, 2);
        await DequeueAsync(2, Other);

        Assert.Equal([new QueuedId(early[0], Q)], await Queues.FindStartedAsync(Now, 10, Token));
        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(
            [new(early[0], Q), new(late[0], Other), new QueuedId(late[1], Other)], await Queues.FindStartedAsync(Now, 10, Token));
        Assert.Equal(2, (await Queues.FindStartedAsync(Now, 2, Token)).Count);
        await Queues.ForgetStartedAsync([early[0], late[1], JobId.New(Clock)], Token);
        Assert.Equal([new QueuedId(late[0], Other)], await Queues.FindStartedAsync(Now, 10, Token));
    }

    [Theory]
    [InlineData("q")]
    [InlineData("q_reverse")]
    public async Task Given_ids_are_taken_from_between_the_others_which_keep_their_order(string name)
    {
        var queue = new QueueName(name);
        var ids = await EnqueueAsync(queue, 1_000);
        var elsewhere = await EnqueueAsync(Other, 2);
        QueuedId[] wanted = [new(ids[0], queue), new(ids[3], queue), new(ids[500], queue), new(ids[999], queue), new(elsewhere[1], Other)];

        var taken = await Queues.DequeueAsync(wanted, Now, Token);

        Assert.Equal(wanted, taken);
        Assert.Equal([new(Other, 1, Paused: false), new QueueSize(queue, 996, Paused: false)], await Queues.ListAsync(Token));
        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(wanted.ToHashSet(), (await Queues.FindStartedAsync(Now, 10, Token)).ToHashSet());
        var left = ids.Except(wanted.Select(id => id.Job));
        Assert.Equal(queue.IsReverse ? left.Reverse() : left, await DequeueAsync(2_000, queue));
    }

    [Fact]
    public async Task Of_given_ids_only_those_are_taken_that_wait_in_that_queue()
    {
        var ids = await EnqueueAsync(Q, 3);
        await DequeueAsync(1, Q);
        await Queues.SetPausedAsync(Q, paused: true, Token);

        var taken = await Queues.DequeueAsync(
            [new QueuedId(ids[0], Q), new QueuedId(ids[1], Other), new QueuedId(ids[2], Q), new QueuedId(ids[2], Q), new QueuedId(JobId.New(Clock), Q)], Now, Token);

        Assert.Equal([new QueuedId(ids[2], Q)], taken);
        Assert.Equal([ids[1]], await PeekAsync(Q));
        Assert.Empty(await Queues.DequeueAsync(Array.Empty<QueuedId>(), Now, Token));
        await Queues.DequeueAsync([new QueuedId(ids[1], Q)], Now, Token);
        Assert.Equal([new QueueSize(Q, 0, Paused: true)], await Queues.ListAsync(Token));
    }

    [Fact]
    public async Task Many_that_take_the_same_given_ids_get_each_exactly_once()
    {
        QueuedId[] ids = [.. (await EnqueueAsync(Q, 1_000)).Select(id => new QueuedId(id, Q))];
        var other = await OpenAsync();

        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            var mine = new List<QueuedId>();
            foreach (var some in ids.Chunk(100))
            {
                mine.AddRange(await (i % 2 == 0 ? Queues : other.Queues).DequeueAsync(some, Now, Token));
                mine.AddRange(await Queues.DequeueAsync([Q], 1, Now, Token));
            }

            return mine;
        }));

        Assert.Equal(ids.Select(id => id.Job).Order(), taken.SelectMany(t => t).Select(t => t.Job).Order());
    }

    [Fact]
    public async Task Removed_ids_are_counted_and_not_taken()
    {
        var ids = await EnqueueAsync(Q, 4);

        var removed = await Queues.RemoveAsync(
            [new QueuedId(ids[1], Q), new QueuedId(ids[2], Other), new QueuedId(JobId.New(Clock), Q)], Token);

        Assert.Equal(1, removed);
        Assert.Equal([ids[0], ids[2], ids[3]], await DequeueAsync(10, Q));
    }

    [Fact]
    public async Task Peeking_pages_through_the_queue_and_takes_nothing()
    {
        var ids = await EnqueueAsync(Q, 5);

        Assert.Equal(ids[1..3], await Queues.PeekAsync(Q, 1, 2, Token));
        Assert.Equal(ids[4..], await Queues.PeekAsync(Q, 4, 10, Token));
        Assert.Empty(await Queues.PeekAsync(Other, 0, 10, Token));
        Assert.Equal(5, Assert.Single(await Queues.ListAsync(Token)).Size);
    }

    [Fact]
    public async Task Missing_are_ids_that_neither_wait_in_the_queue_nor_are_started()
    {
        var ids = await EnqueueAsync(Q, 3);
        await DequeueAsync(1, Q);
        var elsewhere = await EnqueueAsync(Other, 1);
        var lost = JobId.New(Clock);

        Assert.Equal([lost, elsewhere[0]], await Queues.FindMissingAsync(Q, [ids[0], lost, ids[2], elsewhere[0]], Token));
    }

    [Fact]
    public async Task Nothing_asked_for_is_nothing_done()
    {
        await Queues.EnqueueAsync([], atHead: false, Token);
        await Queues.ForgetStartedAsync([], Token);

        Assert.Empty(await Queues.DequeueAsync([], 10, Now, Token));
        Assert.Empty(await DequeueAsync(0, Q));
        Assert.Equal(0, await Queues.RemoveAsync([], Token));
        Assert.Empty(await Queues.FindMissingAsync(Q, [], Token));
    }

    [Fact]
    public async Task Many_at_once_take_each_id_exactly_once()
    {
        var ids = await EnqueueAsync(Q, 2_000);
        var other = await OpenAsync();

        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            var mine = new List<JobId>();
            var queues = i % 2 == 0 ? Queues : other.Queues;
            while (await queues.DequeueAsync([Q], 37, Now, Token) is { Count: > 0 } batch)
            {
                mine.AddRange(batch.Select(t => t.Job));
            }

            return mine;
        }));

        Assert.Equal(ids, taken.SelectMany(t => t).Order());
    }

    [Fact]
    public async Task What_one_process_puts_another_takes()
    {
        var other = await OpenAsync();
        for (var round = 0; round < 3; round++)
        {
            var ids = await EnqueueAsync(Q, 2);
            Assert.Equal(ids, (await other.Queues.DequeueAsync([Q], 5, Now, Token)).Select(t => t.Job));
            Assert.Empty(await DequeueAsync(5, Q));
        }
    }

    private async Task<JobId[]> EnqueueAsync(QueueName queue, int count, bool atHead = false)
    {
        var ids = Enumerable.Range(0, count).Select(_ => JobId.New(Clock)).ToArray();
        await Queues.EnqueueAsync([.. ids.Select(id => new QueuedId(id, queue))], atHead, Token);
        return ids;
    }

    private async Task<IReadOnlyList<JobId>> DequeueAsync(int count, QueueName queue) =>
        [.. (await Queues.DequeueAsync([queue], count, Now, Token)).Select(t => t.Job)];

    private Task<IReadOnlyList<JobId>> PeekAsync(QueueName queue) => Queues.PeekAsync(queue, 0, 100, Token);

    private async Task<JobId[]> EnqueueWithPrioritiesAsync(QueueName queue, params int[] priorities)
    {
        var ids = priorities.Select(_ => JobId.New(Clock)).ToArray();
        await Queues.EnqueueAsync([.. ids.Select((id, i) => new QueuedId(id, queue, priorities[i]))], atHead: false, Token);
        return ids;
    }
}
