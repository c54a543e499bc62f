namespace Mrq.Tests.Support;

/// <summary>The system's clock, which a test can set forward: timers that are due by then fire at once. For deadlines that nobody wants to wait for.</summary>
internal sealed class RunningClock : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<Timer> _timers = [];
    private TimeSpan _skipped;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return System.GetUtcNow() + _skipped;
        }
    }

    public override long GetTimestamp()
    {
        lock (_gate)
        {
            return System.GetElapsedTime(0).Ticks + _skipped.Ticks;
        }
    }

    public void Skip(TimeSpan by)
    {
        lock (_gate)
        {
            _skipped += by;
            foreach (var timer in _timers)
            {
                timer.Hurry(by);
            }
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        lock (_gate)
        {
            var timer = new Timer(this, System.CreateTimer(callback, state, dueTime, period), dueTime, period);
            _timers.Add(timer);
            return timer;
        }
    }

    private sealed class Timer(RunningClock clock, ITimer inner, TimeSpan dueTime, TimeSpan period) : ITimer
    {
        private long _set = System.GetTimestamp();
        private TimeSpan _dueTime = dueTime;
        private TimeSpan _period = period;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
            {
                (_set, _dueTime, _period) = (System.GetTimestamp(), dueTime, period);
                return inner.Change(dueTime, period);
            }
        }

        public void Hurry(TimeSpan by)
        {
            if (_dueTime != Timeout.InfiniteTimeSpan)
            {
                var left = _dueTime - System.GetElapsedTime(_set) - by;
                Change(left > TimeSpan.Zero ? left : TimeSpan.Zero, _period);
            }
        }

        public void Dispose()
        {
            lock (clock._gate)
            {
                clock._timers.Remove(this);
            }

            inner.Dispose();
        }

        public async ValueTask DisposeAsync()
        {
            Dispose();
            await inner.DisposeAsync();
        }
    }
}
