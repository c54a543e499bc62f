using System.Globalization;
using Mrq.Workers;

namespace Mrq.Server.Processes;

/// <summary>How a process is, as it tells whoever manages it.</summary>
/// <param name="Status">One line for people.</param>
/// <param name="Hung">Loops that no longer come round; empty: none.</param>
/// <param name="RunningJobs">Jobs that run in it.</param>
internal sealed record ServiceState(string Status, IReadOnlyList<string> Hung, int RunningJobs);

/// <summary>
/// Tells the service manager of this process, systemd or a supervisor, that it is up, what it does, that it still is alive, and that it ends. It says alive only
/// when a look at the loops that do the work finds them so.
/// </summary>
/// <param name="look">Looks how the process is; a loop that has not come round within this time, beyond its own pause, is hung.</param>
internal sealed partial class ServiceNotices(NotifySocket socket, Func<TimeSpan, ServiceState> look, ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan WithoutWatchdog = TimeSpan.FromSeconds(5);

    private ServiceState? _last;

    /// <summary>Says how it is, again and again, until stopped. Nothing says <c>READY=1</c> but <see cref="Ready"/>.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        // Half of what is waited for, as sd_watchdog_enabled(3) recommends.
        var interval = socket.Watchdog is { } watchdog && watchdog / 2 < WithoutWatchdog ? watchdog / 2 : WithoutWatchdog;
        try
        {
            while (true)
            {
                Tell();
                await Task.Delay(interval, time, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    public void Ready() => socket.Send("READY=1");

    public void Stopping() => socket.Send("STOPPING=1");

    /// <summary>Tells a supervisor why the workers end this process.</summary>
    /// <param name="doneJobs">Attempts that have ended in it.</param>
    public void Ends(EndReason reason, long doneJobs) => socket.Send(
        $"{ChildProcess.EndReasonNotice}{EndReasons.NameOf(reason)}", string.Create(CultureInfo.InvariantCulture, $"{ChildProcess.DoneJobsNotice}{doneJobs}"));

    private void Tell()
    {
        // Without a watchdog nobody restarts it: what hangs need not be found.
        var state = look(socket.Watchdog ?? TimeSpan.FromDays(1));
        List<string> notice = [];
        if (state.Hung.Count == 0)
        {
            notice.Add("WATCHDOG=1");
        }
        else if (_last is null or { Hung.Count: 0 })
        {
            LogHung(string.Join(", ", state.Hung));
        }

        if (state.Status != _last?.Status)
        {
            notice.Add($"STATUS={state.Status}");
        }

        notice.Add(string.Create(CultureInfo.InvariantCulture, $"{ChildProcess.RunningJobsNotice}{state.RunningJobs}"));
        socket.Send(notice);
        _last = state;
    }

    [LoggerMessage(7020, LogLevel.Critical, "No longer come round: {Loops}. The watchdog is not told that this process is alive, so that it is restarted")]
    private partial void LogHung(string loops);
}
