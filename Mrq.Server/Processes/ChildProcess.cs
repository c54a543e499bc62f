using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using Mrq.Workers;

namespace Mrq.Server.Processes;

/// <summary>One process of a supervisor, from its start to its end: what it writes, what it says of itself, and how it is told to end.</summary>
internal sealed class ChildProcess : IDisposable
{
    /// <summary>Begin of the assignment that tells how many jobs run in it.</summary>
    public const string RunningJobsNotice = "X_MRQ_RUNNING_JOBS=";

    /// <summary>Begin of the assignment that tells, before its end, why its workers end it (<see cref="EndReasons.NameOf"/>).</summary>
    public const string EndReasonNotice = "X_MRQ_END_REASON=";

    /// <summary>Begin of the assignment that tells, with that, how many attempts have ended in it.</summary>
    public const string DoneJobsNotice = "X_MRQ_DONE_JOBS=";

    /// <summary>The assignment that tells that it cannot begin with the settings that it found.</summary>
    public const string WrongSettingsNotice = "X_MRQ_WRONG_SETTINGS=1";

    // A program that it had started may hold its output open for ever.
    private static readonly TimeSpan OutputAfterEnd = TimeSpan.FromSeconds(1);

    private readonly Process _process;
    private readonly ChildCommand _command;
    private readonly HandedStart? _handed;
    private readonly NoticeInbox _inbox;
    private readonly SupervisorOptions _options;
    private readonly TimeProvider _time;
    private readonly long _started;
    private readonly TaskCompletionSource _up = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer _patience;
    private readonly Channel<string> _messages =
        Channel.CreateBounded<string>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private string? _killedBecause;
    private volatile bool _isInterrupted;
    private long _heard;
    private volatile bool _hasRefusedSettings;
    private volatile int _runningJobs;
    private EndReason? _endReason;
    private long _doneJobs;

