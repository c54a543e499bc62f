using Mrq.Jobs;

namespace Mrq.Dashboard.Controls;

/// <summary>A short message to the person at the page.</summary>
/// <param name="Run">A bulk action whose progress it shows; null: none.</param>
/// <param name="Link">Address relative to the base; null: none.</param>
public sealed record Toast(long Number, bool Bad, string Text, string? Link = null, string? LinkText = null, JobId? Run = null);

/// <summary>The messages of one tab.</summary>
public sealed class ToastQueue
{
    private readonly List<Toast> _shown = [];
    private long _number;

    public IReadOnlyList<Toast> Shown => _shown;

    /// <summary>Raised in the renderer's context when <see cref="Shown"/> changes.</summary>
    public event EventHandler? Changed;

    public void Done(string text, string? link = null, string? linkText = null) =>
        Show(new Toast(++_number, false, text, link, linkText));

    public void Failed(string text) => Show(new Toast(++_number, true, text));

    /// <summary>Follows a job that carries out a bulk action until it has ended.</summary>
    public void Follow(JobId run, string text) => Show(new Toast(++_number, false, text, $"jobs/{run}", "Open", run));

    public void Remove(Toast toast)
    {
        if (_shown.Remove(toast))
        {
            Changed?.Invoke(this, EventArgs.Empty);
        }
    }

    private void Show(Toast toast)
    {
        _shown.Add(toast);
        if (_shown.Count > 4)
        {
            _shown.Remove(_shown.Find(t => t.Run is null) ?? _shown[0]);
        }

        Changed?.Invoke(this, EventArgs.Empty);
    }
}
