namespace Mrq.Jobs;

/// <summary>Where a job is in its life. The numbers are stored; never change them. Names on the wire are lower case.</summary>
public enum JobStatus
{
    /// <summary>Waits in its queue.</summary>
    Queued = 0,

    /// <summary>A worker has it in hand.</summary>
    Started = 1,

    /// <summary>Ended with a result.</summary>
    Success = 2,

    /// <summary>Ended with an exception of the task.</summary>
    Failed = 3,

    /// <summary>Will run again at its <c>dateretry</c>.</summary>
    Retry = 4,

    /// <summary>Asked for a retry that its limit forbids.</summary>
    MaxRetries = 5,

    /// <summary>Ran longer than its timeout.</summary>
    Timeout = 6,

    /// <summary>Its worker stopped before it ended; it goes back to its queue by itself.</summary>
    Interrupt = 7,

    /// <summary>Taken out by a person or a rule before it ran.</summary>
    Cancel = 8,

    /// <summary>Stopped while it ran, by a person or by itself.</summary>
    Abort = 9,

    /// <summary>Not run because too many jobs of its task were running.</summary>
    MaxConcurrency = 10,

    /// <summary>Waits for its <c>run_at</c>.</summary>
    Scheduled = 11,

    /// <summary>Waits for the success of the job before it in its chain.</summary>
    Deferred = 12,
}
