namespace Mrq.Dashboard.Live;

/// <summary>
/// Runs a callback for signals, never twice at once and with a pause after each run. Signals that come meanwhile become one more run.
/// </summary>
/// <param name="pause">How long to wait after the run that has just ended.</param>
internal sealed class Throttle(Func<Task> run, Func<TimeSpan> pause, TimeProvider time) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private Task _loop = Task.CompletedTask;
    private bool _running;
    private bool _again;

    /// <summary>Asks for a run; returns at once.</summary>
    public void Signal()
    {
        lock (_lock)
        {
            if (_running || _stop.IsCancellationRequested)
            {
                _again = true;
                return;
            }

            _running = true;
            _loop = Task.Run(LoopAsync);
        }
    }

    private async Task LoopAsync()
    {
        do
        {
            await run();
            try
            {
                await Task.Delay(pause(), time, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
        while (TakeAgain());
    }

    private bool TakeAgain()
    {
        lock (_lock)
        {
            _running = _again;
            _again = false;
            return _running;
        }
    }

    /// <summary>Stops, and waits for a run that is under way.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _stop.Cancel();
        }

        await _loop;
        _stop.Dispose();
    }
}
