using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;

namespace Mrq.Tests.Contracts;

/// <summary>What every <see cref="IRawQueueStore"/> and <see cref="IRawQueueContents"/> do.</summary>
public abstract class RawQueueStoreContract(StoreFamily family) : StoreContract(family)
{
    private static readonly QueueName List = new("a_raw");
    private static readonly QueueName Set = new("a_set");
    private static readonly QueueName Sorted = new("a_sorted_set");
    private static readonly QueueName Timed = new("a_timed_set");

    private double Seconds => Now.ToUnixTimeMilliseconds() / 1000.0;

    [Fact]
    public async Task A_list_gives_its_texts_in_the_order_in_which_they_were_put_and_as_often()
    {
        await EnqueueAsync(List, "aaa", "bbb", "ccc", "bbb");

        Assert.Equal(["aaa", "bbb", "ccc"], await TakeAsync(3, List));
        Assert.Equal(["bbb"], await TakeAsync(3, List));
        Assert.Empty(await TakeAsync(3, List));
    }

    [Fact]
    public async Task A_set_gives_each_text_once()
    {
        await EnqueueAsync(Set, "aaa", "bbb", "ccc", "bbb");
        await EnqueueAsync(Set, "aaa");

        Assert.Equal(3, await SizeAsync(Set));
        Assert.Equal(["aaa", "bbb", "ccc"], (await TakeAsync(10, Set)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_sorted_set_gives_the_lowest_score_first_and_a_text_that_is_put_again_moves()
    {
        await EnqueueAsync(Sorted, ("high", 10), ("low", -1.5), ("middle", 2), ("first", 100));
        await EnqueueAsync(Sorted, ("first", -2));

        Assert.Equal([("first", -2), ("low", -1.5), ("middle", 2.0), ("high", 10)], await ScoresAsync(Sorted));
        Assert.Equal(["first", "low"], await TakeAsync(2, Sorted));
        Assert.Equal(["middle", "high"], await TakeAsync(5, Sorted));
    }

    [Fact]
    public async Task A_timed_set_gives_only_what_is_due_earliest_first()
    {
        await EnqueueAsync(Timed, ("late", Seconds + 10), ("past", Seconds - 10), ("now", Seconds));

        Assert.Equal(new RawQueueSize(Timed, 3, 2, Paused: false, 0), Assert.Single(await RawContents.ListAsync(Now, Token)));
        Assert.Equal(["past", "now"], await TakeAsync(5, Timed));
        Assert.Empty(await TakeAsync(5, Timed));
        Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(["late"], await TakeAsync(5, Timed));
    }

    [Fact]
    public async Task Putting_a_text_into_a_timed_set_again_moves_it()
    {
        await EnqueueAsync(Timed, ("a", Seconds + 5), ("b", Seconds - 5));
        await EnqueueAsync(Timed, ("a", Seconds - 6), ("b", Seconds + 5));

        Assert.Equal(["a"], await TakeAsync(5, Timed));
        Assert.Equal([("b", Seconds + 5)], await ScoresAsync(Timed));
    }

    [Fact]
    public async Task A_text_that_is_pushed_back_stays_and_is_due_again_later()
    {
        await EnqueueAsync(Timed, ("a", Seconds - 1), ("b", Seconds + 60));
        var served = new ServedRawQueue(Timed, false, TimeSpan.FromSeconds(30));

        Assert.Equal(["a"], await TakeAsync(5, [Timed], served));
        Assert.Equal([("a", Seconds + 30), ("b", Seconds + 60)], await ScoresAsync(Timed));
        Assert.Empty(await TakeAsync(5, [Timed], served));
        Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(["a"], await TakeAsync(5, [Timed], served));
        Assert.Equal(2, await SizeAsync(Timed));
    }

    [Fact]
    public async Task The_first_queue_that_has_some_is_emptied_before_the_next()
    {
        await EnqueueAsync(List, "l1", "l2");
        await EnqueueAsync(Sorted, ("s1", 1), ("s2", 2));

        Assert.Equal(["s1", "s2", "l1"], await TakeAsync(3, [Sorted, List]));
    }

    [Fact]
    public async Task Each_text_belongs_to_the_id_that_was_given_for_it()
    {
        await EnqueueAsync(List, "one", "two");
        var ids = NewIds(3);

        var taken = await RawQueues.DequeueAsync(Request(ids, [List]), Token);

        Assert.Equal([new(ids[0], new RawEntry(List, "one")), new TakenEntry(ids[1], new RawEntry(List, "two"))], taken);
    }

    [Fact]
    public async Task What_was_taken_is_in_flight_until_it_is_forgotten()
    {
        await EnqueueAsync(Sorted, ("a", 1.25));
        await EnqueueAsync(List, "b\nc", "d");
        var ids = NewIds(3);
        await RawQueues.DequeueAsync(Request(ids, [Sorted, List]), Token);

        Assert.Equal([W1], await RawQueues.ListTakersAsync(Token));
        Assert.Equal(
            [new(ids[0], new RawEntry(Sorted, "a", 1.25)), new(ids[1], new RawEntry(List, "b\nc")), new TakenEntry(ids[2], new RawEntry(List, "d"))],
            (await RawQueues.FindInFlightAsync(W1, 10, Token)).OrderBy(entry => entry.Job));
        Assert.Empty(await RawQueues.FindInFlightAsync(W2, 10, Token));
        await RawQueues.ForgetAsync(W1, [ids[0], ids[2], JobId.New(Clock)], Token);
        Assert.Equal([ids[1]], (await RawQueues.FindInFlightAsync(W1, 10, Token)).Select(entry => entry.Job));
        await RawQueues.ForgetAsync(W1, ids, Token);
        await RawQueues.ForgetAsync(W1, ids, Token);
        Assert.Empty(await RawQueues.ListTakersAsync(Token));
    }

    [Fact]
    public async Task What_goes_back_into_a_list_is_at_its_head_in_the_old_order()
    {
        await EnqueueAsync(List, "a", "b", "c", "d");
        var ids = NewIds(3);
        await RawQueues.DequeueAsync(Request(ids, [List]), Token);

        Assert.Equal(2, await RawQueues.ReleaseAsync(W1, [ids[1], ids[0], JobId.New(Clock)], Token));
        Assert.Equal(0, await RawQueues.ReleaseAsync(W1, [ids[1], ids[0]], Token));

        Assert.Equal(["a", "b", "d"], await PeekAsync(List));
        Assert.Equal(1, await RawQueues.ReleaseAsync(W1, [ids[2]], Token));
        Assert.Equal(["c", "a", "b", "d"], await PeekAsync(List));
        Assert.Equal(4, await SizeAsync(List));
        Assert.Empty(await RawQueues.ListTakersAsync(Token));
        Assert.Equal(["c", "a", "b", "d"], await TakeAsync(10, List));
    }

    [Fact]
    public async Task What_goes_back_into_a_set_leaves_what_was_put_meanwhile_as_it_is()
    {
        await EnqueueAsync(Set, "a");
        await EnqueueAsync(Sorted, ("b", 1), ("c", 2));
        var ids = NewIds(3);
        await RawQueues.DequeueAsync(Request(ids, [Set, Sorted]), Token);
        await EnqueueAsync(Set, "a");
        await EnqueueAsync(Sorted, ("b", 7));

        Assert.Equal(3, await RawQueues.ReleaseAsync(W1, ids, Token));

        Assert.Equal(["a"], await PeekAsync(Set));
        Assert.Equal([("c", 2), ("b", 7.0)], await ScoresAsync(Sorted));
        Assert.Equal([1, 2], (await RawContents.ListAsync(Now, Token)).Select(q => q.Size));
    }

    [Fact]
    public async Task A_worker_gives_back_only_its_own()
    {
        await EnqueueAsync(List, "a");
        var ids = NewIds(1);
        await RawQueues.DequeueAsync(Request(ids, [List]), Token);

        Assert.Equal(0, await RawQueues.ReleaseAsync(W2, ids, Token));
        await RawQueues.ForgetAsync(W2, ids, Token);
        Assert.Equal(1, await RawQueues.ReleaseAsync(W1, ids, Token));
    }

    [Fact]
    public async Task A_name_that_ends_in_a_slash_takes_the_raw_queues_under_it_that_are_served()
    {
        string[] inside = ["main/", "main/a_raw", "main/a_raw/sub", "main/x/b_set"];
        string[] outside = ["main_raw", "mainx/a_raw", "main/other_raw"];
        foreach (var name in inside[1..].Concat(outside))
        {
            await EnqueueAsync(new QueueName(name), name);
        }

        await Queues.EnqueueAsync([new QueuedId(JobId.New(Clock), new QueueName("main/sub"))], atHead: false, Token);
        ServedRawQueue[] served = [new(new QueueName("main/a_raw"), true, null), new(new QueueName("main/x/"), true, null), new(new QueueName("main_raw"), true, null)];

        Assert.Equal(inside[1..], await TakeAsync(10, [new QueueName("main/")], served));
        Assert.Equal(outside.Order(StringComparer.Ordinal), (await RawContents.ListAsync(Now, Token)).Select(q => q.Queue.Value));
        Assert.Equal("main/sub", Assert.Single(await Queues.ListAsync(Token)).Queue.Value);
    }

    [Fact]
    public async Task Sub_queues_are_served_only_where_that_was_said()
    {
        await EnqueueAsync(new QueueName("a_raw/sub"), "x");
        var root = new QueueName("a_raw/");

        Assert.Empty(await TakeAsync(5, [root], new ServedRawQueue(List, false, null)));
        Assert.Empty(await TakeAsync(5, [root]));
        Assert.Equal(["x"], await TakeAsync(5, [root], new ServedRawQueue(List, true, null)));
    }

    [Fact]
    public async Task A_paused_queue_gives_none_until_it_is_resumed()
    {
        var sub = new QueueName("high/b_timed_set");
        await EnqueueAsync(List, "a");
        await EnqueueAsync(sub, ("b", 0));
        await Queues.SetPausedAsync(List, paused: true, Token);
        await Queues.SetPausedAsync(new QueueName("high/"), paused: true, Token);

        Assert.Empty(await TakeAsync(5, [List, sub]));
        Assert.All(await RawContents.ListAsync(Now, Token), q => Assert.True(q.Paused));
        Assert.Equal([new(List, 0, true), new QueueSize(new QueueName("high/"), 0, true)], await Queues.ListAsync(Token));
        await Queues.SetPausedAsync(List, paused: false, Token);
        await Queues.SetPausedAsync(new QueueName("high/"), paused: false, Token);
        Assert.Equal(["b", "a"], await TakeAsync(5, [sub, List]));
    }

    [Fact]
    public async Task Queues_of_ids_do_not_see_raw_queues()
    {
        await EnqueueAsync(List, "a");
        await EnqueueAsync(Timed, ("b", 0));
        await Queues.SetPausedAsync(Timed, paused: true, Token);

        Assert.Equal([new QueueSize(Timed, 0, true)], await Queues.ListAsync(Token));
        Assert.Equal(2, (await RawContents.ListAsync(Now, Token)).Count);
    }

    [Fact]
    public async Task Sizes_follow_every_change()
    {
        await EnqueueAsync(List, "a", "b", "a", "c");
        await EnqueueAsync(Sorted, ("x", 1), ("y", 2));
        var ids = NewIds(1);
        await RawQueues.DequeueAsync(Request(ids, [List]), Token);
        await RawQueues.ReleaseAsync(W1, ids, Token);
        Assert.Equal(3, await RawContents.RemoveAsync(List, ["a", "a", "a", "c"], Token));
        Assert.Equal(1, await RawContents.RemoveAsync(Sorted, ["y", "z"], Token));

        Assert.Equal([new(List, 1, 1, false, 0), new RawQueueSize(Sorted, 1, 1, false, 0)], await RawContents.ListAsync(Now, Token));
        await TakeAsync(5, List);
        Assert.Equal(1, await RawContents.RemoveAsync(Sorted, ["x"], Token));
        Assert.Empty(await RawContents.ListAsync(Now, Token));
    }

    [Fact]
    public async Task Removing_from_a_list_takes_the_first_of_each_text()
    {
        await EnqueueAsync(List, "a", "b", "a", "b");

        Assert.Equal(1, await RawContents.RemoveAsync(List, ["a"], Token));

        Assert.Equal(["b", "a", "b"], await PeekAsync(List));
        Assert.Equal(0, await RawContents.RemoveAsync(Set, ["a"], Token));
    }

    [Fact]
    public async Task Purging_takes_everything_out_and_leaves_the_other_queues()
    {
        foreach (var queue in (QueueName[])[List, Set, Sorted, Timed])
        {
            await RawQueues.EnqueueAsync([.. Enumerable.Range(0, 6001).Select(i => new RawEntry(queue, $"{i}", i))], Token);
        }

        await EnqueueAsync(new QueueName("b_raw"), "stays");

        foreach (var queue in (QueueName[])[List, Set, Sorted, Timed])
        {
            Assert.Equal(6001, await RawContents.PurgeAsync(queue, Token));
            Assert.Equal(0, await RawContents.PurgeAsync(queue, Token));
        }

        Assert.Equal("b_raw", Assert.Single(await RawContents.ListAsync(Now, Token)).Queue.Value);
    }

    [Fact]
    public async Task Peeking_pages_through_each_kind_and_takes_nothing()
    {
        await EnqueueAsync(List, "a", "b", "c", "d", "e");
        await EnqueueAsync(Sorted, ("five", 5), ("one", 1), ("three", 3));
        await EnqueueAsync(Set, "x", "y", "z");

        Assert.Equal(["b", "c"], (await RawContents.PeekAsync(List, 1, 2, Token)).Select(e => e.Params));
        Assert.Equal(["e"], (await RawContents.PeekAsync(List, 4, 10, Token)).Select(e => e.Params));
        Assert.Equal([new(Sorted, "three", 3), new RawEntry(Sorted, "five", 5)], await RawContents.PeekAsync(Sorted, 1, 5, Token));
        Assert.Equal(
            ["x", "y", "z"],
            (await RawContents.PeekAsync(Set, 0, 2, Token)).Concat(await RawContents.PeekAsync(Set, 2, 2, Token)).Select(e => e.Params).Order(StringComparer.Ordinal));
        Assert.Empty(await RawContents.PeekAsync(List, 0, 0, Token));
        Assert.Empty(await RawContents.PeekAsync(Timed, 0, 10, Token));
        Assert.Equal(5, await SizeAsync(List));
    }

    [Fact]
    public async Task Scores_are_counted_in_slices_with_what_lies_below_and_above()
    {
        await EnqueueAsync(Sorted, ("000", -1), ("aaa", 1), ("aaa2", 1.5), ("bbb", 2), ("ccc", 4));

        Assert.Equal([1, 2, 1, 0, 1], await RawContents.CountByScoreAsync(Sorted, new ScoreSlices(1, 4, 3), Token));
        Assert.Equal([0, 0], await RawContents.CountByScoreAsync(Timed, new ScoreSlices(0, 1, 0), Token));
    }

    [Fact]
    public async Task What_is_rejected_is_set_aside_with_its_error_newest_first()
    {
        await EnqueueAsync(List, "a", "b", "c");
        var ids = NewIds(3);
        await RawQueues.DequeueAsync(Request(ids, [List]), Token);

        await RawQueues.RejectAsync(W1, [new(ids[0], "no"), new(ids[2], "why: 'c'"), new Rejection(JobId.New(Clock), "unknown")], Token);
        await RawQueues.RejectAsync(W1, [new Rejection(ids[0], "again")], Token);

        Assert.Equal(
            [new(ids[2], new RawEntry(List, "c"), "why: 'c'"), new RejectedEntry(ids[0], new RawEntry(List, "a"), "no")],
            await RawContents.ListRejectedAsync(List, 0, 10, Token));
        Assert.Equal(ids[0], Assert.Single(await RawContents.ListRejectedAsync(List, 1, 10, Token)).Job);
        Assert.Equal([ids[1]], (await RawQueues.FindInFlightAsync(W1, 10, Token)).Select(e => e.Job));
        Assert.Equal(new RawQueueSize(List, 0, 0, false, 2), Assert.Single(await RawContents.ListAsync(Now, Token)));
    }

    [Fact]
    public async Task What_was_rejected_is_put_back_or_dropped()
    {
        await EnqueueAsync(Sorted, ("a", 1.5), ("b", 2));
        var ids = NewIds(2);
        await RawQueues.DequeueAsync(Request(ids, [Sorted]), Token);
        await RawQueues.RejectAsync(W1, [new(ids[0], "no"), new Rejection(ids[1], "no")], Token);

        Assert.Equal(1, await RawContents.SettleRejectedAsync(Sorted, [ids[0], JobId.New(Clock)], putBack: true, Token));
        Assert.Equal(0, await RawContents.SettleRejectedAsync(Sorted, [ids[0]], putBack: true, Token));
        Assert.Equal(1, await RawContents.SettleRejectedAsync(Sorted, [ids[1]], putBack: false, Token));

        Assert.Equal([("a", 1.5)], await ScoresAsync(Sorted));
        Assert.Equal(new RawQueueSize(Sorted, 1, 1, false, 0), Assert.Single(await RawContents.ListAsync(Now, Token)));
    }

    [Fact]
    public async Task A_text_of_a_set_is_rejected_once_with_the_newest_error_and_one_of_a_list_each_time()
    {
        foreach (var (queue, kept) in new (QueueName, int)[] { (List, 3), (Set, 1), (Sorted, 1), (Timed, 1) })
        {
            for (var i = 1; i <= 3; i++)
            {
                await RawQueues.EnqueueAsync([new RawEntry(queue, "bad", queue.RawKind is { HasScores: true } ? i : null)], Token);
                await RejectAsync(queue, $"error {i}");
            }

            var rejected = await RawContents.ListRejectedAsync(queue, 0, 10, Token);
            Assert.Equal(kept, rejected.Count);
            Assert.Equal(("error 3", queue.RawKind is { HasScores: true } ? 3.0 : null), (rejected[0].Error, rejected[0].Entry.Score));
        }
    }

    [Fact]
    public async Task A_text_that_is_pushed_back_and_rejected_again_and_again_crowds_out_no_other()
    {
        await EnqueueAsync(Timed, ("other", Seconds - 2));
        await RejectAsync(Timed, "no");
        await EnqueueAsync(Timed, ("bad", Seconds - 1));
        var served = new ServedRawQueue(Timed, false, TimeSpan.FromSeconds(1));
        for (var i = 0; i < IRawQueueContents.MostRejected + 1; i++)
        {
            await RejectAsync(Timed, $"{i}", served);
            Clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal([("bad", $"{IRawQueueContents.MostRejected}"), ("other", "no")], (await RawContents.ListRejectedAsync(Timed, 0, 10, Token)).Select(r => (r.Entry.Params, r.Error)));
        Assert.Equal(1, await SizeAsync(Timed));
    }

    [Fact]
    public async Task A_text_of_a_set_that_was_settled_or_made_room_is_rejected_anew()
    {
        await EnqueueAsync(Set, "a");
        var first = await RejectAsync(Set, "first");
        await RawContents.SettleRejectedAsync(Set, [first], putBack: true, Token);
        var second = await RejectAsync(Set, "second");
        var ids = NewIds(IRawQueueContents.MostRejected);
        await RawQueues.EnqueueAsync([.. ids.Select((_, i) => new RawEntry(Set, $"{i}"))], Token);
        await RawQueues.DequeueAsync(Request(ids, [Set]), Token);
        await RawQueues.RejectAsync(W1, [.. ids.Select(id => new Rejection(id, "no"))], Token);

        Assert.DoesNotContain(await RawContents.ListRejectedAsync(Set, 0, 2 * ids.Length, Token), r => r.Job == second);
        await EnqueueAsync(Set, "a");
        await RejectAsync(Set, "third");

        Assert.Equal("third", Assert.Single(await RawContents.ListRejectedAsync(Set, 0, 2 * ids.Length, Token), r => r.Entry.Params == "a").Error);
    }

    [Fact]
    public async Task Of_what_was_rejected_a_queue_keeps_the_newest()
    {
        var ids = NewIds(IRawQueueContents.MostRejected + 2);
        await RawQueues.EnqueueAsync([.. ids.Select((_, i) => new RawEntry(List, $"{i}"))], Token);
        await RawQueues.DequeueAsync(Request(ids, [List]), Token);

        await RawQueues.RejectAsync(W1, [.. ids.Select(id => new Rejection(id, "no"))], Token);

        Assert.Equal(IRawQueueContents.MostRejected, Assert.Single(await RawContents.ListAsync(Now, Token)).Rejected);
        Assert.Equal(ids[2], Assert.Single(await RawContents.ListRejectedAsync(List, IRawQueueContents.MostRejected - 1, 10, Token)).Job);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b\n\"c\" 世界 🎉 \u0001")]
    [InlineData("{\"url\":\"http://example.org/?a=1&b=2\"}")]
    public async Task Any_text_comes_back_as_it_was_given(string text)
    {
        foreach (var queue in (QueueName[])[List, Set, Sorted, Timed])
        {
            var entry = new RawEntry(queue, text, queue.RawKind is { HasScores: true } ? 0.1 : null);
            await RawQueues.EnqueueAsync([entry], Token);
            Assert.Equal(entry, Assert.Single(await RawContents.PeekAsync(queue, 0, 10, Token)));
            Assert.Equal(entry, Assert.Single(await RawQueues.DequeueAsync(Request(NewIds(1), [queue]), Token)).Entry);
            Assert.Equal(entry, Assert.Single(await RawQueues.FindInFlightAsync(W1, 10, Token)).Entry);
            await RawQueues.ReleaseAsync(W1, [.. (await RawQueues.FindInFlightAsync(W1, 10, Token)).Select(e => e.Job)], Token);
            Assert.Equal([text], await TakeAsync(1, queue));
            await RawQueues.ForgetAsync(W1, [.. (await RawQueues.FindInFlightAsync(W1, 10, Token)).Select(e => e.Job)], Token);
        }
    }

    [Fact]
    public async Task Nothing_asked_for_is_nothing_done()
    {
        await RawQueues.EnqueueAsync([], Token);
        await RawQueues.ForgetAsync(W1, [], Token);
        await RawQueues.RejectAsync(W1, [], Token);

        Assert.Empty(await TakeAsync(0, List));
        Assert.Empty(await RawQueues.DequeueAsync(Request(NewIds(1), []), Token));
        Assert.Equal(0, await RawQueues.ReleaseAsync(W1, [], Token));
        Assert.Equal(0, await RawContents.RemoveAsync(List, [], Token));
        Assert.Equal(0, await RawContents.SettleRejectedAsync(List, [], putBack: true, Token));
        Assert.Empty(await RawQueues.ListTakersAsync(Token));
    }

    [Fact]
    public async Task Many_at_once_take_each_entry_exactly_once()
    {
        var texts = Enumerable.Range(0, 2_000).Select(i => $"{i:D5}").ToList();
        await RawQueues.EnqueueAsync([.. texts.Select((text, i) => new RawEntry(Sorted, text, i))], Token);
        var other = await OpenAsync();

        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            var mine = new List<string>();
            var queues = i % 2 == 0 ? RawQueues : other.RawQueues;
            while (await queues.DequeueAsync(Request(NewIds(37), [Sorted]), Token) is { Count: > 0 } batch)
            {
                mine.AddRange(batch.Select(t => t.Entry.Params));
            }

            return mine;
        }));

        Assert.Equal(texts, taken.SelectMany(t => t).Order(StringComparer.Ordinal));
        Assert.Equal(2_000, (await RawQueues.FindInFlightAsync(W1, 3_000, Token)).Count);
    }

