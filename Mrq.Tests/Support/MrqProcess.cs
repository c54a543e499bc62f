using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Mrq.Tests.Support;

/// <summary>The executable <c>mrq</c> as a process of its own, in a folder of its own.</summary>
internal sealed partial class MrqProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task _errors;
    private readonly List<string> _output = [];
    private readonly List<string> _errorLines = [];

    private MrqProcess(Process process)
    {
        _process = process;
        _errors = ReadErrorsAsync();
    }

    /// <summary>Starts it. Variables MRQ_* of the one who runs the tests do not reach it.</summary>
    public static MrqProcess Start(TempFolder folder, IReadOnlyList<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "mrq"), arguments)
        {
            WorkingDirectory = folder.Path,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("MRQ_", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new MrqProcess(Process.Start(start) ?? throw new InvalidOperationException("mrq did not start."));
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        TempFolder folder, IReadOnlyList<string> arguments, params (string Name, string Value)[] environment)
    {
        await using var process = Start(folder, arguments, environment);
        var code = await process.ExitAsync();
        return (code, string.Join('\n', process._output), string.Join('\n', process._errorLines));
    }

    /// <summary>Waits for the line that says it runs, and answers a client for its address.</summary>
    public async Task<HttpClient> ReadyAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            _output.Add(line);
            if (Address().Match(line) is { Success: true } match)
            {
                return new HttpClient { BaseAddress = new Uri(match.Groups["address"].Value) };
            }
        }

        await _errors;
        throw new InvalidOperationException($"mrq ended before it was ready: {string.Join('\n', _errorLines)}");
    }

    /// <summary>The lines it has written so far, up to the one that says it runs.</summary>
    public string Output => string.Join('\n', _output);

    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Waits for its end.</summary>
    public async Task<int> ExitAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            _output.Add(line);
        }

        await _errors;
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync(CancellationToken.None);
        await _errors;
        _process.Dispose();
    }

    private async Task ReadErrorsAsync()
    {
        while (await _process.StandardError.ReadLineAsync(CancellationToken.None) is { } line)
        {
            _errorLines.Add(line);
        }
    }

    [GeneratedRegex(@"^MRQ .*dashboard (?<address>http://\S+)", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Address();
}
