namespace Mrq.Jobs;

/// <summary>The one table of allowed changes of status. <c>docs/job-states.md</c> draws it.</summary>
public static class JobTransitions
{
    /// <summary>The statuses that a job may come from on its way to <paramref name="to"/>.</summary>
    public static JobStatuses SourcesOf(JobStatus to) => to switch
    {
        // started → queued: its worker died, or it was released before it began.
        JobStatus.Queued => JobStatuses.All,
        JobStatus.Started => JobStatuses.Of(JobStatus.Queued),
        JobStatus.Scheduled => default,
        // Its chain goes on after all.
        JobStatus.Deferred => JobStatuses.Of(JobStatus.Cancel),
        JobStatus.Cancel => new JobStatuses(JobStatuses.All.Bits & ~JobStatuses.Of(JobStatus.Started, JobStatus.Cancel).Bits),
        _ => JobStatuses.Of(JobStatus.Started),
    };

    /// <summary>The statuses in which a person may ask for this action.</summary>
    public static JobStatuses AllowedFor(JobAction action) => action switch
    {
        JobAction.Requeue or JobAction.Retry or JobAction.Delete => new JobStatuses(JobStatuses.All.Bits & ~JobStatuses.Of(JobStatus.Started).Bits),
        JobAction.Cancel => SourcesOf(JobStatus.Cancel),
        JobAction.Abort => JobStatuses.Of(JobStatus.Started),
        _ => throw new ArgumentOutOfRangeException(nameof(action)),
    };
}
