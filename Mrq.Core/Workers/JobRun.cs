using Mrq.Diagnostics;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;

namespace Mrq.Workers;

/// <summary>Why a running job was told to end.</summary>
internal enum StopCause
{
    None,
    Timeout,
    Abort,
    Interrupt,
}

/// <summary>One attempt in this worker's hand: its token, why it was cancelled, and the progress it last reported.</summary>
/// <param name="raw">The options of the raw queue whose entry its job was made of; null: it was queued as a job.</param>
internal sealed class JobRun(Job job, TimeProvider time, RawQueueOptions? raw = null) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _overdue = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private ITimer? _timer;
    private TimeSpan _grace;
    private bool _ended;
    private bool _progressChanged;
    private volatile bool _entryIsSettled;

    public Job Job { get; private set; } = job;

    /// <summary>True: its job has no document yet, its raw entry is in flight.</summary>
    public bool IsInFlight { get; private set; } = raw is not null;

    /// <summary>True: its entry was given to others while this worker was taken for dead; what it ends in is not recorded.</summary>
    public bool IsDisowned { get; private set; }

    /// <summary>True: its entry is in flight, as far as this worker has not let go of it.</summary>
    public bool HoldsEntry => IsInFlight && !_entryIsSettled;

    /// <summary>What it logs while its job has no document; null: its lines are stored as they come.</summary>
    public JobLogSink? HeldLog { get; set; }

    /// <summary>What it waits for; null: it has not begun, or I/O is not traced.</summary>
    public JobIo? Io { get; set; }

    /// <summary>When it was taken in hand.</summary>
    public long Taken { get; } = time.GetTimestamp();

    public CancellationToken Token => _stop.Token;

    /// <summary>The first cause counts: a timeout during an abort stays an abort.</summary>
    public StopCause Cause { get; private set; }

    /// <summary>Completes when the task was told to end and did not within the grace time.</summary>
    public Task Overdue => _overdue.Task;

    public double? Progress { get; private set; }

    public string? ProgressText { get; private set; }

    /// <summary>What the attempt has used of the machine; null: nothing of it was measured.</summary>
    public JobUsage? Usage { get; set; }

    /// <summary>True when a status of a job without a document is not stored.</summary>
    public bool SkipsStorageOf(JobStatus status) => raw is not null && raw.NoStorage.Contains(status);

    /// <summary>Its document is stored.</summary>
    public void Stored(Job document) => (Job, IsInFlight) = (document, false);

    /// <summary>This worker is about to take its entry out of flight: that it will no longer be there is no loss.</summary>
    public void SettleEntry() => _entryIsSettled = true;

    /// <summary>Tells it to end: its entry is others'.</summary>
    public void Disown(TimeSpan grace)
    {
        IsDisowned = true;
        Stop(StopCause.Interrupt, grace);
    }

    /// <summary>Starts the clock of the timeout.</summary>
    public void StartTimeout(TimeSpan timeout, TimeSpan grace)
    {
        lock (_gate)
        {
            _grace = grace;
            if (_ended || Cause != StopCause.None)
            {
                return;
            }

            _timer = time.CreateTimer(static run => ((JobRun)run!).Stop(StopCause.Timeout, null), this, Bounded(timeout), Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Tells the task to end, and starts the clock of its grace time.</summary>
    /// <param name="grace">Null: the grace that was set with the timeout.</param>
    public void Stop(StopCause cause, TimeSpan? grace)
    {
        lock (_gate)
        {
            if (_ended || Cause != StopCause.None)
            {
                return;
            }

            Cause = cause;
            _timer?.Dispose();
            _timer = time.CreateTimer(static run => ((JobRun)run!)._overdue.TrySetResult(), this, Bounded(grace ?? _grace), Timeout.InfiniteTimeSpan);
        }

        // Outside the lock: callbacks of the token are the task's code.
        try
        {
            _stop.Cancel();
        }
        catch (AggregateException)
        {
            // A callback of the task threw. The task is told all the same; what it makes of it is recorded as its outcome.
        }
    }

    // A timer of .NET waits for 49 days at most; who asks for more never means to wait for its end.
    private static TimeSpan Bounded(TimeSpan due) => due < TimeSpan.FromDays(49) ? due : Timeout.InfiniteTimeSpan;

    /// <summary>The run has not begun and will not: false when its end was asked for, which is then to be recorded.</summary>
    public bool TryGiveBack()
    {
        lock (_gate)
        {
            _ended |= Cause == StopCause.None;
            _entryIsSettled |= _ended;
            return _ended;
        }
    }

    public void SetProgress(double progress, string? text)
    {
        lock (_gate)
        {
            (Progress, ProgressText, _progressChanged) = (progress, text, true);
        }
    }

    /// <summary>The progress since the last call; null: nothing new, or the attempt is over.</summary>
    public JobProgress? TakeProgress(WorkerId worker)
    {
        lock (_gate)
        {
            if (!_progressChanged || _ended)
            {
                return null;
            }

            _progressChanged = false;
            return new JobProgress(Job.Id, worker, Job.Attempt, Progress!.Value, ProgressText);
        }
    }

    /// <summary>The attempt is over. The token source is left to the collector when the task still holds it.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _ended = true;
            _timer?.Dispose();
        }

        if (Cause == StopCause.None)
        {
            _stop.Dispose();
        }
    }
}