    private ChildProcess(Process process, ChildCommand command, HandedStart? handed, NoticeInbox inbox, SupervisorOptions options, TimeProvider time)
    {
        (_process, _command, _handed, _inbox, _options, _time) = (process, command, handed, inbox, options, time);
        Id = process.Id;
        _started = _heard = time.GetTimestamp();
        _patience = time.CreateTimer(_ => Kill("it did not end when it was told to"), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (!command.Notifies)
        {
            _up.SetResult();
        }
    }

    public int Id { get; }

    /// <summary>Ends when it has said that it is up.</summary>
    public Task Up => _up.Task;

    /// <summary>How many jobs run in it, as it last said.</summary>
    public int RunningJobs => _runningJobs;

    /// <summary>Starts it.</summary>
    /// <param name="inbox">Where it tells how it is; disposed with it.</param>
    /// <param name="supervision">What it is told of its place; null: nothing.</param>
    /// <param name="handed">What it begins with; null: its command line is all.</param>
    /// <exception cref="Win32Exception">The program is not there, or may not be run.</exception>
    public static ChildProcess Start(ChildCommand command, Supervision? supervision, HandedStart? handed, NoticeInbox inbox, SupervisorOptions options, TimeProvider time)
    {
        var start = new ProcessStartInfo(command.FileName, command.Arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in Variables(command, supervision, inbox, options))
        {
            start.Environment[name] = value;
        }

        return new ChildProcess(Process.Start(start) ?? throw new UnreachableException(), command, handed, inbox, options, time);
    }

    /// <summary>Waits for its end, and passes on what it writes until then.</summary>
    public async Task<ChildEnd> RunAsync(PrefixedLines output, PrefixedLines errors)
    {
        using var ended = new CancellationTokenSource();
        using var silent = new CancellationTokenSource();
        var prefix = string.Create(CultureInfo.InvariantCulture, $"[{_command.Name} pid {Id}] ");
        var writing = Task.WhenAll(
            output.CopyAsync(_process.StandardOutput.BaseStream, prefix, silent.Token), errors.CopyAsync(_process.StandardError.BaseStream, prefix, silent.Token));
        var others = Task.WhenAll(ListenAsync(ended.Token), WatchAsync(ended.Token), TellAsync(ended.Token));

        await _process.WaitForExitAsync(CancellationToken.None);
        var lived = _time.GetElapsedTime(_started);
        await ended.CancelAsync();
        await others;
        while (_inbox.HasMore)
        {
            Hear(await _inbox.ReceiveAsync(CancellationToken.None));
        }

        await using (_time.CreateTimer(static s => ((CancellationTokenSource)s!).Cancel(), silent, OutputAfterEnd, Timeout.InfiniteTimeSpan))
        {
            await writing;
        }

        return new ChildEnd(_process.ExitCode, lived, Up.IsCompletedSuccessfully, _killedBecause)
        {
            EndReason = _endReason,
            DoneJobs = _doneJobs,
            HasRefusedSettings = _hasRefusedSettings,
        };
    }

    public void Signal(int signal) => Posix.Send(_process, signal);

    /// <summary>Passes a signal that asks it to end, and kills it when it has not done so in time.</summary>
    public void Stop(int signal, TimeSpan within)
    {
        Signal(signal);
        _patience.Change(within, Timeout.InfiniteTimeSpan);
    }

    /// <summary>
    /// Has a worker process interrupt its jobs and end, and kills it when it has not done so in time. No signal says so: two of a kind become one when the first still waits, and others send them too.
    /// </summary>
    public void Interrupt(TimeSpan within)
    {
        _isInterrupted = true;
        _messages.Writer.TryWrite(SupervisedChild.InterruptLine);
        _patience.Change(within, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Tells it of others that do not stay up. When it does not read, the newest word is what it gets.</summary>
    public void Tell(IReadOnlyList<FailingProcess> failing)
    {
        // It must not push out the word to interrupt.
        if (!_isInterrupted)
        {
            _messages.Writer.TryWrite(JsonSerializer.Serialize(failing, SupervisionJson.Default.IReadOnlyListFailingProcess));
        }
    }

    /// <summary>It has ended: who waits for it to be <see cref="Up"/> hears of a cancellation.</summary>
    public void GiveUpWaiting() => _up.TrySetCanceled();

    public void Dispose()
    {
        _patience.Dispose();
        _process.Dispose();
        _inbox.Dispose();
    }

    private static IEnumerable<KeyValuePair<string, string?>> Variables(ChildCommand command, Supervision? supervision, NoticeInbox inbox, SupervisorOptions options)
    {
        // Those of the supervisor are for the supervisor: systemd would hear of each process as if it were the service.
        var notices = command.Notifies ? NotifySocket.VariablesFor(inbox.Path, options.Silence) : NotifySocket.Variables.Select(name => KeyValuePair.Create(name, (string?)null));
        var place = supervision is null ? null : JsonSerializer.Serialize(supervision, SupervisionJson.Default.Supervision);
        return [.. notices, new(SupervisedChild.Variable, place)];
    }

    private void Kill(string reason)
    {
        if (Interlocked.CompareExchange(ref _killedBecause, reason, null) is null)
        {
            Signal(Posix.Kill);
        }
    }

    private async Task ListenAsync(CancellationToken ended)
    {
        try
        {
            while (true)
            {
                Hear(await _inbox.ReceiveAsync(ended));
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private void Hear(IReadOnlyList<string> notice)
    {
        foreach (var assignment in notice)
        {
            if (assignment is "READY=1" or "WATCHDOG=1")
            {
                // No other is a sign of life: a process of which a loop hangs still says what it does.
                Interlocked.Exchange(ref _heard, _time.GetTimestamp());
            }

            if (assignment == "READY=1")
            {
                _up.TrySetResult();
            }
            else if (assignment == WrongSettingsNotice)
            {
                _hasRefusedSettings = true;
            }
            else if (ValueOf(assignment, EndReasonNotice) is { } reason)
            {
                _endReason = EndReasons.Find(reason);
            }
            else if (long.TryParse(ValueOf(assignment, DoneJobsNotice), NumberStyles.None, CultureInfo.InvariantCulture, out var done))
            {
                _doneJobs = done;
            }
            else if (int.TryParse(ValueOf(assignment, RunningJobsNotice), NumberStyles.None, CultureInfo.InvariantCulture, out var jobs))
            {
                _runningJobs = jobs;
            }
        }

        static string? ValueOf(string assignment, string begin) => assignment.StartsWith(begin, StringComparison.Ordinal) ? assignment[begin.Length..] : null;
    }

    /// <summary>Kills it when it has not said for too long that it is alive.</summary>
    private async Task WatchAsync(CancellationToken ended)
    {
        var interval = _options.Silence / 4;
        var looked = _time.GetTimestamp();
        try
        {
            while (_command.Notifies)
            {
                await Task.Delay(interval, _time, ended);
                if (_time.GetElapsedTime(looked) > 2 * interval)
                {
                    // The supervisor itself stood still, stopped by someone or on a machine that slept, and may have missed what was said.
                    Interlocked.Exchange(ref _heard, _time.GetTimestamp());
                }

                looked = _time.GetTimestamp();
                var silence = _time.GetElapsedTime(Interlocked.Read(ref _heard));
                if (Up.IsCompletedSuccessfully ? silence > _options.Silence : _time.GetElapsedTime(_started) > _options.StartTime)
                {
                    Kill(Up.IsCompletedSuccessfully
                        ? string.Create(CultureInfo.InvariantCulture, $"it had not said for {_options.Silence.TotalSeconds:0.#} s that it is alive")
                        : string.Create(CultureInfo.InvariantCulture, $"it was not up after {_options.StartTime.TotalSeconds:0.#} s"));
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task TellAsync(CancellationToken ended)
    {
        try
        {
            if (_handed is not null)
            {
                await WriteLineAsync(JsonSerializer.Serialize(_handed, SupervisionJson.Default.HandedStart), ended);
            }

            await foreach (var message in _messages.Reader.ReadAllAsync(ended))
            {
                await WriteLineAsync(message, ended);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // It has ended.
        }
    }

    private async Task WriteLineAsync(string line, CancellationToken ended)
    {
        await _process.StandardInput.WriteLineAsync(line.AsMemory(), ended);
        await _process.StandardInput.FlushAsync(ended);
    }
}
