using System.ComponentModel;
using System.Globalization;
using System.Net.Sockets;
using Mrq.Server.Configuration;
using Mrq.Workers;

namespace Mrq.Server.Processes;

/// <summary>Why a supervisor no longer keeps a command running.</summary>
internal enum LifeEnd
{
    /// <summary>It was told to stop it.</summary>
    Stopped,

    /// <summary>Nothing is left for it to do.</summary>
    WorkedOff,

    /// <summary>It cannot run as it is set up; it has said why.</summary>
    Wrong,

    /// <summary>The supervisor itself failed with it, in a way that nobody has foreseen.</summary>
    Failed,
}

/// <summary>Keeps one command running: starts a process, and another when it has ended.</summary>
/// <param name="makeInbox">Makes a new place for what the next process tells.</param>
/// <param name="changed">Called when what the properties say has changed.</param>
internal sealed partial class ChildLife(
    ChildCommand command, SupervisorOptions options, Func<NoticeInbox> makeInbox, PrefixedLines output, PrefixedLines errors, Action changed, ILogger logger, TimeProvider time) : IDisposable
{
    /// <summary>Exit code of a process whose settings are wrong.</summary>
    public const int WrongSettings = 2;

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly RestartDelay _delay = new();
    private ChildProcess? _current;
    private ConfigurationFiles? _handed;
    private int _stopSignals;
    private int _lastStopSignal;

    public ChildCommand Command => command;

    /// <summary>The process that runs now; null: none does.</summary>
    public int? ProcessId => _current?.Id;

    public bool IsUp => _current?.Up.IsCompletedSuccessfully ?? false;

    public int RunningJobs => _current?.RunningJobs ?? 0;

    /// <summary>How often it was started again.</summary>
    public int Restarts { get; private set; }

    /// <summary>How the last process ended; null: none has.</summary>
    public ChildEnd? LastEnd { get; private set; }

    /// <summary>True: a process of it had to be killed after it was told to end.</summary>
    public bool HadToKill { get; private set; }

    /// <summary>It as the others tell of it, when it has died early more than once in a row; null: it stays up, as far as is known.</summary>
    public FailingProcess? Failing =>
        command.Worker is { } place && LastEnd is { } end && !IsUp && _delay.EarlyDeaths > 1 ? new FailingProcess(place.Index, Restarts, end.ToString()) : null;

    /// <summary>Keeps it running until told to stop.</summary>
    /// <param name="othersAreUp">True: wrong settings are no reason to give up, as others could run with them.</param>
    public async Task<LifeEnd> RunAsync(Task start, Func<bool> othersAreUp)
    {
        try
        {
            await start.WaitAsync(_stop.Token);
            while (true)
            {
                var end = await RunOnceAsync();
                LastEnd = end;
                if (_stop.IsCancellationRequested)
                {
                    HadToKill = end.Reason is not null;
                    LogStopped(command.Name, end);
                    return LifeEnd.Stopped;
                }

                if (end is { ExitCode: 0, EndReason: EndReason.WorkedOff })
                {
                    LogWorkedOff(command.Name, end);
                    return LifeEnd.WorkedOff;
                }

                if (end is { ExitCode: WrongSettings or null, WasUp: false } && Restarts == 0 && !othersAreUp())
                {
                    LogWrong(command.Name, end);
                    return LifeEnd.Wrong;
                }

                var delay = TellOf(end);
                changed();
                await Task.Delay(delay, time, _stop.Token);
                Restarts++;
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return LifeEnd.Stopped;
        }
    }

    /// <summary>Says in the log how a process ended and what comes next; answers how long to wait before that.</summary>
    private TimeSpan TellOf(ChildEnd end)
    {
        if (end.HasRefusedSettings && _handed is not null && command.Worker?.Files.Refuse(_handed) == true)
        {
            LogRefused(command.Name, end);
            return TimeSpan.Zero;
        }

        var delay = _delay.After(end);
        if (end is { ExitCode: WrongSettings, WasUp: false })
        {
            LogWrongNow(command.Name, end, delay.TotalSeconds);
        }
        else if (end.IsPlanned)
        {
            LogPlanned(command.Name, end);
        }
        else
        {
            LogRestart(end is { ExitCode: 0, WasUp: true } ? LogLevel.Information : LogLevel.Warning, command.Name, end, delay.TotalSeconds);
        }

        return delay;
    }

    /// <summary>Asks its process to end, and starts no other. The second call has its jobs interrupted.</summary>
    public void Stop(int signal)
    {
        lock (_gate)
        {
            (_lastStopSignal, _stopSignals) = (signal, _stopSignals + 1);
            AskToEnd(_current);
        }

        _stop.Cancel();
    }

    /// <summary>Passes on a signal that does not ask it to end.</summary>
    public void Signal(int signal)
    {
        lock (_gate)
        {
            _current?.Signal(signal);
        }
    }

    public void Tell(IReadOnlyList<FailingProcess> failing)
    {
        if (IsUp && command.Notifies)
        {
            _current?.Tell(failing);
        }
    }

    public void Dispose() => _stop.Dispose();

    private void AskToEnd(ChildProcess? process)
    {
        if (_stopSignals > 1 && _lastStopSignal != Posix.Kill && command.Worker is not null)
        {
            process?.Interrupt(options.InterruptTime);
        }
        else
        {
            process?.Stop(_lastStopSignal, _stopSignals > 1 ? options.InterruptTime : options.StopTime);
        }
    }

    private async Task<ChildEnd> RunOnceAsync()
    {
        ChildProcess process;
        try
        {
            process = Start();
        }
        catch (Exception e) when (e is Win32Exception or SocketException or IOException)
        {
            return new ChildEnd(null, TimeSpan.Zero, WasUp: false, e.Message);
        }

        using (process)
        {
            var up = TellWhenUpAsync(process);
            var end = await process.RunAsync(output, errors);
            lock (_gate)
            {
                _current = null;
            }

            process.GiveUpWaiting();
            await up;
            return end;
        }
    }

    private ChildProcess Start()
    {
        var inbox = makeInbox();
        _handed = command.Worker?.Files.Next();
        var handed = command.Worker is { } worker && _handed is not null ? new HandedStart(worker.Arguments, _handed.Texts) : null;
        try
        {
            lock (_gate)
            {
                var process = ChildProcess.Start(command, Describe(), handed, inbox, options, time);
                _current = process;
                if (_stopSignals > 0)
                {
                    // The signal came while there was no process to pass it to.
                    AskToEnd(process);
                }

                LogStarted(command.Name, process.Id);
                return process;
            }
        }
        catch (Exception)
        {
            inbox.Dispose();
            throw;
        }
    }

    private Supervision? Describe() => command.Worker is not { } place ? null : new Supervision
    {
        Supervisor = Environment.ProcessId,
        Index = place.Index,
        Count = place.Count,
        Restarts = Restarts,
        LastEnd = LastEnd?.ToString(),
    };

    private async Task TellWhenUpAsync(ChildProcess process)
    {
        try
        {
            await process.Up;
            LogUp(command.Name, process.Id);
            changed();
        }
        catch (OperationCanceledException)
        {
            // It ended before.
        }
    }

    [LoggerMessage(7001, LogLevel.Debug, "Worker process {Name} was started, pid {Pid}")]
    private partial void LogStarted(string name, int pid);

    [LoggerMessage(7002, LogLevel.Information, "Worker process {Name} is up, pid {Pid}")]
    private partial void LogUp(string name, int pid);

    [LoggerMessage(EventId = 7003, Message = "Worker process {Name} ended by itself, {End}; it is started again in {Delay:0.0} s")]
    private partial void LogRestart(LogLevel level, string name, ChildEnd end, double delay);

    [LoggerMessage(7008, LogLevel.Information, "Worker process {Name} has come to its end, {End}; it is started again")]
    private partial void LogPlanned(string name, ChildEnd end);

    [LoggerMessage(7009, LogLevel.Error, "Worker process {Name} cannot begin with the configuration as it is now; its own lines say what is wrong ({End}). It is started with what held before. The files count again when they have changed")]
    private partial void LogRefused(string name, ChildEnd end);

    [LoggerMessage(7004, LogLevel.Information, "Worker process {Name} has ended, {End}")]
    private partial void LogStopped(string name, ChildEnd end);

    [LoggerMessage(7005, LogLevel.Information, "Worker process {Name} has worked its queues off, {End}")]
    private partial void LogWorkedOff(string name, ChildEnd end);

    [LoggerMessage(7006, LogLevel.Error, "Worker process {Name} cannot run as it is set up, {End}")]
    private partial void LogWrong(string name, ChildEnd end);

    [LoggerMessage(7007, LogLevel.Error, "Worker process {Name} cannot start with the settings or the store as they are now; its own line says what is wrong ({End}). The others run on until they end. It is tried again in {Delay:0.0} s")]
    private partial void LogWrongNow(string name, ChildEnd end, double delay);
}
