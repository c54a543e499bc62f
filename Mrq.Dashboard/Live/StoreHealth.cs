using Mrq.Storage;

namespace Mrq.Dashboard.Live;

/// <summary>Whether this tab's last reads went well, and since when not.</summary>
public sealed class StoreHealth(TimeProvider time)
{
    /// <summary>Null: all is well. Else what is away, for people.</summary>
    public string? Problem { get; private set; }

    /// <summary>Since when; means nothing while <see cref="Problem"/> is null.</summary>
    public DateTimeOffset Since { get; private set; }

    /// <summary>Raised when one of the two changes, in the renderer's context.</summary>
    public event EventHandler? Changed;

    internal void Worked()
    {
        if (Problem is not null)
        {
            Problem = null;
            Changed?.Invoke(this, EventArgs.Empty);
        }
    }

    internal void Failed(Exception cause)
    {
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
