using System.Globalization;
using System.Threading.Channels;
using Mrq.Workers;

namespace Mrq.Server.Processes;

/// <summary>
/// Keeps a list of commands running, each in a process of its own: starts again what ends unasked, passes signals on, and ends when all have ended.
/// How one process lives: docs/processes.md.
/// </summary>
internal sealed partial class Supervisor : IAsyncDisposable
{
    /// <summary>Exit code when a process had to be killed after it was told to end, or the supervisor itself failed.</summary>
    public const int Killed = 1;

    // The system takes no longer address of a socket than 107 bytes; what is appended here has some 50.
    private const int LongestTempPath = 50;

    private readonly SupervisorOptions _options;
    private readonly PrefixedLines _output;
    private readonly PrefixedLines _errors;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly DirectoryInfo _inboxes;
    private readonly Lock _gate = new();
    private readonly List<ChildLife> _lives = [];
    private readonly List<Task> _tasks = [];
    private readonly Channel<LifeEnd> _ended = Channel.CreateUnbounded<LifeEnd>();
    private readonly TaskCompletionSource _firstUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _allUp = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildLife? _first;
    private int _inboxCount;
    private int _stopSignals;
    private int _exitCode;
    private bool _isDisposed;
    private List<FailingProcess> _failing = [];

