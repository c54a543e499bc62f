using Mrq.Queues;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Jobs;

/// <summary>The end of one attempt, as its worker records it. Refused when the job is no longer this worker's attempt.</summary>
public sealed record JobCompletion
{
    public required JobId Id { get; init; }

    public required WorkerId Worker { get; init; }

    public required int Attempt { get; init; }

    /// <summary>What it becomes: any status that may follow <c>started</c>.</summary>
    public required JobStatus Status { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Path and queue of the job: for the counters of rates.</summary>
    public required string Path { get; init; }

    public required QueueName Queue { get; init; }

    /// <summary>The exception type that the document has borne while the attempt ran: for the counters of jobs. Null: none.</summary>
    public string? PreviousExceptionType { get; init; }

    /// <summary>JSON text; null: no result.</summary>
    public string? Result { get; init; }

    /// <summary>How it failed; null when it did not.</summary>
    public TracebackEntry? Failure { get; init; }

    /// <summary>True: it has not begun. <see cref="Failure"/> tells why it waits again, and is none: the history goes without it. Else its <see cref="Job.ExpiresAt"/> no longer counts.</summary>
    public bool IsPostponed { get; init; }

    public DateTimeOffset? DateExpires { get; init; }

    /// <summary>When a retry is due; only with <see cref="JobStatus.Retry"/>.</summary>
    public DateTimeOffset? DateRetry { get; init; }

    /// <summary>The queue a retry goes to; null: where it came from.</summary>
    public QueueName? RetryQueue { get; init; }

    public int RetryCount { get; init; }

    public required double TotalTime { get; init; }

    /// <summary>What the attempt has used of the machine; null: nothing of it was measured.</summary>
    public JobUsage? Usage { get; init; }

    public double? Progress { get; init; }

    /// <summary>The same end without what the task gave: failed, for the store refuses something of it, now and always.</summary>
    internal JobCompletion Bare(Exception refusal) => this with
    {
        Status = JobStatus.Failed,
        Result = null,
        Failure = new TracebackEntry(
            At, JobStatus.Failed, refusal.GetType().FullName!, "The store did not take the end of this job; the server's log has the reason.", null, Worker),
        IsPostponed = false,
        DateExpires = null,
        DateRetry = null,
        RetryQueue = null,
    };
}

/// <summary>A guarded change of status of many jobs at once. Jobs in another status than <see cref="From"/> are left alone.</summary>
public sealed record JobTransition
{
    public required IReadOnlyList<JobId> Jobs { get; init; }

    public required JobStatuses From { get; init; }

    public required JobStatus To { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Moves the job to this queue; null: it stays.</summary>
    public QueueName? Queue { get; init; }

    /// <summary>True forgets what earlier attempts left: retry count, result, exception, progress. The traceback history stays.</summary>
    public bool Reset { get; init; }

    /// <summary>When the document will be deleted, but not before its <see cref="Job.UniqueUntil"/>. Null: never.</summary>
    public DateTimeOffset? DateExpires { get; init; }

    /// <summary>True: <see cref="Job.ExpiresAt"/> no longer counts. A person wants the job to run, or it may have begun.</summary>
    public bool ForgetsExpiry { get; init; }

    /// <summary>Its new <see cref="Job.ExpiresAt"/>; null: the old one stays.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Only jobs whose last worker is this one; null: any.</summary>
    public WorkerId? Worker { get; init; }

    /// <summary>Why, kept as exception type and message, for example <c>expired</c>; null: no reason is recorded and the old one stays.</summary>
    public (string Type, string Message)? Reason { get; init; }
}

/// <summary>A job that a <see cref="JobTransition"/> changed.</summary>
/// <param name="From">The status it had.</param>
/// <param name="OldQueue">The queue it was in.</param>
/// <param name="Queue">The queue it is in now.</param>
/// <param name="Priority">Its <see cref="Job.Priority"/>.</param>
public sealed record TransitionedJob(JobId Id, JobStatus From, QueueName OldQueue, QueueName Queue, int Priority = 0)
{
    /// <summary>Its id, as it goes into its queue.</summary>
    public QueuedId Queued => new(Id, Queue, Priority);
}
