using Mrq.Jobs;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

/// <summary>Ids of jobs: one order, no two alike, whatever the clock does.</summary>
public sealed class MakingIds
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeClock _clock = new(Start);

    [Fact]
    public void Ids_of_one_moment_grow()
    {
        var ids = Enumerable.Range(0, 100_000).Select(_ => JobId.New(_clock)).ToList();

        Assert.Equal(ids.Order(), ids);
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    [Fact]
    public void A_clock_that_is_set_right_by_some_seconds_disorders_nothing()
    {
        var before = JobId.New(_clock);
        _clock.SetUtcNow(Start.AddSeconds(-9));

        Assert.True(JobId.New(_clock) > before);
    }

    [Fact]
    public void After_a_clock_was_far_ahead_ids_are_those_of_now_again_and_none_comes_twice()
    {
        var first = Enumerable.Range(0, 100).Select(_ => JobId.New(_clock)).ToList();
        _clock.SetUtcNow(Start.AddHours(1));
        var ahead = JobId.New(_clock);
        _clock.SetUtcNow(Start);

        var after = Enumerable.Range(0, 100).Select(_ => JobId.New(_clock)).ToList();

        Assert.True(JobId.FirstOf(Start.AddHours(1)) <= ahead);
        Assert.All(after, id => Assert.True(JobId.FirstOf(Start) <= id && id < JobId.FirstOf(Start.AddSeconds(1))));
        Assert.Empty(first.Intersect(after));
    }

    [Fact]
    public void One_clock_says_nothing_of_another()
    {
        var ahead = new FakeClock(Start.AddYears(1));

        Assert.True(JobId.New(ahead) > JobId.New(_clock));
        Assert.True(JobId.New(_clock) < JobId.FirstOf(Start.AddSeconds(1)));
    }
}