    [Fact]
    public async Task A_closed_queue_gives_nothing_whoever_else_serves_it()
    {
        var (a, b) = (new QueueName("main/a_raw"), new QueueName("main/b_set"));
        var main = new ServedRawQueue(new QueueName("main/"), HasSubQueues: true, null);
        var closed = new ServedRawQueue(a, HasSubQueues: false, null) { IsClosed = true };
        await EnqueueAsync(a, "a");
        await EnqueueAsync(b, "b");

        Assert.Empty(await TakeAsync(10, [new QueueName("main/"), a], main with { IsClosed = true }));
        Assert.Equal(["b"], await TakeAsync(10, [new QueueName("main/"), a], closed, main));
        Assert.Equal((1, 0), (await SizeAsync(a), await SizeAsync(b)));
        Assert.Equal(["a"], await TakeAsync(10, [a], main));
    }

    private JobId[] NewIds(int count) => [.. Enumerable.Range(0, count).Select(_ => JobId.New(Clock))];

    private RawDequeue Request(JobId[] ids, QueueName[] queues, params ServedRawQueue[] served) => new()
    {
        Worker = W1,
        Queues = queues,
        Served = served.Length > 0 ? served : [.. queues.Select(queue => new ServedRawQueue(queue, false, null))],
        Jobs = ids,
        Now = Now,
    };