    /// <exception cref="PlatformNotSupportedException">The system has no signals.</exception>
    public Supervisor(SupervisorOptions options, TextWriter output, TextWriter errors, ILogger logger, TimeProvider time)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("Worker processes need the signals of Linux or macOS.");
        }

        (_options, _logger, _time) = (options, logger, time);
        (_output, _errors) = (new PrefixedLines(output), new PrefixedLines(errors));
        var temp = Path.GetTempPath() is { Length: <= LongestTempPath } usual ? usual : "/tmp";
        // For this user alone: who can write to an inbox can keep a hung process alive.
        _inboxes = Directory.CreateDirectory(Path.Combine(temp, $"mrq-{Guid.NewGuid():N}"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Ends when all processes have been up at once.</summary>
    public Task AllUp => _allUp.Task;

    /// <summary>What it does now, for people: <c>4 worker processes, 12 jobs running</c>.</summary>
    public string Status
    {
        get
        {
            lock (_gate)
            {
                var (up, all) = (_lives.Count(life => life.IsUp), _lives.Count);
                var jobs = _lives.Sum(life => life.RunningJobs);
                return $"{(up == all ? "" : $"{up} of ")}{Processes(all)}, {jobs} {(jobs == 1 ? "job" : "jobs")} running";
            }
        }
    }

    /// <summary>The processes that run now, by the names of their commands.</summary>
    public IReadOnlyDictionary<string, int> ProcessIds
    {
        get
        {
            lock (_gate)
            {
                return _lives.Where(life => life.ProcessId is not null).ToDictionary(life => life.Command.Name, life => life.ProcessId!.Value, StringComparer.Ordinal);
            }
        }
    }

    /// <summary>Begins to keep these running; to be called once.</summary>
    public void Start(IReadOnlyList<ChildCommand> commands)
    {
        lock (_gate)
        {
            if (_stopSignals > 0)
            {
                return;
            }

            foreach (var command in commands)
            {
                Add(command);
            }
        }
    }

    /// <summary>Passes on a signal that asks to end. The first lets jobs end, the second interrupts them.</summary>
    public void Stop(int signal)
    {
        lock (_gate)
        {
            if (++_stopSignals == 1)
            {
                LogStops(Processes(_lives.Count));
            }
            else
            {
                LogInterrupts(Processes(_lives.Count));
            }

            // A copy: one that has no process ends at once, and is taken off the list.
            _lives.ToList().ForEach(life => life.Stop(signal));
        }

        _ended.Writer.TryWrite(LifeEnd.Stopped);
    }

    /// <summary>Passes on a signal that does not ask to end, for example <see cref="Posix.Hangup"/>.</summary>
    public void Signal(int signal)
    {
        lock (_gate)
        {
            _lives.ForEach(life => life.Signal(signal));
        }
    }

    /// <summary>Waits until all have ended, as they were told to or have nothing left to do, and answers the exit code: 0, <see cref="Killed"/>, or 2 for wrong settings.</summary>
    public async Task<int> RunAsync()
    {
        await foreach (var end in _ended.Reader.ReadAllAsync(CancellationToken.None))
        {
            if (end is LifeEnd.Wrong or LifeEnd.Failed)
            {
                _exitCode = end == LifeEnd.Wrong ? ChildLife.WrongSettings : Killed;
                Stop(Posix.Terminate);
            }

            if (HasEnded(end))
            {
                break;
            }
        }

        await Task.WhenAll(_tasks);
        return _exitCode;
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            // A container of services that knows it by two names puts it away twice.
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            _stopSignals++;
            _lives.ToList().ForEach(life => life.Stop(Posix.Kill));
        }

        await Task.WhenAll(_tasks);
        _output.Dispose();
        _errors.Dispose();
        _inboxes.Delete(recursive: true);
    }

    private void Add(ChildCommand command)
    {
        var life = new ChildLife(command, _options, MakeInbox, _output, _errors, OnChanged, _logger, _time);
        _lives.Add(life);
        // The first goes ahead: what is wrong with all of them is said once, and a store is brought up to date by one.
        _first ??= life;
        _tasks.Add(LiveAsync(life, _first == life ? Task.CompletedTask : _firstUp.Task));
    }

    private async Task LiveAsync(ChildLife life, Task start)
    {
        using (life)
        {
            // What its start costs must not be paid under the lock.
            await Task.Yield();
            var end = await RunAsync(life, start);
            Remove(life, end);
            _ended.Writer.TryWrite(end);
        }
    }

    // Whatever happens, its end is told: a supervisor that waits for it would neither replace it nor end.
    private async Task<LifeEnd> RunAsync(ChildLife life, Task start)
    {
        try
        {
            return await life.RunAsync(start, () => _firstUp.Task.IsCompleted);
        }
        catch (Exception e)
        {
            LogFailed(e, life.Command.Name);
            return LifeEnd.Failed;
        }
    }

    private void Remove(ChildLife life, LifeEnd end)
    {
        lock (_gate)
        {
            _lives.Remove(life);
            if (life.HadToKill && _exitCode == 0)
            {
                _exitCode = Killed;
            }
        }

        if (life == _first && end is not (LifeEnd.Wrong or LifeEnd.Failed))
        {
            _firstUp.TrySetResult();
        }
    }

    private bool HasEnded(LifeEnd last)
    {
        lock (_gate)
        {
            return _lives.Count == 0 && (_stopSignals > 0 || last == LifeEnd.WorkedOff);
        }
    }

    private void OnChanged()
    {
        lock (_gate)
        {
            if (_lives.Exists(life => life.IsUp))
            {
                _firstUp.TrySetResult();
            }

            if (_lives.Count > 0 && _lives.TrueForAll(life => life.IsUp))
            {
                _allUp.TrySetResult();
            }

            var failing = _lives.Select(life => life.Failing).OfType<FailingProcess>().ToList();
            if (failing.Count > 0 || _failing.Count > 0)
            {
                // To all: one that has come up meanwhile has not heard of it.
                _failing = failing;
                _lives.ForEach(life => life.Tell(failing));
            }
        }
    }

    private NoticeInbox MakeInbox() => new(Path.Combine(_inboxes.FullName, Interlocked.Increment(ref _inboxCount).ToString(CultureInfo.InvariantCulture)));

    private static string Processes(int count) => count == 1 ? "1 worker process" : $"{count} worker processes";

    [LoggerMessage(7010, LogLevel.Information, "Told to end: {Processes}; running jobs end first")]
    private partial void LogStops(string processes);

    [LoggerMessage(7011, LogLevel.Warning, "Told again to end: {Processes}; running jobs are interrupted")]
    private partial void LogInterrupts(string processes);

    [LoggerMessage(7012, LogLevel.Critical, "The supervisor failed with worker process {Name}, and ends")]
    private partial void LogFailed(Exception exception, string name);
}
