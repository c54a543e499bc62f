using Mrq.Jobs;

namespace Mrq.Dashboard.Pages.JobList;

/// <summary>What one row of the list shows: small, whatever the size of the job's params, and comparable, so that only what changed is drawn again.</summary>
public sealed record JobRow(
    JobId Id, string Path, string Queue, JobStatus Status, string Params, string? ExceptionType, string? ExceptionMessage, double? Progress,
    DateTimeOffset Queued, DateTimeOffset? Started, DateTimeOffset Updated, DateTimeOffset? Due, double? TotalTime, string? Worker,
    string Tags, int Tries, int Postponed, bool AbortRequested)
{
    private const int ParamsLength = 160;

    /// <summary>The job was deleted while the list held still.</summary>
    public bool Gone { get; init; }

    public static JobRow Of(Job job) => new(
        job.Id, job.Path, job.Queue.Value, job.Status, Display.Preview(job.Params, ParamsLength), job.ExceptionType,
        job.ExceptionMessage is null ? null : Display.Cut(job.ExceptionMessage, ParamsLength), job.Progress, job.DateQueued, job.DateStarted, job.DateUpdated,
        job.Status switch { JobStatus.Scheduled => job.RunAt, JobStatus.Retry => job.DateRetry, _ => null },
        job.TotalTime, job.Worker?.Value, string.Join(", ", job.OwnTags), job.Tries, job.Postponed, job.AbortRequested is not null);
}
