using Mrq.Queues;
using Mrq.Workers;

namespace Mrq.Jobs;

/// <summary>Which jobs. Every member that is not null narrows; a filter with none matches every job.</summary>
public sealed record JobFilter
{
    public JobStatuses? Statuses { get; init; }

    /// <summary>Queue name; <c>*</c> stands for any text, a trailing <c>/</c> takes the sub-queues along.</summary>
    public string? Queue { get; init; }

    /// <summary>Task path; <c>*</c> stands for any text.</summary>
    public string? Path { get; init; }

    public WorkerId? Worker { get; init; }

    /// <summary>Exception type; <c>*</c> stands for any text.</summary>
    public string? ExceptionType { get; init; }

    /// <summary>A JSON object: the job's params must have each of its keys with an equal value.</summary>
    public string? Params { get; init; }

    public string? Tag { get; init; }

    /// <summary>Free text: a job id, or a part of the path, queue or exception type.</summary>
    public string? Search { get; init; }

    /// <summary>Accepted at or after this time (by id).</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Accepted before this time (by id).</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Only jobs with this id or an older one: a bulk action never touches what came after it.</summary>
    public JobId? NotAfter { get; init; }

    /// <summary>Only these jobs. Null: no restriction; empty: none.</summary>
    public IReadOnlyList<JobId>? Ids { get; init; }
}

/// <summary>One page of a list of jobs, newest first.</summary>
/// <param name="Before">Only jobs older than this id; null: from the newest.</param>
/// <param name="Limit">1 to 1,000.</param>
/// <param name="WithPayload">False leaves out what lists do not show: result, traceback and its history.</param>
public sealed record JobPageRequest(JobId? Before = null, int Limit = 50, bool WithPayload = false);

/// <param name="Next">Give it as <see cref="JobPageRequest.Before"/> for the next page; null: this was the last.</param>
public sealed record JobPage(IReadOnlyList<Job> Jobs, JobId? Next);
