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

    /// <summary>What the action does to one job or many, which are in these statuses.</summary>
    public static string Explain(JobAction action, bool one, JobStatuses statuses) => action switch
    {
        JobAction.Requeue => one
            ? "It goes back to its queue from the start: retry count 0, old result forgotten."
            : "They go back to their queues from the start: retry count 0, old results forgotten.",
        JobAction.Retry => one ? "It goes back to its queue and keeps its retry count." : "They go back to their queues and keep their retry counts.",
        JobAction.Cancel => ExplainCancel(one, statuses),
        JobAction.Abort => one ? "It is stopped while it runs, on whichever node." : "They are stopped while they run, on whichever node.",
        _ => one
            ? "The job, its result and its log are forgotten. This cannot be undone."
            : "The jobs, their results and their logs are forgotten. This cannot be undone.",
    };

    private static string ExplainCancel(bool one, JobStatuses statuses) => ((statuses & JobStatuses.Live).Count > 0, (statuses & JobStatuses.Final).Count > 0) switch
    {
        (true, true) when !one => "Those that wait leave their queues and will not run; those that have ended are put aside as cancelled.",
        (false, true) => one ? "It is put aside as cancelled." : "They are put aside as cancelled.",
        _ => one ? "It leaves its queue and will not run." : "They leave their queues and will not run.",
    } + (one ? " A cancelled job can be requeued." : " Cancelled jobs can be requeued.");

    public static bool IsGrave(JobAction action) => action is JobAction.Cancel or JobAction.Abort or JobAction.Delete;

    /// <summary>
    /// Whether to offer it for one job. Narrower than what is allowed: to cancel what has ended, or retry what went well, is for filters.
    /// </summary>
    public static bool Offers(JobAction action, JobStatus status) => JobTransitions.AllowedFor(action).Contains(status) && action switch
    {
        JobAction.Cancel => !JobStatuses.Final.Contains(status),
        JobAction.Retry => status is not (JobStatus.Success or JobStatus.Queued or JobStatus.Scheduled or JobStatus.Deferred),
        _ => true,
    };

    /// <summary>What a finished bulk action says of itself.</summary>
    public static string Outcome(string? result)
    {
        var done = result is null ? null : JsonSerializer.Deserialize<JobActionResult>(result);
        return done is null ? "Done." : $"Done: {Display.Jobs(done.Done)}{(done.Refused > 0 ? $", {done.Refused:N0} had moved on" : "")}.";
    }
}