    /// <summary>Takes one entry and rejects it.</summary>
    private async Task<JobId> RejectAsync(QueueName queue, string error, params ServedRawQueue[] served)
    {
        var taken = Assert.Single(await RawQueues.DequeueAsync(Request(NewIds(1), [queue], served), Token));
        await RawQueues.RejectAsync(W1, [new Rejection(taken.Job, error)], Token);
        return taken.Job;
    }

    private Task EnqueueAsync(QueueName queue, params string[] texts) =>
        RawQueues.EnqueueAsync([.. texts.Select(text => new RawEntry(queue, text))], Token);

    private Task EnqueueAsync(QueueName queue, params (string Text, double Score)[] entries) =>
        RawQueues.EnqueueAsync([.. entries.Select(e => new RawEntry(queue, e.Text, e.Score))], Token);

    private Task<IReadOnlyList<string>> TakeAsync(int count, QueueName queue) => TakeAsync(count, [queue]);

    private async Task<IReadOnlyList<string>> TakeAsync(int count, QueueName[] queues, params ServedRawQueue[] served) =>
        [.. (await RawQueues.DequeueAsync(Request(NewIds(count), queues, served), Token)).Select(taken => taken.Entry.Params)];

    private async Task<IReadOnlyList<string>> PeekAsync(QueueName queue) =>
        [.. (await RawContents.PeekAsync(queue, 0, 100, Token)).Select(entry => entry.Params)];

    private async Task<IReadOnlyList<(string, double)>> ScoresAsync(QueueName queue) =>
        [.. (await RawContents.PeekAsync(queue, 0, 100, Token)).Select(entry => (entry.Params, entry.Score ?? double.NaN))];

    private async Task<long> SizeAsync(QueueName queue) =>
        (await RawContents.ListAsync(Now, Token)).FirstOrDefault(q => q.Queue == queue)?.Size ?? 0;
}
