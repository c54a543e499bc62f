using Mrq.Storage;

namespace Mrq.Dashboard.Live;

/// <summary>Whether this tab's last reads went well and the store says that it is well, and since when not.</summary>
public sealed class StoreHealth(IStorage storage, TimeProvider time)
{
    // Several parts of a page read for themselves: what one could read says nothing of what another could not.
    private readonly HashSet<object> _failing = [];
    private bool _asking;

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
    internal void Failed(object part, Exception cause) => Failed(part, Describe(cause));

    /// <summary>Asks the store itself: one that is locked still gives what it has, and takes nothing.</summary>
    internal async Task AskAsync(CancellationToken cancellationToken)
    {
        if (_asking)
        {
            return;
        }

        _asking = true;
        try
        {
            // A store may answer on the thread that asks: never on the renderer's.
            if (await Task.Run(() => storage.CheckAsync(cancellationToken), cancellationToken) is { } problem)
            {
                Failed(storage, problem);
            }
            else
            {
                Worked(storage);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The tab is gone.
        }
        catch (Exception e)
        {
            Failed(storage, e);
        }
        finally
        {
            _asking = false;
        }
    }

    private void Failed(object part, string problem)
    {
        _failing.Add(part);
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
