using Microsoft.Extensions.Logging;
using Mrq.Diagnostics;
using Mrq.Hosting;
using Mrq.Storage;
using Mrq.Tasks;

namespace Mrq.Workers;

/// <summary>Reports a worker: at once when its status changes, and every report interval. Silence is how the others learn of its death.</summary>
internal sealed partial class WorkerHeartbeat(
    WorkerId worker, Func<WorkerOptions> options, WorkerEnd end, MrqOptions mrq, TaskRegistry tasks, JobsInHand inHand, CompletionWriter completions,
    JobExecutor executor, IoTimes? io, IWorkerStore workers, ICoordination coordination, EngineActivity activity, SupervisedProcess supervised, ReportFile file,
    ILogger<WorkerHeartbeat> logger, TimeProvider time)
{
    private const int MostJobsShown = 100;

    private static readonly TimeSpan LastWrite = TimeSpan.FromSeconds(2);

    private readonly ProcessUsage _usage = new(time);
    // Its own: the use of CPU is told since the last look.
    private readonly ProcessUsage _usageNow = new(time);
    private readonly string _localIp = (mrq.LocalIp ?? NodeAddress.Find()).ToString();
    private readonly DateTimeOffset _started = time.GetUtcNow();
    private readonly WakeUp _sleep = new(time);

    /// <summary>What the worker does now, as far as its own life goes; null: it works.</summary>
    public WorkerStatus? Phase { get; set; } = WorkerStatus.Init;

    /// <summary>Reports until stopped. <paramref name="told"/> hears of a wish that the worker stop.</summary>
    /// <param name="wasSilent">Called with the first report after others failed: by then jobs in hand may have been given to others.</param>
    public async Task RunAsync(Action<StopMode> told, Func<Task> wasSilent, CancellationToken stop)
    {
        using var loop = activity.Watch($"reports of {worker}", options().ReportInterval);
        var reported = time.GetTimestamp();
        while (!stop.IsCancellationRequested)
        {
            loop.Beat(options().ReportInterval);
            if (await ReportAsync(told, stop))
            {
                if (time.GetElapsedTime(reported) > 2 * options().ReportInterval)
                {
                    await wasSilent();
                }

                reported = time.GetTimestamp();
            }

            await _sleep.WaitAsync(options().ReportInterval, stop);
        }
    }

    /// <summary>Reports once. A store that is away is logged; the next report tries again.</summary>
    /// <returns>True: it is stored.</returns>
    public async Task<bool> ReportAsync(Action<StopMode>? told, CancellationToken cancellationToken)
    {
        try
        {
            var report = Next();
            file.Write(report);
            if (await workers.ReportAsync(report, cancellationToken) is { } mode)
            {
                told?.Invoke(mode);
            }

            coordination.Publish(Changes.Workers);
            return true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception e)
        {
            LogNotReported(worker, e);
            return false;
        }
    }

    /// <summary>Reports the options that hold from now on, and goes by their interval.</summary>
    public Task ReportReloadAsync(CancellationToken cancellationToken)
    {
        // Once others know of a shorter interval they take the worker for dead by it: the sleep of the old one must not go on.
        _sleep.Set();
        return ReportAsync(told: null, cancellationToken);
    }

    /// <summary>Reports that the worker has ended, and waits a moment until the file says so, too.</summary>
    public async Task ReportEndAsync()
    {
        Phase = WorkerStatus.Stop;
        await ReportAsync(told: null, CancellationToken.None);
        await file.SettleAsync(LastWrite);
    }

    /// <summary>What the worker does and holds at this moment; it is not stored.</summary>
    public WorkerReport Now() => MakeReport(options(), _usageNow.Read());

    private WorkerReport Next()
    {
        var now = options();
        var usage = _usage.Read();
        // Not before it has ended a job: what the program needs by itself would end it for ever without one.
        if (now.MaxMemory > 0 && completions.Totals.Done > 0 && ResidentMemory.IsAbove(now.MaxMemory, usage.Memory))
        {
            end.Ask(EndReason.MaxMemory);
        }

        return MakeReport(now, usage);
    }

    private WorkerReport MakeReport(WorkerOptions options, (double User, double System, double Use, long Memory) usage)
    {
        var now = time.GetUtcNow();
        var (user, system, use, memory) = usage;
        var (done, failed) = completions.Totals;
        var running = inHand.Running;
        return new WorkerReport
        {
            Id = worker,
            Name = options.Name ?? mrq.Node,
            Node = mrq.Node,
            LocalIp = _localIp,
            ExternalIp = mrq.ExternalIp?.ToString(),
            ProcessSpace = ProcessUsage.Space,
            ProcessId = ProcessUsage.ProcessId,
            ProcessStarted = _usage.ProcessStarted,
            Status = Phase ?? (running == 0 ? WorkerStatus.Wait : running < options.Concurrency ? WorkerStatus.Spawn : WorkerStatus.Full),
            EndReason = end.Reason,
            Queues = options.Queues,
            DequeueStrategy = options.DequeueStrategy,
            TaskWhitelist = options.TaskWhitelist,
            TaskBlacklist = options.TaskBlacklist,
            Concurrency = options.Concurrency,
            DateStarted = _started,
            DateReported = now,
            ReportInterval = options.ReportInterval,
            // As in the original a stopped worker can be looked at for an hour; a report must outlive the three that may be missed.
            DateExpires = now + TimeSpan.FromHours(Math.Max(1, 4 * options.ReportInterval.TotalHours)),
            Jobs = [.. inHand.All.OrderBy(r => r.Taken).Take(MostJobsShown)
                .Select(r => new RunningJob(r.Job.Id, r.Job.Path, r.Job.Queue, r.Job.DateStarted ?? now, r.Progress, !r.IsInFlight) { Io = r.Io?.Open })],
            DoneJobs = done,
            FailedJobs = failed,
            Overdue = executor.Overdue,
            CpuUserSeconds = user,
            CpuSystemSeconds = system,
            CpuUse = use,
            MemoryBytes = memory,
            Io = io?.Read(),
            Tasks = tasks.Paths,
            Supervision = supervised.Supervision,
        };
    }

    [LoggerMessage(2501, LogLevel.Warning, "Worker {Worker} could not report; after three missed reports its jobs run elsewhere")]
    private partial void LogNotReported(WorkerId worker, Exception exception);
}
