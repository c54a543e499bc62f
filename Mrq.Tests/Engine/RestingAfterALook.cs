using Mrq.Maintenance;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

/// <summary>How long maintenance lets alone what it has looked through.</summary>
public sealed class RestingAfterALook
{
    private readonly FakeClock _clock = new();

    [Theory]
    // What it took, its pages, the rest: in proportion, by its pages, a minute.
    [InlineData(0.05, 1, 1.0)]
    [InlineData(1.0, 50, 20.0)]
    [InlineData(10.0, 1, 2.0)]
    [InlineData(10.0, 20, 40.0)]
    [InlineData(40.0, 1000, 60.0)]
    public void It_costs_a_twentieth_of_the_time_and_keeps_nobody_waiting_for_minutes(double looked, int pages, double expected)
    {
        var rest = new LookRest(_clock);
        Assert.True(rest.IsOver);
        rest.Begin();
        for (var i = 0; i < pages; i++)
        {
            rest.Page();
        }

        _clock.Advance(TimeSpan.FromSeconds(looked));
        rest.End(LookRest.Long);

        _clock.Advance(TimeSpan.FromSeconds(expected) - TimeSpan.FromMilliseconds(1));
        Assert.False(rest.IsOver);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(rest.IsOver);
    }

    [Fact]
    public void Where_work_was_found_it_looks_again_at_once()
    {
        var rest = new LookRest(_clock);
        rest.Begin();
        rest.Page();
        _clock.Advance(TimeSpan.FromSeconds(1));

        rest.End(factor: 0);

        Assert.True(rest.IsOver);
    }
}
