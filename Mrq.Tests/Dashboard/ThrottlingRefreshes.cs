using Mrq.Dashboard.Live;
using Mrq.Tests.Support;

namespace Mrq.Tests.Dashboard;

public sealed class ThrottlingRefreshes : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly FakeClock _clock = new();
    private readonly SemaphoreSlim _begun = new(0);
    private readonly SemaphoreSlim _mayEnd = new(0);
    private int _running;
    private int _atOnce;
    private int _runs;

    [Fact]
    public async Task Signals_during_a_run_become_one_more_run_after_the_pause()
    {
        await using var throttle = new Throttle(RunAsync, () => Pause, _clock);
        throttle.Signal();
        await BegunAsync();
        throttle.Signal();
        throttle.Signal();

        _mayEnd.Release(2);
        await AdvanceUntilBegunAsync();

        Assert.Equal(2, _runs);
        Assert.Equal(1, _atOnce);
    }

    [Fact]
    public async Task A_signal_after_a_quiet_time_runs_at_once()
    {
        _mayEnd.Release(2);
        await using var throttle = new Throttle(RunAsync, () => Pause, _clock);
        throttle.Signal();
        await BegunAsync();
        _clock.Advance(Pause);

        throttle.Signal();

        await AdvanceUntilBegunAsync();
        Assert.Equal(2, _runs);
    }

    [Theory]
    [InlineData(0.01, 2)]
    [InlineData(0.2, 2)]
    [InlineData(1.5, 15)]
    public void A_read_that_scans_leaves_the_store_ten_times_as_long_alone(double seconds, double pause) =>
        Assert.Equal(TimeSpan.FromSeconds(pause), LiveComponent.PauseAfter(TimeSpan.FromSeconds(seconds), scans: true));

    [Fact]
    public void Any_other_read_is_paced_alike_however_long_it_took() =>
        Assert.Equal(TimeSpan.FromMilliseconds(250), LiveComponent.PauseAfter(TimeSpan.FromSeconds(3), scans: false));

    [Fact]
    public async Task After_its_end_it_runs_no_more()
    {
        _mayEnd.Release();
        var throttle = new Throttle(RunAsync, () => Pause, _clock);
        throttle.Signal();
        await BegunAsync();

        await throttle.DisposeAsync();
        throttle.Signal();

        Assert.Equal(1, _runs);
    }

    public void Dispose()
    {
        _begun.Dispose();
        _mayEnd.Dispose();
    }

    private async Task RunAsync()
    {
        _atOnce = Math.Max(_atOnce, Interlocked.Increment(ref _running));
        _runs++;
        _begun.Release();
        await _mayEnd.WaitAsync();
        Interlocked.Decrement(ref _running);
    }

    private Task BegunAsync() => _begun.WaitAsync(TestContext.Current.CancellationToken);

    // The pause's timer is set after the run: move the clock until it was.
    private async Task AdvanceUntilBegunAsync()
    {
        while (!await _begun.WaitAsync(TimeSpan.FromMilliseconds(1), TestContext.Current.CancellationToken))
        {
            _clock.Advance(Pause);
        }
    }
}
