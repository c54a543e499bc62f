using Mrq.Storage;

namespace Mrq.Dashboard.Live;

/// <summary>Whether this tab's last reads went well, and since when not.</summary>
public sealed class StoreHealth(TimeProvider time)
{
    // Several parts of a page read for themselves: what one could read says nothing of what another could not.
    private readonly HashSet<object> _failing = [];

    /// <summary>Null: all is well. Else what is away, for people.</summary>
    public string? Problem { get; private set; }

    /// <summary>Since when; means nothing while <see cref="Problem"/> is null.</summary>
    public DateTimeOffset Since { get; private set; }

    /// <summary>Raised when one of the two changes, in the renderer's context.</summary>
    public event EventHandler? Changed;

    /// <summary>The last read of this part went well, or it is gone.</summary>
    internal void Worked(object part)
    {
        if (_failing.Remove(part) && _failing.Count == 0)
        {
            Problem = null;
            Changed?.Invoke(this, EventArgs.Empty);
        }
    }

    /// <summary>The last read of this part failed.</summary>
    internal void Failed(object part, Exception cause)
    {
        _failing.Add(part);
        var problem = Describe(cause);
        if (Problem is null)
        {
            Since = time.GetUtcNow();
        }

        if (Problem != problem)
        {
            Problem = problem;
            Changed?.Invoke(this, EventArgs.Empty);
        }
    }

    /// <summary>What went wrong, in one line for people.</summary>
    internal static string Describe(Exception cause) =>
        cause is StorageUnavailableException ? cause.Message : $"{cause.GetType().Name}: {cause.Message}";
}
