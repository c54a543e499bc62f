using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Storage;

namespace Mrq.Maintenance;

/// <summary>Runs the maintenance tasks on one node at a time. A task that fails is logged and done again; it stops nothing else.</summary>
internal sealed partial class MaintenanceRunner(
    IEnumerable<IMaintenanceTask> tasks, ICoordination coordination, IOptions<MrqOptions> options, ILogger<MaintenanceRunner> logger, TimeProvider time)
    : BackgroundService
{
    private readonly IMaintenanceTask[] _tasks = [.. tasks];
    private readonly LeaderRole _role = new("maintenance", options.Value.Node, coordination, logger, time);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => _role.RunAsync(LeadAsync, stoppingToken);

    /// <summary>Does what is due until the role is lost.</summary>
    private async Task LeadAsync(CancellationToken stop)
    {
        // Measured with the timestamp, which no correction of the wall clock moves.
        var begun = time.GetTimestamp();
        var due = new TimeSpan[_tasks.Length];
        while (true)
        {
            for (var i = 0; i < _tasks.Length; i++)
            {
                if (!await _role.KeepAsync(stop))
                {
                    return;
                }

                if (due[i] <= time.GetElapsedTime(begun))
                {
                    var isMore = await RunAsync(_tasks[i], stop);
                    due[i] = time.GetElapsedTime(begun) + (isMore ? TimeSpan.Zero : _tasks[i].Interval);
                }
            }

            var next = TimeSpan.FromTicks(Math.Min((due.Min() - time.GetElapsedTime(begun)).Ticks, _role.UntilRenewal.Ticks));
            await Task.Delay(next > TimeSpan.Zero ? next : TimeSpan.Zero, time, stop);
        }
    }

    /// <summary>True: the task has more of the same to do.</summary>
    private async Task<bool> RunAsync(IMaintenanceTask task, CancellationToken stop)
    {
        try
        {
            var (changed, isMore) = await task.RunAsync(stop);
            _role.Worked();
            if (changed > 0)
            {
                LogDone(task.Name, changed);
            }

            return isMore;
        }
        catch (Exception e) when (e is not OperationCanceledException || !stop.IsCancellationRequested)
        {
            _role.Failed();
            LogFailed(task.Name, task.Interval, e);
            return false;
        }
    }

    [LoggerMessage(4004, LogLevel.Debug, "{Task} changed {Count}")]
    private partial void LogDone(string task, int count);

    [LoggerMessage(4005, LogLevel.Warning, "{Task} failed; it is tried again in {Interval}")]
    private partial void LogFailed(string task, TimeSpan interval, Exception exception);
}
