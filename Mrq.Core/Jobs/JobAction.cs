namespace Mrq.Jobs;

/// <summary>What a person can ask of a job, or of all jobs that match a filter.</summary>
public enum JobAction
{
    /// <summary>Back to its queue from the start: retry count 0, old result forgotten.</summary>
    Requeue,

    /// <summary>Back to its queue, keeping its retry count.</summary>
    Retry,

    /// <summary>Out of its queue for good; a job that has ended is put aside.</summary>
    Cancel,

    /// <summary>Stop it while it runs, on whichever node.</summary>
    Abort,

    /// <summary>Forget the job, its result and its logs.</summary>
    Delete,
}
