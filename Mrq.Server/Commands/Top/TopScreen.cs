using System.Globalization;
using Mrq.Storage;
using Spectre.Console;

namespace Mrq.Server.Commands.Top;

/// <summary>The terminal while <c>mrq top</c> has it: another screen, drawn in one write each time, and the keys.</summary>
internal sealed class TopScreen(TopReader reader, TopView view, TimeSpan interval)
{
    private const string Open = "\u001b[?1049h\u001b[?25l";
    private const string Close = "\u001b[?25h\u001b[?1049l";
    private const string Home = "\u001b[H";
    private const string ClearLine = "\u001b[K";
    private const string ClearRest = "\u001b[J";

    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(60);

    // Keys are asked for so often; the terminal has no event for them.
    private static readonly TimeSpan KeyLook = TimeSpan.FromMilliseconds(50);

    private TimeSpan _interval = interval;
    private bool _isHeld;
    private string? _failure;

    /// <summary>Draws until the person quits.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Console.Write(Open);
        try
        {
            TopSnapshot? shown = null;
            while (!cancellationToken.IsCancellationRequested)
            {
                shown = _isHeld ? shown : await TryReadAsync(cancellationToken) ?? shown;
                Draw(shown);
                if (!await WaitAsync(() => Draw(shown), cancellationToken))
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
        finally
        {
            Console.Write(Close);
        }
    }

    // A store that is away for a while is no reason to lose the picture.
    private async Task<TopSnapshot?> TryReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var read = await reader.ReadAsync(cancellationToken);
            _failure = null;
            return read;
        }
        catch (StorageUnavailableException e)
        {
            _failure = $"the store does not answer: {e.Message}";
            return null;
        }
    }

    /// <summary>Waits for the next picture and heeds keys meanwhile. False: the person quits.</summary>
    private async Task<bool> WaitAsync(Action redraw, CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        var size = (Console.WindowWidth, Console.WindowHeight);
        while (TimeProvider.System.GetElapsedTime(began) < _interval)
        {
            while (Console.KeyAvailable)
            {
                var key = Console.ReadKey(intercept: true);
                if (key.Key is ConsoleKey.Q or ConsoleKey.Escape || key.KeyChar == 'q')
                {
                    return false;
                }

                Heed(key);
                redraw();
            }

            if ((Console.WindowWidth, Console.WindowHeight) != size)
            {
                size = (Console.WindowWidth, Console.WindowHeight);
                redraw();
            }

            await Task.Delay(KeyLook, TimeProvider.System, cancellationToken);
        }

        return true;
    }

    private void Heed(ConsoleKeyInfo key)
    {
        switch (key.KeyChar)
        {
            case ' ':
                _isHeld = !_isHeld;
                break;
            case '+':
                _interval = _interval / 2 < Least ? Least : _interval / 2;
                break;
            case '-':
                _interval = _interval * 2 > Most ? Most : _interval * 2;
                break;
            default:
                break;
        }
    }

    private void Draw(TopSnapshot? shown)
    {
        var (width, height) = (Math.Max(20, Console.WindowWidth), Math.Max(6, Console.WindowHeight));
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.Yes, Out = new AnsiConsoleOutput(text), Interactive = InteractionSupport.No });
        console.Profile.Width = width;
        console.Profile.Capabilities.Unicode = true;
        if (shown is null)
        {
            console.Write(new Text(_failure ?? "Reading…"));
        }
        else
        {
            var notice = _failure ?? (_isHeld ? "held, space goes on" : _interval == TimeSpan.FromSeconds(1) ? null : $"every {_interval.TotalSeconds:0.##} s");
            console.Write(view.Draw(shown, width, height, notice));
        }

        // Never more lines than the screen has, or it scrolls.
        var lines = text.ToString().TrimEnd('\n').Split('\n').Take(height).Select(line => $"{line.TrimEnd('\r')}{ClearLine}");
        Console.Write($"{Home}{string.Join("\r\n", lines)}{ClearRest}");
    }
}
