using Microsoft.JSInterop;
using Mrq.Storage;

namespace Mrq.Dashboard.Live;

/// <summary>What one tab knows of changes: passes the stores' signals on while its page is visible, and makes up for them when it becomes visible.</summary>
public sealed class LiveUpdates(ICoordination coordination, TimeProvider time) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<Watch> _watches = [];
    private IDisposable? _subscription;
    private DotNetObjectReference<LiveUpdates>? _self;
    private Changes _missed;
    private bool _visible = true;

    /// <summary>A person asked that the pages stand still.</summary>
    public bool Paused { get; private set; }

    /// <summary>Raised when <see cref="Paused"/> changes.</summary>
    public event EventHandler? PausedChanged;

    internal async Task StartAsync(IJSRuntime js)
    {
        _self ??= DotNetObjectReference.Create(this);
        await SetVisibleAsync(await js.InvokeAsync<bool>("mrq.start", _self, time.GetUtcNow().ToUnixTimeMilliseconds()));
    }

    /// <summary>The browser says whether anyone can see the page.</summary>
    [JSInvokable]
    public Task SetVisibleAsync(bool visible)
    {
        lock (_lock)
        {
            _visible = visible;
        }

        if (visible)
        {
            // Also what changes by time alone stood still meanwhile: every page asks again.
            Pass(Changes.All);
        }

        return Task.CompletedTask;
    }

    public void SetPaused(bool paused)
    {
        Paused = paused;
        PausedChanged?.Invoke(this, EventArgs.Empty);
        Pass(Changes.All);
    }

    /// <summary>Calls back on these changes, on any thread. Dispose to end.</summary>
    internal IDisposable Watch(Changes changes, Action callback)
    {
        var watch = new Watch(End, changes, callback);
        lock (_lock)
        {
            _watches.Add(watch);
            _subscription ??= coordination.Subscribe(Pass);
        }

        return watch;
    }

    internal bool Visible
    {
        get
        {
            lock (_lock)
            {
                return _visible;
            }
        }
    }

    private void Pass(Changes changes)
    {
        Watch[] told;
        lock (_lock)
        {
            _missed |= changes;
            if (!_visible)
            {
                return;
            }

            changes = _missed;
            _missed = Changes.None;
            told = [.. _watches.Where(w => (w.Changes & changes) != Changes.None)];
        }

        foreach (var watch in told)
        {
            watch.Callback();
        }
    }

    private void End(Watch watch)
    {
        lock (_lock)
        {
            _watches.Remove(watch);
        }
    }

    public void Dispose()
    {
        _subscription?.Dispose();
        _self?.Dispose();
    }
}

internal sealed class Watch(Action<Watch> end, Changes changes, Action callback) : IDisposable
{
    public Changes Changes { get; } = changes;

    public Action Callback { get; } = callback;

    public void Dispose() => end(this);
}
