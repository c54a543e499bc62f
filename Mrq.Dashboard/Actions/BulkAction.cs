using System.Text.Json;
using Mrq.Jobs;
using Mrq.Tasks;

namespace Mrq.Dashboard.Actions;

/// <summary>What the actions on jobs are called.</summary>
internal static class BulkAction
{
    /// <summary>In the order in which menus show them.</summary>
    public static readonly IReadOnlyList<JobAction> All = [JobAction.Requeue, JobAction.Retry, JobAction.Cancel, JobAction.Abort, JobAction.Delete];

    public static string Verb(JobAction action) => action.ToString();

    public static string Past(JobAction action) => action switch
    {
        JobAction.Requeue => "Requeued",
        JobAction.Retry => "Retrying",
        JobAction.Cancel => "Cancelled",
        JobAction.Abort => "Asked for the end of",
        _ => "Deleted",
    };

    public static string Icon(JobAction action) => action switch
    {
        JobAction.Requeue => "requeue",
        JobAction.Retry => "retry",
        JobAction.Cancel => "cancel",
        JobAction.Abort => "stop",
        _ => "trash",
    };

    /// <summary>What the action does to one job or many.</summary>
    public static string Explain(JobAction action, bool one) => action switch
    {
        JobAction.Requeue => one
            ? "It goes back to its queue from the start: retry count 0, old result forgotten."
            : "They go back to their queues from the start: retry count 0, old results forgotten.",
        JobAction.Retry => one ? "It goes back to its queue and keeps its retry count." : "They go back to their queues and keep their retry counts.",
        JobAction.Cancel => one ? "It leaves its queue and will not run. A cancelled job can be requeued." : "They leave their queues and will not run. Cancelled jobs can be requeued.",
        JobAction.Abort => one ? "It is stopped while it runs, on whichever node." : "They are stopped while they run, on whichever node.",
        _ => one
            ? "The job, its result and its log are forgotten. This cannot be undone."
            : "The jobs, their results and their logs are forgotten. This cannot be undone.",
    };

    public static bool IsGrave(JobAction action) => action is JobAction.Cancel or JobAction.Abort or JobAction.Delete;

    /// <summary>
    /// The statuses in which people are offered it, for one job as for many. Fewer than are allowed: to cancel what has ended, or to retry what went well or
    /// still waits, is for programs.
    /// </summary>
    public static JobStatuses OfferedFor(JobAction action) => JobTransitions.AllowedFor(action) & action switch
    {
        JobAction.Cancel => JobStatuses.Live,
        JobAction.Retry => JobStatuses.All.Without(JobStatuses.Of(JobStatus.Success, JobStatus.Queued, JobStatus.Scheduled, JobStatus.Deferred)),
        _ => JobStatuses.All,
    };

    /// <summary>What a button for several jobs says: the action and, where it is not for all of them, for how many. Counts that are not known are null.</summary>
    public static string VerbFor(JobAction action, long? takers, long? all) =>
        takers is { } some && all is { } most && some < most ? $"{Verb(action)} {some:N0} of {most:N0}" : Verb(action);

    /// <summary>What a finished bulk action says of itself.</summary>
    public static string Outcome(string? result)
    {
        var done = result is null ? null : JsonSerializer.Deserialize<JobActionResult>(result);
        return done is null ? "Done." : $"Done: {Display.Jobs(done.Done)}{(done.Refused > 0 ? $", {done.Refused:N0} had moved on" : "")}.";
    }
}
