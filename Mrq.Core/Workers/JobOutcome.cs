using Mrq.Queues;

namespace Mrq.Workers;

/// <summary>How one attempt ended, before it is known what that means for the job.</summary>
internal abstract record JobOutcome
{
    private JobOutcome()
    {
    }

    /// <param name="Result">JSON text; null: nothing.</param>
    public sealed record Success(string? Result) : JobOutcome;

    /// <param name="IsOfTask">False: the worker could not run it, and no repetition would help.</param>
    public sealed record Failure(Exception Exception, bool IsOfTask = false) : JobOutcome;

    /// <param name="Delay">Null: the task's retry delay.</param>
    public sealed record Retry(TimeSpan? Delay, QueueName? Queue, int? MaxRetries, Exception Exception) : JobOutcome;

    public sealed record Abort(Exception Exception) : JobOutcome;

    /// <summary>It was told to end by something else than the task.</summary>
    /// <param name="Overdue">True: it went on after its grace time; nobody waits for it any more.</param>
    /// <param name="Exception">What the task threw at last; null: nothing, or it still runs.</param>
    public sealed record Stopped(StopCause Cause, bool Overdue, Exception? Exception) : JobOutcome;

    /// <summary>The store was away before the task could begin: the job is not to blame and runs again.</summary>
    public sealed record NotBegun(Exception Exception) : JobOutcome;

    /// <summary>A limit does not let it begin, and it does not wait for its turn.</summary>
    public sealed record NoSlot(string Message) : JobOutcome;

    /// <summary>A limit does not let it begin now.</summary>
    /// <param name="Delay">When it tries again.</param>
    /// <param name="Type">Which kind of limit, as its exception type.</param>
    public sealed record Postponed(TimeSpan Delay, string Type, string Message) : JobOutcome;

    /// <summary>Its batch was cancelled as a whole before it began.</summary>
    public sealed record BatchCancelled : JobOutcome;

    /// <summary>The time within which it should have begun is over.</summary>
    public sealed record Expired(DateTimeOffset At) : JobOutcome;
}
