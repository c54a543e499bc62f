using System.Text;
using Microsoft.Extensions.Logging;
using Mrq.Server.Configuration;
using Mrq.Server.Processes;
using Mrq.Tests.Support;

namespace Mrq.Tests.Processes;

/// <summary>A supervisor in this process, with real processes, and what it writes.</summary>
internal sealed class Supervised : IAsyncDisposable
{
    private readonly Supervisor _supervisor;
    private readonly LoggerFactory _loggers;

    public Supervised(Func<SupervisorOptions, SupervisorOptions>? options = null)
    {
        _loggers = new LoggerFactory([Log]);
        var patient = new SupervisorOptions { StopTime = TimeSpan.FromMinutes(1), InterruptTime = TimeSpan.FromMinutes(1) };
        _supervisor = new Supervisor(options?.Invoke(patient) ?? patient, Output, Errors, _loggers.CreateLogger("supervisor"), TimeProvider.System);
        Ended = _supervisor.RunAsync();
    }

    public Supervisor Supervisor => _supervisor;

    /// <summary>Its exit code, once it has ended.</summary>
    public Task<int> Ended { get; }

    public WrittenLines Output { get; } = new();

    public WrittenLines Errors { get; } = new();

    public SupervisorLog Log { get; } = new();

    /// <summary>A command of the shell, which tells nobody how it is.</summary>
    public static ChildCommand Shell(string name, string script) =>
        // A shell cannot heed a signal that whoever runs the tests, in the background, has told his processes to ignore.
        new(name, "/usr/bin/env", ["--default-signal=INT,QUIT,HUP", "/bin/sh", "-c", script]) { Notifies = false };

    /// <summary>Worker processes of <c>mrq</c>.</summary>
    public static IReadOnlyList<ChildCommand> Workers(int count, TestStores stores) =>
        new SelfStart(Path.Combine(AppContext.BaseDirectory, "mrq"), []).Commands(
            count, ["worker", "--tasks", "no-tasks", "--report_interval", "0.5", .. stores.Arguments], [], new HandedFiles(new ConfigurationFiles()));

    public Task<int> ExitAsync() => Ended.WaitAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _supervisor.DisposeAsync();
        await Ended;
        _loggers.Dispose();
        await Output.DisposeAsync();
        await Errors.DisposeAsync();
    }
}

/// <summary>Lines as they are written, to wait for.</summary>
internal sealed class WrittenLines : StringWriter
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_gate)
            {
                return ToString().Split('\n')[..^1];
            }
        }
    }

    /// <summary>True: nothing can be written, as on a disk that is full.</summary>
    public bool IsFull { get; set; }

    public override Encoding Encoding => Encoding.UTF8;

    public override Task WriteAsync(string? value)
    {
        lock (_gate)
        {
            if (IsFull)
            {
                throw new IOException("No space left on device");
            }

            Write(value);
            _more.TrySetResult();
            _more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return Task.CompletedTask;
    }

    /// <summary>Waits until as many lines are as wished, and answers the first such.</summary>
    public async Task<IReadOnlyList<string>> UntilAsync(Predicate<string> isWished, int count = 1)
    {
        while (true)
        {
            Task more;
            lock (_gate)
            {
                more = _more.Task;
            }

            if (Lines.Where(line => isWished(line)).Take(count).ToList() is var found && found.Count == count)
            {
                return found;
            }

            await more.WaitAsync(MrqNode.Patience, TestContext.Current.CancellationToken);
        }
    }
}

/// <summary>What a supervisor logs, to wait for.</summary>
internal sealed class SupervisorLog : ILoggerProvider, ILogger
{
    private readonly WrittenLines _lines = new();

    public Task<IReadOnlyList<string>> UntilAsync(string text, int count = 1) => _lines.UntilAsync(line => line.Contains(text, StringComparison.Ordinal), count);

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _ = _lines.WriteAsync(formatter(state, exception) + "\n");

    public void Dispose() => _lines.Dispose();
}
