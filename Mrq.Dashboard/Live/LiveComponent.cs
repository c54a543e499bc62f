using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Logging;
using Mrq.Storage;

namespace Mrq.Dashboard.Live;

/// <summary>
/// Shows what is in the stores and asks again when they change: at most every 250 ms, seldom when a read scans many jobs, and
/// only while the tab is visible.
/// A read that fails leaves the last data on the page and raises the banner; it is tried again until it works.
/// </summary>
public abstract partial class LiveComponent : ComponentBase, IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LeastScanPace = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RetryPace = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _gone = new();
    private CancellationTokenSource? _reading;
    private Throttle? _throttle;
    private IDisposable? _watch;
    private ITimer? _clock;
    private bool _failed;
    private bool _late;
    private TimeSpan _lastRead;

    [Inject] protected LiveUpdates Live { get; set; } = null!;

    [Inject] protected StoreHealth Health { get; set; } = null!;

    [Inject] protected TimeProvider Time { get; set; } = null!;

    [Inject] private ILoggerFactory Loggers { get; set; } = null!;

    /// <summary>True after the first read.</summary>
    protected bool Loaded { get; private set; }

    /// <summary>True while there is nothing to show, because the first read failed, takes long or waits for a store that is known to be away; it is tried again until it works.</summary>
    protected bool IsUnread => !Loaded && (_failed || _late || Health.Away.Count > 0);

    /// <summary>Cancelled when the component is gone.</summary>
    protected CancellationToken Gone => _gone.Token;

    /// <summary>The changes that it shows.</summary>
    protected abstract Changes Watches { get; }

    /// <summary>Asks again at this pace also without a signal, for what changes by time alone. Null: it does not.</summary>
    protected virtual TimeSpan? Every => null;

    /// <summary>True goes on reading while a person has paused the live view.</summary>
    protected virtual bool ReadsWhilePaused => false;

    /// <summary>True when a read looks at jobs one by one: it is repeated so seldom that most of the time the store is left alone.</summary>
    protected virtual bool Scans => false;

    /// <summary>How long to wait before the next read.</summary>
    internal static TimeSpan PauseAfter(TimeSpan lastRead, bool scans) =>
        !scans ? Pace : lastRead * 10 > LeastScanPace ? lastRead * 10 : LeastScanPace;

    /// <summary>Reads what is shown. Changes nothing on the page: the returned action does, unless a newer read has begun meanwhile.</summary>
    protected abstract Task<Action> ReadAsync(CancellationToken cancellationToken);

    /// <inheritdoc/>
    protected override Task OnParametersSetAsync() => RefreshAsync();

    /// <inheritdoc/>
    protected override void OnAfterRender(bool firstRender)
    {
        if (!firstRender || _gone.IsCancellationRequested)
        {
            return;
        }

        _throttle = new Throttle(() => InvokeAsync(RefreshLiveAsync), () => PauseAfter(_lastRead, Scans), Time);
        _watch = Live.Watch(Watches, _throttle.Signal);
        _clock = Time.CreateTimer(_ => OnTick(), null, RetryPace, Every ?? RetryPace);
    }

    /// <summary>Reads again now and shows the outcome.</summary>
    protected async Task RefreshAsync()
    {
        if (_gone.IsCancellationRequested)
        {
            return;
        }

        // Cancelled before anything is awaited: later the older read may have ended, and its source with it.
        var stopOlder = _reading?.CancelAsync() ?? Task.CompletedTask;
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(_gone.Token);
        _reading = reading;
        try
        {
            await stopOlder;
            var begin = Time.GetTimestamp();
            var show = await ReadAsync(reading.Token);
            _lastRead = Time.GetElapsedTime(begin);
            if (_reading == reading && !_gone.IsCancellationRequested)
            {
                show();
                Loaded = true;
                _failed = false;
                Health.Worked(this);
                StateHasChanged();
            }
        }
        catch (OperationCanceledException) when (reading.IsCancellationRequested)
        {
            // A newer read has taken over, or the page is gone.
        }
        catch (Exception e)
        {
            // Whatever a store throws: the circuit must live, the page keeps its data.
            _failed = true;
            LogReadFailed(Loggers.CreateLogger(GetType()), e);
            Health.Failed(this, e);
            if (!Loaded && !_gone.IsCancellationRequested)
            {
                StateHasChanged();
            }
        }
        finally
        {
            if (_reading == reading)
            {
                _reading = null;
            }
        }
    }

    private async Task RefreshLiveAsync()
    {
        if (Live.Paused && Loaded && !ReadsWhilePaused)
        {
            return;
        }

        await RefreshAsync();
    }

    private void OnTick()
    {
        if (!Loaded)
        {
            // A call to a store that has just gone ends after seconds: the page is not to stay blank for so long.
            _ = InvokeAsync(ShowLate);
        }

        if (Live.Visible && (_failed || Every is not null))
        {
            _throttle?.Signal();
        }
    }

    private void ShowLate()
    {
        if (!Loaded && !_late && !_gone.IsCancellationRequested)
        {
            _late = true;
            StateHasChanged();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _gone.CancelAsync();
        _watch?.Dispose();
        if (_clock is not null)
        {
            await _clock.DisposeAsync();
        }

        if (_throttle is not null)
        {
            await _throttle.DisposeAsync();
        }

        Health.Worked(this);
        await DisposingAsync();
        _gone.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>What a component has to end beside its reads.</summary>
    protected virtual ValueTask DisposingAsync() => ValueTask.CompletedTask;

    [LoggerMessage(6001, LogLevel.Warning, "A page could not read what it shows; it keeps its last data and tries again")]
    private static partial void LogReadFailed(ILogger logger, Exception cause);
}
