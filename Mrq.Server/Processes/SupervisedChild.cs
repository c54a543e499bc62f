using System.ComponentModel;
using System.Text.Json;
using Mrq.Server.Configuration;
using Mrq.Workers;

namespace Mrq.Server.Processes;

/// <summary>
/// The worker process's side of its supervisor. It ends when the supervisor does, of whatever this died: the standard input is a pipe that only the
/// supervisor writes to, and a thread that does nothing else waits for its end.
/// </summary>
internal sealed class SupervisedChild
{
    /// <summary>The variable that makes a process a worker process: a <see cref="Supervision"/> as JSON.</summary>
    public const string Variable = "MRQ_SUPERVISED";

    /// <summary>The line by which the supervisor has the jobs interrupted and the process ended.</summary>
    public const string InterruptLine = "interrupt";

    // Until the process knows its own settings.
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(20);

    private readonly Lock _gate = new();
    private readonly string? _inbox;
    private Action _interrupt = () => { };
    private TimeSpan _limit = DefaultLimit;
    private bool _isOrphan;
    private bool _isInterrupted;

    private SupervisedChild(Supervision supervision, string? inbox)
    {
        _inbox = inbox;
        Process.Supervision = supervision;
        Posix.LeaveTerminal();
        var supervisor = new StreamReader(new FileStream(Posix.TakeStandardInput(), FileAccess.Read, bufferSize: 1));
        var handed = JsonSerializer.Deserialize(supervisor.ReadLine() ?? throw new IOException("The supervisor has ended."), SupervisionJson.Default.HandedStart)
            ?? throw new JsonException("null");
        (Arguments, Files) = (handed.Arguments, new ConfigurationFiles(handed.Files));
        new Thread(() => Watch(supervisor)) { IsBackground = true, Name = "supervisor's end" }.Start();
    }

    /// <summary>What the supervisor has said.</summary>
    public SupervisedProcess Process { get; } = new();

    /// <summary>The arguments of the process, which its command line does not tell whole.</summary>
    public IReadOnlyList<string> Arguments { get; }

    /// <summary>The configuration files that it begins with.</summary>
    public ConfigurationFiles Files { get; }

    /// <summary>Which of the supervisor's processes this is: 1 or more.</summary>
    public int Index => Process.Supervision?.Index ?? 0;

    /// <summary>
    /// Enters the role when the environment says so, and takes it out of the environment: programs that jobs start are no worker processes. Null: it does not.
    /// To be called first of all.
    /// </summary>
    /// <param name="inbox">Where it tells the supervisor how it is; removed when the supervisor can no longer do it. Null: nowhere.</param>
    /// <exception cref="NotSupervisedException">The variable is there, and no supervisor has set it.</exception>
    public static SupervisedChild? Enter(string? inbox)
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } text)
        {
            return null;
        }

        Environment.SetEnvironmentVariable(Variable, null);
        try
        {
            return new SupervisedChild(JsonSerializer.Deserialize(text, SupervisionJson.Default.Supervision) ?? throw new JsonException("null"), inbox);
        }
        catch (Exception e) when (e is JsonException or IOException or Win32Exception or PlatformNotSupportedException)
        {
            throw new NotSupervisedException($"{Variable} is what a supervisor sets for its worker processes. Take it out of the environment: {e.Message}", e);
        }
    }

    /// <summary>Says what is to happen when the supervisor wants the jobs interrupted, or has died; at once when that was before.</summary>
    /// <param name="interrupt">Makes the process end soon; called on a thread of its own.</param>
    /// <param name="limit">Time that this may take when the supervisor has died; then the process is killed.</param>
    public void WhenInterrupted(TimeSpan limit, Action interrupt)
    {
        lock (_gate)
        {
            (_limit, _interrupt) = (limit, interrupt);
            if (_isOrphan || _isInterrupted)
            {
                CallInterrupt();
            }
        }
    }

    private void Watch(StreamReader supervisor)
    {
        try
        {
            using (supervisor)
            {
                while (supervisor.ReadLine() is { } line)
                {
                    Hear(line);
                }
            }
        }
        catch (IOException)
        {
            // As good as its end.
        }

        lock (_gate)
        {
            _isOrphan = true;
            CallInterrupt();
        }

        // Nobody sets it: a process that ends takes this thread with it.
        using var never = new ManualResetEvent(initialState: false);
        never.WaitOne(_limit);
        Posix.KillSelf();
    }

    private void Hear(string line)
    {
        if (line == InterruptLine)
        {
            lock (_gate)
            {
                _isInterrupted = true;
                CallInterrupt();
            }

            return;
        }

        try
        {
            var failing = JsonSerializer.Deserialize(line, SupervisionJson.Default.IReadOnlyListFailingProcess) ?? [];
            Process.Supervision = Process.Supervision is { } known ? known with { Failing = failing } : null;
        }
        catch (JsonException)
        {
            // A supervisor of a later version may say more.
        }
    }

    // On a thread of its own: code of jobs may hang on it, and the pool may be full of such. What the supervisor can no longer tidy up is done here, too.
    private void CallInterrupt()
    {
        var (interrupt, isOrphan) = (_interrupt, _isOrphan);
        new Thread(() =>
        {
            if (isOrphan)
            {
                RemoveInbox();
            }

            try
            {
                interrupt();
            }
            catch (ObjectDisposedException)
            {
                // It has just ended in good order.
            }
        })
        { IsBackground = true, Name = "interrupted" }.Start();
    }

    private void RemoveInbox()
    {
        try
        {
            if (_inbox is ['/', ..])
            {
                File.Delete(_inbox);
                // The last one takes the folder along.
                Directory.Delete(Path.GetDirectoryName(_inbox)!);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }
}

/// <summary>The environment says that a supervisor started this process, and none did.</summary>
internal sealed class NotSupervisedException(string message, Exception cause) : Exception(message, cause);
