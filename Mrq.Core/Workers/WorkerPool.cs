using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Workers;

/// <summary>
/// One worker: takes jobs while it has free slots, runs them, and ends them well when it is told to stop. The parts each have
/// one duty; here is only the order in which they live and end.
/// </summary>
internal sealed partial class WorkerPool : BackgroundService
{
    private static readonly TimeSpan HeldTooLong = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AfterError = TimeSpan.FromSeconds(1);
    /// <summary>Time that the ends of jobs have to be recorded when the worker stops and the store is away.</summary>
    public static readonly TimeSpan RecordTimeout = TimeSpan.FromSeconds(10);

    private readonly WorkerOptions _options;
    private readonly WorkerParts _parts;
    private readonly ICoordination _coordination;
    private readonly IJobStore _jobs;
    private readonly WorkerShutdown _shutdown;
    private readonly BurstEnd _burst;
    private readonly IHostApplicationLifetime _application;
    private readonly MrqOptions _mrq;
    private readonly ILogger<WorkerPool> _logger;
    private readonly TimeProvider _time;
    private readonly WakeUp _wake;
    private readonly CancellationTokenSource _drain = new();
    private readonly CancellationTokenSource _interrupt = new();

    public WorkerPool(WorkerOptions options, WorkerParts parts, ICoordination coordination, IJobStore jobs, WorkerShutdown shutdown, BurstEnd burst,
        IHostApplicationLifetime application, MrqOptions mrq, ILogger<WorkerPool> logger, TimeProvider time)
    {
        (_options, _parts, _coordination, _jobs, _shutdown, _mrq, _logger, _time) = (options, parts, coordination, jobs, shutdown, mrq, logger, time);
        (_application, _burst) = (application, burst);
        _wake = parts.Wake;
    }

    private WorkerId Id => _parts.Id;

    /// <inheritdoc/>
    public override void Dispose()
    {
        _drain.Dispose();
        _interrupt.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A host ends its services one after the other: that all workers stop taking jobs at once is said by the application's end.
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(
            [stoppingToken, _application.ApplicationStopping, _drain.Token, _shutdown.Interrupted]);
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
        var settling = _parts.InFlight.RunAsync(_options.ReportInterval, ended.Token);
        var completions = _parts.Completions.RunAsync(giveUp.Token);
        var rawStarts = _parts.RawStarts.RunAsync(giveUp.Token);
        var slots = Task.WhenAll(Enumerable.Range(0, _options.Concurrency).Select(_ => _parts.InHand.ServeSlotAsync(RunAsync)));
        LogStarted(Id, string.Join(", ", _options.Queues), _options.Concurrency);

        var isWorkedOff = await TakeJobsAsync(stopping.Token);

        _parts.Heartbeat.Phase = WorkerStatus.Join;
        await _parts.Heartbeat.ReportAsync(null, CancellationToken.None);
        await ReleaseAllAsync();
        _parts.InHand.Close();
        await EndJobsAsync(slots, interrupting.Token);

        _parts.RawStarts.Complete();
        _parts.Completions.Complete();
        await using (_time.CreateTimer(static g => ((CancellationTokenSource)g!).Cancel(), giveUp, RecordTimeout, Timeout.InfiniteTimeSpan))
        {
            await Task.WhenAny(Task.WhenAll(completions, rawStarts));
        }

        await ended.CancelAsync();
        await Task.WhenAll(heartbeat, aborts, progress, settling);
        _parts.Heartbeat.Phase = WorkerStatus.Stop;
        await _parts.Heartbeat.ReportAsync(null, CancellationToken.None);
        LogStopped(Id, _parts.Completions.Totals.Done);
        await IgnoreGiveUpAsync(completions);
        await IgnoreGiveUpAsync(rawStarts);
        if (isWorkedOff)
        {
            _burst.WorkedOff(_options);
        }
    }

