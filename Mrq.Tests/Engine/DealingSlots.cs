using Mrq.Workers;

namespace Mrq.Tests.Engine;

public sealed class DealingSlots
{
    [Fact]
    public void Equal_weights_get_equal_shares_and_the_next_deal_begins_where_the_last_ended()
    {
        var shares = new QueueShares([1, 1, 1]);

        Assert.Equal([2, 1, 1], shares.Deal(4, All(3)));
        Assert.Equal([1, 2, 1], shares.Deal(4, All(3)));
        Assert.Equal([1, 1, 2], shares.Deal(4, All(3)));
    }

    [Fact]
    public void One_slot_at_a_time_goes_round_as_evenly_as_the_weights_allow()
    {
        var shares = new QueueShares([5, 1, 2]);

        var order = Enumerable.Range(0, 16).Select(_ => Array.IndexOf(shares.Deal(1, All(3)), 1)).ToList();

        Assert.Equal([0, 2, 0, 0, 1, 0, 2, 0], order[..8]);
        Assert.Equal(order[..8], order[8..]);
    }

    [Fact]
    public void However_many_slots_a_deal_has_the_shares_are_those_of_the_weights()
    {
        var shares = new QueueShares([1000, 1, 500]);

        var dealt = Enumerable.Range(1, 3002).Select(i => shares.Deal(i % 7 * 100, All(3))).Aggregate(new long[3], (sum, next) => [.. sum.Zip(next, (s, n) => s + n)]);

        var total = dealt.Sum();
        Assert.All(dealt.Zip([1000, 1, 500]), share => Assert.InRange(share.First, (total * share.Second / 1501) - 2, (total * share.Second / 1501) + 2));
    }

    [Fact]
    public void Closed_queues_get_none_and_are_owed_none_later()
    {
        var shares = new QueueShares([1, 1]);
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal([0, 3], shares.Deal(3, [false, true]));
        }

        Assert.Equal([5, 5], shares.Deal(10, All(2)));
        Assert.Equal([0, 0], shares.Deal(10, [false, false]));
    }

    private static bool[] All(int count) => [.. Enumerable.Repeat(true, count)];
}
