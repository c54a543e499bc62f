using Microsoft.Extensions.Logging;
using Mrq.Storage;

namespace Mrq.Workers;

/// <summary>
/// Takes jobs into a worker's hand while it has free slots, gives back what waits too long for one, and sees when the worker is to end by itself.
/// Other options are taken over here, between two looks at the queues: nothing is then on its way into hand.
/// </summary>
internal sealed partial class JobIntake(WorkerParts parts, JobSlots slots, WorkerEnd end, ICoordination coordination, ILogger<JobIntake> logger, TimeProvider time)
{
    private static readonly TimeSpan HeldTooLong = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AfterError = TimeSpan.FromSeconds(1);

    private readonly long _started = time.GetTimestamp();
    private readonly Waiting<WorkerOptions> _reloads = new();
    private readonly Waiting<bool> _askedIdle = new();

    private WorkerOptions Options => parts.Options;

    /// <summary>Takes jobs until the worker is to end.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var loop = parts.Activity.Watch($"taking of jobs of {parts.Id}", Options.MaxLatency);
        while (!stop.IsCancellationRequested)
        {
            loop.Beat(Options.MaxLatency);
            try
            {
                await TakeOverOptionsAsync(stop);
                if (await ReleaseAsync(parts.Prefetch.IsAutomatic ? HeldTooLong : TimeSpan.MaxValue))
                {
                    parts.Prefetch.SlotsAreStuck();
                }

                EndAtLimit();
                if (!stop.IsCancellationRequested && !await TakeAsync(stop))
                {
                    await parts.Wake.WaitAsync(UntilNextLook(), stop);
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
            }
            catch (Exception e)
            {
                LogCannotTake(parts.Id, AfterError, e);
                await new WakeUp(time).WaitAsync(AfterError, stop);
            }
        }
    }

    /// <summary>Gives back what waits for a slot, and what lost answers may have held: the worker takes no more.</summary>
    public async Task ReleaseAllAsync()
    {
        try
        {
            await ReleaseAsync(TimeSpan.Zero);
            await parts.Taker.SettleAsync(CancellationToken.None);
        }
        catch (Exception e)
        {
            // Their documents stay ours until maintenance sees that this worker is gone.
            LogCannotRelease(parts.Id, e);
        }
    }

    /// <summary>Completes when these options hold, or the worker has ended.</summary>
    public Task ReloadAsync(WorkerOptions options, CancellationToken cancellationToken) => WaitAsync(_reloads, options, cancellationToken);

    /// <summary>Completes when no job is in hand and a look at the queues, begun after this call, finds nothing; or when the worker has ended.</summary>
    public Task WaitForIdleAsync(CancellationToken cancellationToken) => WaitAsync(_askedIdle, true, cancellationToken);

    /// <summary>The worker has ended: nobody need wait for it.</summary>
    public void Close()
    {
        _reloads.Close();
        _askedIdle.Close();
    }

    private Task WaitAsync<T>(Waiting<T> waiting, T what, CancellationToken cancellationToken)
    {
        var done = waiting.AddAsync(what, cancellationToken);
        parts.Wake.Set();
        return done;
    }

    private async Task TakeOverOptionsAsync(CancellationToken stop)
    {
        foreach (var reload in _reloads.All)
        {
            if (!reload.What.IsSameAs(Options))
            {
                // Back first: what waits for a slot may be of a queue that it leaves, and what is uncertain would be forgotten with the old taker.
                await ReleaseAsync(TimeSpan.Zero);
                await parts.Taker.SettleAsync(stop);
                parts.Reload(reload.What);
                slots.Resize(Options.Concurrency);
                LogReloaded(parts.Id, string.Join(", ", Options.Queues), Options.Concurrency);
                await parts.Heartbeat.ReportReloadAsync(stop);
            }

            _reloads.Complete([reload]);
        }
    }

