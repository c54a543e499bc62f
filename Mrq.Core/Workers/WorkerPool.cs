using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;

namespace Mrq.Workers;

/// <summary>
/// One worker: takes jobs while it has free slots, runs them, and ends them well when it is told to stop. The parts each have
/// one duty; here is only the order in which they live and end.
/// </summary>
internal sealed partial class WorkerPool : IDisposable
{
    /// <summary>Time that the ends of jobs have to be recorded when the worker stops and the store is away.</summary>
    public static readonly TimeSpan RecordTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan AfterError = TimeSpan.FromSeconds(1);

    private readonly WorkerParts _parts;
    private readonly ICoordination _coordination;
    private readonly IJobStore _jobs;
    private readonly WorkerShutdown _shutdown;
    private readonly IHostApplicationLifetime _application;
    private readonly MrqOptions _mrq;
    private readonly ILogger<WorkerPool> _logger;
    private readonly TimeProvider _time;
    private readonly JobSlots _slots;
    private readonly JobIntake _intake;
    private readonly TimeSpan _shutdownTimeout;
    private readonly CancellationTokenSource _interrupt = new();

    public WorkerPool(WorkerParts parts, ICoordination coordination, IJobStore jobs, WorkerShutdown shutdown,
        IHostApplicationLifetime application, MrqOptions mrq, ILoggerFactory loggers, TimeProvider time)
    {
        (_parts, _coordination, _jobs, _shutdown, _application, _mrq, _time) = (parts, coordination, jobs, shutdown, application, mrq, time);
        _logger = loggers.CreateLogger<WorkerPool>();
        _slots = new JobSlots(parts.InHand, RunAsync);
        _intake = new JobIntake(parts, _slots, End, coordination, loggers.CreateLogger<JobIntake>(), time);
        // As of the start: the patience of the host was made from it.
        _shutdownTimeout = parts.Options.ShutdownTimeout;
    }

    public WorkerId Id => _parts.Id;

    /// <summary>Whether it is to end, and why.</summary>
    public WorkerEnd End => _parts.End;

    /// <summary>True: it carries out bulk actions and nothing else.</summary>
    public bool IsSystem => _parts.Options.Queues.All(queue => queue == QueueName.System);

    /// <summary>True: it has ended for good.</summary>
    public bool HasEnded { get; private set; }

    /// <inheritdoc cref="JobIntake.ReloadAsync"/>
    public Task ReloadAsync(WorkerOptions options, CancellationToken cancellationToken) => _intake.ReloadAsync(options, cancellationToken);

    /// <inheritdoc cref="JobIntake.WaitForIdleAsync"/>
    public Task WaitForIdleAsync(CancellationToken cancellationToken) => _intake.WaitForIdleAsync(cancellationToken);

    /// <summary>What it does and holds at this moment.</summary>
    public WorkerReport Report() => _parts.Heartbeat.Now();

    /// <summary>Jobs taken in hand since its start.</summary>
    public long Taken => _parts.InHand.Taken;

    public void Dispose()
    {
        End.Dispose();
        _interrupt.Dispose();
    }

    /// <summary>Lives until the process stops or the worker is to end.</summary>
    public async Task RunAsync(CancellationToken stoppingToken)
    {
        try
        {
            await LiveAsync(stoppingToken);
        }
        finally
        {
            HasEnded = true;
            _intake.Close();
        }
    }

    private async Task LiveAsync(CancellationToken stoppingToken)
    {
        // A host ends its services one after the other: that all workers stop taking jobs at once is said by the application's end.
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(
            [stoppingToken, _application.ApplicationStopping, End.Asked, _shutdown.Interrupted]);
        using var interrupting = CancellationTokenSource.CreateLinkedTokenSource(_shutdown.Interrupted, _interrupt.Token);
        using var ended = new CancellationTokenSource();
        using var giveUp = new CancellationTokenSource();
        using var subscription = _coordination.Subscribe(OnChanges);

        // It reports before it takes its first job: a job of a worker that nobody has heard of is given to others.
        while (!await _parts.Heartbeat.ReportAsync(Told, stopping.Token) && !stopping.IsCancellationRequested)
        {
            await new WakeUp(_time).WaitAsync(AfterError, stopping.Token);
        }

        _parts.Heartbeat.Phase = null;
        var heartbeat = _parts.Heartbeat.RunAsync(Told, _parts.LostRuns.DropAsync, ended.Token);
        var aborts = WatchRequestsAsync(ended.Token);
        var progress = _parts.Progress.RunAsync(ended.Token);
        var settling = _parts.InFlight.RunAsync(_parts.Options.ReportInterval, ended.Token);
        var completions = _parts.Completions.RunAsync(giveUp.Token);
        var rawStarts = _parts.RawStarts.RunAsync(giveUp.Token);
        _slots.Resize(_parts.Options.Concurrency);
        LogStarted(Id, string.Join(", ", _parts.Options.Queues), _parts.Options.Concurrency);

        await _intake.RunAsync(stopping.Token);

        End.Ask(EndReason.Process);
        LogEnds(Id, EndReasons.InWords(End.Reason!.Value));
        _parts.Heartbeat.Phase = WorkerStatus.Join;
        // Before it says so: what waits for a slot must not begin any more.
        await _intake.ReleaseAllAsync();
        _parts.InHand.Close();
        await _parts.Heartbeat.ReportAsync(null, CancellationToken.None);
        await EndJobsAsync(interrupting.Token);

        _parts.RawStarts.Complete();
        _parts.Completions.Complete();
        await using (_time.CreateTimer(static g => ((CancellationTokenSource)g!).Cancel(), giveUp, RecordTimeout, Timeout.InfiniteTimeSpan))
        {
            await Task.WhenAny(Task.WhenAll(completions, rawStarts));
        }

        await ended.CancelAsync();
        await Task.WhenAll(heartbeat, aborts, progress, settling);
        await _parts.Heartbeat.ReportEndAsync();
        LogStopped(Id, _parts.Completions.Totals.Done);
        await IgnoreGiveUpAsync(completions);
        await IgnoreGiveUpAsync(rawStarts);
    }

