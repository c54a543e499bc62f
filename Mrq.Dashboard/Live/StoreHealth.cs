using Mrq.Diagnostics;
using Mrq.Storage;

namespace Mrq.Dashboard.Live;

/// <summary>What this tab knows of stores that are away: what the process has found, and what the tab's own reads have met before that.</summary>
public sealed class StoreHealth : IDisposable
{
    private readonly StorageHealth _process;
    private readonly IStorage _storage;
    private readonly TimeProvider _time;

    // Several parts of a page read for themselves: what one could read says nothing of what another could not.
    private readonly HashSet<object> _failing = [];
    private StoreAway? _met;

    public StoreHealth(StorageHealth process, IStorage storage, TimeProvider time)
    {
        (_process, _storage, _time) = (process, storage, time);
        process.Changed += Pass;
    }

    /// <summary>Empty: all is well.</summary>
    public IReadOnlyList<StoreAway> Away => _process.Away is { Count: > 0 } away ? away : _met is { } met ? [met] : [];

    /// <summary>Raised when <see cref="Away"/> changes, on any thread.</summary>
    public event EventHandler? Changed;

    public void Dispose() => _process.Changed -= Pass;

    /// <summary>The last read of this part went well, or it is gone.</summary>
    internal void Worked(object part)
    {
        if (_failing.Remove(part) && _failing.Count == 0)
        {
            _met = null;
            Changed?.Invoke(this, EventArgs.Empty);
        }
    }

    /// <summary>The last read of this part failed.</summary>
    internal void Failed(object part, Exception cause)
    {
        _failing.Add(part);
        _process.LookSoon();
        var met = new StoreAway(_storage.Description, Describe(cause), _met?.Since ?? _time.GetUtcNow());
        if (met != _met)
        {
            _met = met;
            Changed?.Invoke(this, EventArgs.Empty);
        }
    }

    private void Pass(object? sender, EventArgs e) => Changed?.Invoke(this, e);

    /// <summary>What went wrong, in one line for people.</summary>
    internal static string Describe(Exception cause) =>
        cause is StorageUnavailableException ? cause.Message : $"{cause.GetType().Name}: {cause.Message}";
}
