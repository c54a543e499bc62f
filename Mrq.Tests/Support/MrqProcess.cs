using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Mrq.Tests.Support;

/// <summary>The executable <c>mrq</c>, or an application that hosts it, as a process of its own, in a folder of its own.</summary>
internal sealed partial class MrqProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = [];
    private readonly ConcurrentQueue<string> _errorLines = [];
    private readonly TaskCompletionSource<Uri> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _line = new(0);
    private readonly SemaphoreSlim _errorLine = new(0);
    private readonly Task _reading;

    private MrqProcess(Process process)
    {
        _process = process;
        // Read to the end, or it would wait for a reader.
        _reading = Task.WhenAll(ReadOutputAsync(), ReadErrorsAsync());
    }

    /// <summary>Starts it. Variables MRQ_* of the one who runs the tests do not reach it.</summary>
    public static MrqProcess Start(TempFolder folder, IReadOnlyList<string> arguments, params (string Name, string Value)[] environment) =>
        StartProgram(Path.Combine(AppContext.BaseDirectory, "mrq"), folder, arguments, environment);

    /// <summary>Starts another program than the one that was built with the tests.</summary>
    public static MrqProcess StartProgram(string program, TempFolder folder, IReadOnlyList<string> arguments, params (string Name, string Value)[] environment)
    {
        // Whoever runs the tests in the background has told his processes to ignore SIGINT, and theirs would ignore it too.
        var start = new ProcessStartInfo("env", ["--default-signal=INT,QUIT,HUP", program, .. arguments])
        {
            WorkingDirectory = folder.Path,
            UseShellExecute = false,
            // As a service has it: no terminal.
            RedirectStandardInput = true,
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

    /// <summary>Runs it to its end with this on its stdin.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(TempFolder folder, IReadOnlyList<string> arguments, byte[] input)
    {
        await using var process = Start(folder, arguments);
        await using (var stdin = process._process.StandardInput.BaseStream)
        {
            await stdin.WriteAsync(input, TestContext.Current.CancellationToken);
        }

        var code = await process.ExitAsync();
        return (code, process.Output, process.Errors);
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
        if (await Task.WhenAny(_ready.Task, _reading).WaitAsync(TestContext.Current.CancellationToken) != _ready.Task)
        {
            throw new InvalidOperationException($"mrq ended before it was ready: {string.Join('\n', _errorLines)}");
        }

        return new HttpClient { BaseAddress = await _ready.Task };
    }

    /// <summary>Waits until it has written a line with this text.</summary>
    public async Task WaitForLineAsync(string text)
    {
        while (!_output.Any(line => line.Contains(text, StringComparison.Ordinal)))
        {
            if (_reading.IsCompleted)
            {
                throw new InvalidOperationException($"mrq ended and did not say '{text}', but: {Output}\n{string.Join('\n', _errorLines)}");
            }

            await _line.WaitAsync(TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits until it has written a line with this text to stderr.</summary>
    public async Task WaitForErrorLineAsync(string text)
    {
        while (!_errorLines.Any(line => line.Contains(text, StringComparison.Ordinal)))
        {
            Assert.False(_reading.IsCompleted, $"mrq ended and did not say '{text}', but: {Errors}");
            await _errorLine.WaitAsync(TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Ends it without a word, as SIGKILL does.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        await _reading;
    }

    /// <summary>The lines it has written to stderr so far.</summary>
    public string Errors => string.Join('\n', _errorLines);

    /// <summary>The lines it has written so far.</summary>
    public string Output => string.Join('\n', _output);

    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Waits for its end.</summary>
    public async Task<int> ExitAsync()
    {
        await _reading.WaitAsync(TestContext.Current.CancellationToken);
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
        await _reading;
        _line.Dispose();
        _errorLine.Dispose();
        _process.Dispose();
    }

    private async Task ReadOutputAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync(CancellationToken.None) is { } line)
        {
            _output.Enqueue(line);
            _line.Release();
            if (Address().Match(line) is { Success: true } match)
            {
                _ready.TrySetResult(new Uri(match.Groups["address"].Value));
            }
        }

        _line.Release();
    }

    private async Task ReadErrorsAsync()
    {
        while (await _process.StandardError.ReadLineAsync(CancellationToken.None) is { } line)
        {
            _errorLines.Enqueue(line);
            _errorLine.Release();
        }

        _errorLine.Release();
    }

    [GeneratedRegex(@"(^MRQ .*dashboard|Now listening on:) (?<address>http://[^\s,]+)", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Address();
}