    private async Task RunAsync(JobRun run)
    {
        var started = _time.GetTimestamp();
        if (!await _parts.RawStarts.TryStartAsync(run))
        {
            _parts.InHand.DidNotBegin();
            _parts.InHand.Remove(run);
            return;
        }

        await _parts.Executor.ExecuteAsync(run);
        _parts.Prefetch.Count(_time.GetElapsedTime(started));
    }

    /// <summary>Waits for the jobs in hand; then tells them to end; then records them as interrupted, whether they ended or not.</summary>
    private async Task EndJobsAsync(CancellationToken interruptNow)
    {
        var slots = _slots.Ended;
        if (End.Reason != EndReason.Process && !await IsApplicationStoppingAsync(slots, interruptNow))
        {
            return;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(interruptNow);
        await using var timer = _time.CreateTimer(static p => ((CancellationTokenSource)p!).Cancel(), patience, _shutdownTimeout, Timeout.InfiniteTimeSpan);
        var outOfPatience = Task.Delay(Timeout.InfiniteTimeSpan, _time, patience.Token);
        if (await Task.WhenAny(slots, outOfPatience) != slots)
        {
            _parts.Heartbeat.Phase = WorkerStatus.Killing;
            LogInterrupting(Id, _parts.InHand.Running);
            foreach (var run in _parts.InHand.All)
            {
                run.Stop(StopCause.Interrupt, _mrq.AbortGrace);
            }
        }

        await slots;
    }

    /// <summary>
    /// A worker that ends while its process goes on finishes its jobs, however long they take. False: they have ended.
    /// </summary>
    private async Task<bool> IsApplicationStoppingAsync(Task slots, CancellationToken interruptNow)
    {
        using var hurry = CancellationTokenSource.CreateLinkedTokenSource(interruptNow, _application.ApplicationStopping);
        var stopping = Task.Delay(Timeout.InfiniteTimeSpan, _time, hurry.Token);
        if (await Task.WhenAny(slots, stopping) == stopping)
        {
            return true;
        }

        await slots;
        return false;
    }

    private void OnChanges(Changes changes)
    {
        if (changes.HasFlag(Changes.Queues))
        {
            _parts.Wake.Set();
        }

        if (changes.HasFlag(Changes.Aborts))
        {
            _parts.Requested.Set();
        }
    }

    /// <summary>Looks for aborts and stops that were asked for: on a signal, and every report interval in case one was lost.</summary>
    private async Task WatchRequestsAsync(CancellationToken ended)
    {
        while (!ended.IsCancellationRequested)
        {
            await _parts.Requested.WaitAsync(_parts.Options.ReportInterval, ended);
            try
            {
                foreach (var id in _parts.InHand.Count == 0 ? [] : await _jobs.FindAbortRequestsAsync(Id, ended))
                {
                    _parts.InHand.Find(id)?.Stop(StopCause.Abort, _mrq.AbortGrace);
                }

                if (await _parts.FindStopRequestAsync(ended) is { } mode)
                {
                    Told(mode);
                }
            }
            catch (OperationCanceledException) when (ended.IsCancellationRequested)
            {
            }
            catch (Exception e)
            {
                LogCannotWatch(Id, e);
            }
        }
    }

    private void Told(StopMode mode)
    {
        End.Ask(EndReason.Told);
        if (mode == StopMode.Interrupt)
        {
            _interrupt.Cancel();
        }
    }

    private static async Task IgnoreGiveUpAsync(Task writer)
    {
        try
        {
            await writer;
        }
        catch (OperationCanceledException)
        {
            // The store stayed away: these jobs are found by this worker's silence and run again.
        }
    }

    [LoggerMessage(2001, LogLevel.Information, "Worker {Worker} takes jobs from {Queues}, {Concurrency} at once")]
    private partial void LogStarted(WorkerId worker, string queues, int concurrency);

    [LoggerMessage(2002, LogLevel.Information, "Worker {Worker} has stopped after {Done} jobs")]
    private partial void LogStopped(WorkerId worker, long done);

    [LoggerMessage(2003, LogLevel.Warning, "Worker {Worker} interrupts {Count} jobs; they go back to their queues")]
    private partial void LogInterrupting(WorkerId worker, int count);

    [LoggerMessage(2008, LogLevel.Information, "Worker {Worker} ends: {Reason}")]
    private partial void LogEnds(WorkerId worker, string reason);

    [LoggerMessage(2005, LogLevel.Warning, "Worker {Worker} cannot look for aborts; it tries again soon")]
    private partial void LogCannotWatch(WorkerId worker, Exception exception);
}