    /// <summary>Takes jobs until stopped; true: until there were no more, as <see cref="DequeueStrategy.Burst"/> has it.</summary>
    private async Task<bool> TakeJobsAsync(CancellationToken stop)
    {
        using var loop = _parts.Activity.Watch($"taking of jobs of {Id}", _options.MaxLatency);
        while (!stop.IsCancellationRequested)
        {
            loop.Beat();
            try
            {
                if (await ReleaseAsync(_parts.Prefetch.IsAutomatic ? HeldTooLong : TimeSpan.MaxValue))
                {
                    _parts.Prefetch.SlotsAreStuck();
                }

                var prefetch = _parts.Prefetch.Current;
                var inSlots = _parts.InHand.Waiting + _parts.InHand.Running;
                var wanted = _options.Concurrency + prefetch - inSlots;
                // Not one at a time: when half of what is held ahead has run, the other half is fetched in one go.
                if (wanted > 0 && wanted >= prefetch / 2)
                {
                    // Before it looks: a job that ends meanwhile may have queued others.
                    var isIdle = _parts.InHand.Count == 0;
                    if (await _parts.Taker.TakeAsync(wanted, stop) > 0)
                    {
                        _coordination.Publish(Changes.Jobs);
                        continue;
                    }

                    if (isIdle && _options.DequeueStrategy == DequeueStrategy.Burst)
                    {
                        LogWorkedOff(Id);
                        return true;
                    }
                }

                await _wake.WaitAsync(_options.MaxLatency, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
            }
            catch (Exception e)
            {
                LogCannotTake(Id, AfterError, e);
                await new WakeUp(_time).WaitAsync(AfterError, stop);
            }
        }

        return false;
    }

    private async Task RunAsync(JobRun run)
    {
        var started = _time.GetTimestamp();
        if (!await _parts.RawStarts.TryStartAsync(run))
        {
            _parts.InHand.Remove(run);
            return;
        }

        await _parts.Executor.ExecuteAsync(run);
        _parts.Prefetch.Count(_time.GetElapsedTime(started));
    }

    /// <summary>Gives back what has waited too long for a slot: another worker may be free, and a paused or cancelled job must not hang here.</summary>
    /// <returns>True: there was something to give back.</returns>
    private async Task<bool> ReleaseAsync(TimeSpan heldFor)
    {
        var unbegun = _parts.InHand.NotGivenBack;
        foreach (var run in _parts.InHand.TakeBack(heldFor))
        {
            if (run.TryGiveBack())
            {
                unbegun.Add(run);
            }
            else
            {
                // Its end was asked for: that is recorded as if it had been in a slot.
                await _parts.Executor.ExecuteAsync(run);
            }
        }

        if (unbegun.Count == 0)
        {
            return false;
        }

        // When the store is away they stay on the list, and are given back before anything else is taken.
        await _parts.Taker.ReleaseAsync(unbegun, _parts.InFlight, CancellationToken.None);
        unbegun.ForEach(_parts.InHand.Remove);
        unbegun.Clear();
        return true;
    }

    private async Task ReleaseAllAsync()
    {
        try
        {
            await ReleaseAsync(TimeSpan.Zero);
            await _parts.Taker.SettleAsync(CancellationToken.None);
        }
        catch (Exception e)
        {
            // Their documents stay ours until maintenance sees that this worker is gone.
            LogCannotRelease(Id, e);
        }
    }

    /// <summary>Waits for the jobs in hand; then tells them to end; then records them as interrupted, whether they ended or not.</summary>
    private async Task EndJobsAsync(Task slots, CancellationToken interruptNow)
    {
        if (_drain.IsCancellationRequested && !await IsApplicationStoppingAsync(slots, interruptNow))
        {
            return;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(interruptNow);
        await using var timer = _time.CreateTimer(static p => ((CancellationTokenSource)p!).Cancel(), patience, _options.ShutdownTimeout, Timeout.InfiniteTimeSpan);
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
    /// A worker that a person told to finish its jobs does that, however long they take, as long as its process is not to end. False: they have ended.
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
            _wake.Set();
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
            await _parts.Requested.WaitAsync(_options.ReportInterval, ended);
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
        _drain.Cancel();
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

    [LoggerMessage(2008, LogLevel.Information, "Worker {Worker} ends: its queues have nothing to give")]
    private partial void LogWorkedOff(WorkerId worker);

    [LoggerMessage(2004, LogLevel.Error, "Worker {Worker} cannot take jobs; it tries again in {Delay}")]
    private partial void LogCannotTake(WorkerId worker, TimeSpan delay, Exception exception);

    [LoggerMessage(2006, LogLevel.Warning, "Worker {Worker} could not give back jobs that it had not begun; they run when it has been silent for three reports")]
    private partial void LogCannotRelease(WorkerId worker, Exception exception);

    [LoggerMessage(2005, LogLevel.Warning, "Worker {Worker} cannot look for aborts; it tries again soon")]
    private partial void LogCannotWatch(WorkerId worker, Exception exception);
}
