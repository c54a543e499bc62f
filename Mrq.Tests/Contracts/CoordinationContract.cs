using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Tests.Contracts;

/// <summary>What every <see cref="ICoordination"/> does.</summary>
public abstract class CoordinationContract(StoreFamily family) : StoreContract(family)
{
    private static readonly TimeSpan Term = TimeSpan.FromSeconds(30);

    private ICoordination Coordination => Stores.Coordination;

    [Fact]
    public void Every_subscriber_of_the_process_hears_a_signal()
    {
        var heard = new List<Changes>();
        using var first = Coordination.Subscribe(heard.Add);
        using var second = Coordination.Subscribe(heard.Add);

        Coordination.Publish(Changes.Jobs | Changes.Queues);

        Assert.Equal([Changes.Jobs | Changes.Queues, Changes.Jobs | Changes.Queues], heard);
    }

    [Fact]
    public void A_subscriber_that_fails_does_not_keep_the_signal_from_the_others()
    {
        var heard = new List<Changes>();
        using var failing = Coordination.Subscribe(_ => throw new InvalidOperationException("broken"));
        using var listening = Coordination.Subscribe(heard.Add);

        Coordination.Publish(Changes.Logs);

        Assert.Equal([Changes.Logs], heard);
    }

    [Fact]
    public void A_subscription_that_ended_hears_nothing()
    {
        var heard = new List<Changes>();
        var subscription = Coordination.Subscribe(heard.Add);
        subscription.Dispose();
        subscription.Dispose();

        Coordination.Publish(Changes.Jobs);

        Assert.Empty(heard);
    }

    [Fact]
    public async Task Another_process_hears_of_a_change()
    {
        var other = await OpenAsync();
        var heard = new TaskCompletionSource<Changes>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var subscription = other.Coordination.Subscribe(changes => heard.TrySetResult(changes));

        await Queues.EnqueueAsync([new QueuedId(JobId.New(Clock), Q)], atHead: false, Token);
        Coordination.Publish(Changes.Jobs);
        Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.True((await heard.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, Token)).HasFlag(Changes.Jobs));
    }

    [Fact]
    public async Task One_node_leads_until_its_term_ends()
    {
        var term = await LeadAsync("a");

        Assert.Equal(Now + Term, term?.Until);
        Assert.Null(await LeadAsync("b"));
        Clock.Advance(Term - TimeSpan.FromSeconds(1));
        Assert.Null(await LeadAsync("b"));
        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True((await LeadAsync("b"))?.Fence > term?.Fence);
        Assert.Null(await LeadAsync("a"));
    }

    [Fact]
    public async Task A_leader_that_renews_keeps_its_fence()
    {
        var first = await LeadAsync("a");
        Clock.Advance(Term / 2);
        var second = await LeadAsync("a");
        Clock.Advance(Term * 3 / 4);

        Assert.Equal(first?.Fence, second?.Fence);
        Assert.Null(await LeadAsync("b"));
    }

    [Fact]
    public async Task A_leader_that_resigns_makes_room_at_once()
    {
        var first = await LeadAsync("a");
        await Coordination.ResignAsync("role", "b", Token);
        Assert.Null(await LeadAsync("b"));

        await Coordination.ResignAsync("role", "a", Token);

        var second = await LeadAsync("b");
        Assert.True(second?.Fence > first?.Fence);
        await Coordination.ResignAsync("role", "b", Token);
        Assert.True((await LeadAsync("a"))?.Fence > second?.Fence);
    }

    [Fact]
    public async Task Roles_do_not_touch_each_other()
    {
        Assert.NotNull(await LeadAsync("a"));
        Assert.NotNull(await Coordination.TryLeadAsync("another", "b", Now, Term, Token));
    }

    [Fact]
    public async Task Of_many_that_ask_at_once_one_leads()
    {
        var other = await OpenAsync();

        var terms = await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            (i % 2 == 0 ? Stores : other).Coordination.TryLeadAsync("role", $"node{i}", Now, Term, Token)));

        Assert.Single(terms, term => term is not null);
    }

    [Fact]
    public async Task No_more_jobs_enter_than_there_are_slots()
    {
        var (a, b, c) = (JobId.New(Clock), JobId.New(Clock), JobId.New(Clock));

        Assert.True(await EnterAsync(a));
        Assert.True(await EnterAsync(b));
        Assert.False(await EnterAsync(c));
        Assert.True(await EnterAsync(a));
        Assert.True(await Coordination.TryEnterAsync("another", 1, c, Now, Now + Term, Token));
        await Coordination.LeaveAsync("key", b, Token);
        await Coordination.LeaveAsync("key", b, Token);
        Assert.True(await EnterAsync(c));
        Assert.False(await EnterAsync(b));
    }

    [Fact]
    public async Task A_slot_that_is_not_renewed_is_free_after_its_time()
    {
        var (a, b, c) = (JobId.New(Clock), JobId.New(Clock), JobId.New(Clock));
        await EnterAsync(a);
        await EnterAsync(b);
        Clock.Advance(Term / 2);
        await EnterAsync(b);
        Clock.Advance(Term / 2);

        Assert.True(await EnterAsync(c));
        Assert.False(await EnterAsync(a));
    }

    [Fact]
    public async Task A_rate_counts_down_to_nothing_and_fills_up_as_its_uses_pass()
    {
        var per = TimeSpan.FromSeconds(10);
        Assert.Equal([3, 2], await UseAsync(times: 2));
        Clock.Advance(per / 2);
        Assert.Equal([1, 0, 0], await UseAsync(times: 3));
        Assert.Equal(3, await Coordination.UseRateAsync("another", 3, per, Now, Token));
        Assert.Equal(3, await Coordination.UseRateAsync("key", 3, per * 2, Now, Token));

        Clock.Advance(per / 2);
        Assert.Equal([2, 1, 0], await UseAsync(times: 3));

        async Task<List<int>> UseAsync(int times)
        {
            var left = new List<int>();
            for (var i = 0; i < times; i++)
            {
                left.Add(await Coordination.UseRateAsync("key", 3, per, Now, Token));
            }

            return left;
        }
    }

    [Fact]
    public async Task Two_processes_share_a_rate()
    {
        var other = await OpenAsync();
        var uses = await Task.WhenAll(Enumerable.Range(0, 100).Select(i =>
            (i % 2 == 0 ? Coordination : other.Coordination).UseRateAsync("key", 10, TimeSpan.FromSeconds(1), Now, Token)));

        Assert.Equal([.. Enumerable.Repeat(0, 90), .. Enumerable.Range(1, 10)], uses.Order());
    }

    private Task<LeaderTerm?> LeadAsync(string node) => Coordination.TryLeadAsync("role", node, Now, Term, Token);

    private Task<bool> EnterAsync(JobId job) => Coordination.TryEnterAsync("key", 2, job, Now, Now + Term, Token);
}