    private void EndAtLimit()
    {
        // First the hand, then the count: a job that turns out not to have begun is uncounted before it leaves the hand.
        var hasNone = parts.InHand.Count == 0;
        var isFull = JobsLeft <= 0;
        parts.Heartbeat.Phase = isFull ? WorkerStatus.Join : null;
        if (isFull && hasNone)
        {
            end.Ask(EndReason.MaxJobs);
        }
        else if (TimeLeft <= TimeSpan.Zero)
        {
            end.Ask(EndReason.MaxTime);
        }
    }

    private long JobsLeft => Options.MaxJobs == 0 ? int.MaxValue : Options.MaxJobs - parts.InHand.Begun;

    private TimeSpan TimeLeft => Options.MaxTime == TimeSpan.Zero ? TimeSpan.MaxValue : Options.MaxTime - time.GetElapsedTime(_started);

    private TimeSpan UntilNextLook() => TimeLeft is var left && left >= Options.MaxLatency ? Options.MaxLatency : left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <summary>True: there was something to take, or there may be now. False: there was not, or the slots are taken.</summary>
    private async Task<bool> TakeAsync(CancellationToken stop)
    {
        var prefetch = parts.Prefetch.Current;
        var wanted = Options.Concurrency + prefetch - parts.InHand.Waiting - parts.InHand.Running;
        var most = (int)Math.Min(wanted, JobsLeft);
        // Not one at a time: when half of what is held ahead has run, the other half is fetched in one go.
        if (most <= 0 || wanted < prefetch / 2)
        {
            return false;
        }

        // Before it looks: a job that ends meanwhile may have queued others.
        var asked = _askedIdle.All;
        var isIdle = parts.InHand.Count == 0;
        if (await parts.Taker.TakeAsync(most, stop) > 0)
        {
            coordination.Publish(Changes.Jobs);
            return true;
        }

        if (isIdle)
        {
            _askedIdle.Complete(asked);
            if (Options.DequeueStrategy == DequeueStrategy.Burst)
            {
                // What a dead worker had in hand is in no queue, and once this process has ended nobody may be left who gives it back.
                if (await parts.Abandoned.GiveBackAsync(stop))
                {
                    return true;
                }

                end.Ask(EndReason.WorkedOff);
            }
        }

        return false;
    }

    /// <summary>Gives back what has waited too long for a slot: another worker may be free, and a paused or cancelled job must not hang here.</summary>
    /// <returns>True: there was something to give back.</returns>
    private async Task<bool> ReleaseAsync(TimeSpan heldFor)
    {
        var unbegun = parts.InHand.NotGivenBack;
        foreach (var run in parts.InHand.TakeBack(heldFor))
        {
            if (run.TryGiveBack())
            {
                unbegun.Add(run);
            }
            else
            {
                // Its end was asked for: that is recorded as if it had been in a slot.
                await parts.Executor.ExecuteAsync(run);
            }
        }

        if (unbegun.Count == 0)
        {
            return false;
        }

        // When the store is away they stay on the list, and are given back before anything else is taken.
        await parts.Taker.ReleaseAsync(unbegun, parts.InFlight, CancellationToken.None);
        unbegun.ForEach(parts.InHand.Remove);
        unbegun.Clear();
        return true;
    }

    [LoggerMessage(2004, LogLevel.Error, "Worker {Worker} cannot take jobs; it tries again in {Delay}")]
    private partial void LogCannotTake(WorkerId worker, TimeSpan delay, Exception exception);

    [LoggerMessage(2006, LogLevel.Warning, "Worker {Worker} could not give back jobs that it had not begun; they run when it has been silent for three reports")]
    private partial void LogCannotRelease(WorkerId worker, Exception exception);

    [LoggerMessage(2010, LogLevel.Information, "Worker {Worker} has new options: it takes jobs from {Queues}, {Concurrency} at once")]
    private partial void LogReloaded(WorkerId worker, string queues, int concurrency);
}
