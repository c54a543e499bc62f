namespace Mrq.Server.Output;

/// <summary>One line on stderr that is written over and over, where a person sees it; elsewhere nothing.</summary>
internal sealed class ProgressLine(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private long _written;
    private bool _isShown;

    /// <summary>What other lines of stderr begin with, so that they take its place.</summary>
    public static string Clear { get; } = Terminal.IsErrors ? "\r\u001b[K" : "";

    /// <summary>Shows this, unless it follows the last too soon. On any thread.</summary>
    /// <param name="text">Asked for only when it is shown.</param>
    /// <param name="isNews">True: it is shown however soon.</param>
    public void Show(Func<string> text, bool isNews = false)
    {
        if (!Terminal.IsErrors)
        {
            return;
        }

        lock (_gate)
        {
            if (_isShown && !isNews && time.GetElapsedTime(_written) < Pace)
            {
                return;
            }

            (_isShown, _written) = (true, time.GetTimestamp());
            var line = SafeText.Line(text());
            var width = Terminal.ErrorWidth - 1;
            Console.Error.Write($"{Clear}{(line.Length <= width ? line : line[..width])}");
        }
    }

    /// <summary>Takes it away.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isShown)
            {
                Console.Error.Write(Clear);
                _isShown = false;
            }
        }
    }
}
