using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Maintenance;

/// <summary>
/// Runs the maintenance tasks on one node at a time: each process asks for the role, the leader does the work, and another takes
/// over a few seconds after the leader fell silent. A task that fails is logged and done again; it stops nothing else.
/// </summary>
internal sealed partial class MaintenanceRunner(
    IEnumerable<IMaintenanceTask> tasks, ICoordination coordination, IOptions<MrqOptions> options, ILogger<MaintenanceRunner> logger, TimeProvider time)
    : BackgroundService
{
    private const string Role = "maintenance";
    private static readonly TimeSpan Term = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(1.5);

    private readonly IMaintenanceTask[] _tasks = [.. tasks];
    private readonly string _node = $"{options.Value.Node}/{Environment.ProcessId}/{JobId.New(time)}";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                if (await TryLeadAsync(stoppingToken))
                {
                    await LeadAsync(stoppingToken);
                }

                await Task.Delay(Renewal, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await ResignAsync();
        }
    }

    /// <summary>Does what is due until the role is lost.</summary>
    private async Task LeadAsync(CancellationToken stop)
    {
        LogLeads(_node);
        // Measured with the timestamp, which no correction of the wall clock moves.
        var begun = time.GetTimestamp();
        var due = new TimeSpan[_tasks.Length];
        var renewed = TimeSpan.Zero;
        while (true)
        {
            for (var i = 0; i < _tasks.Length; i++)
            {
                if (time.GetElapsedTime(begun) - renewed >= Renewal)
                {
                    if (!await TryLeadAsync(stop))
                    {
                        LogLost(_node);
                        return;
                    }

                    renewed = time.GetElapsedTime(begun);
                }

                if (due[i] <= time.GetElapsedTime(begun))
                {
                    var isMore = await RunAsync(_tasks[i], stop);
                    due[i] = time.GetElapsedTime(begun) + (isMore ? TimeSpan.Zero : _tasks[i].Interval);
                }
            }

            var next = TimeSpan.FromTicks(Math.Min(due.Min().Ticks, (renewed + Renewal).Ticks)) - time.GetElapsedTime(begun);
            await Task.Delay(next > TimeSpan.Zero ? next : TimeSpan.Zero, time, stop);
        }
    }

    private async Task<bool> TryLeadAsync(CancellationToken stop)
    {
        try
        {
            return await coordination.TryLeadAsync(Role, _node, time.GetUtcNow(), Term, stop) is not null;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogCannotLead(e);
            return false;
        }
    }

    /// <summary>True: the task has more of the same to do.</summary>
    private async Task<bool> RunAsync(IMaintenanceTask task, CancellationToken stop)
    {
        try
        {
            var (changed, isMore) = await task.RunAsync(stop);
            if (changed > 0)
            {
                LogDone(task.Name, changed);
            }

            return isMore;
        }
        catch (Exception e) when (e is not OperationCanceledException || !stop.IsCancellationRequested)
        {
            LogFailed(task.Name, task.Interval, e);
            return false;
        }
    }

    private async Task ResignAsync()
    {
        try
        {
            await coordination.ResignAsync(Role, _node, CancellationToken.None);
        }
        catch (Exception e)
        {
            LogCannotLead(e);
        }
    }

    [LoggerMessage(4001, LogLevel.Debug, "{Node} does the maintenance")]
    private partial void LogLeads(string node);

    [LoggerMessage(4002, LogLevel.Information, "{Node} no longer does the maintenance: another node does")]
    private partial void LogLost(string node);

    [LoggerMessage(4003, LogLevel.Warning, "The right to do the maintenance could not be asked for; it is asked for again soon")]
    private partial void LogCannotLead(Exception exception);

    [LoggerMessage(4004, LogLevel.Debug, "{Task} changed {Count}")]
    private partial void LogDone(string task, int count);

    [LoggerMessage(4005, LogLevel.Warning, "{Task} failed; it is tried again in {Interval}")]
    private partial void LogFailed(string task, TimeSpan interval, Exception exception);
}
