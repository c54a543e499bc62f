using Mrq.Jobs;

namespace Mrq.Batches;

/// <summary>A set of jobs that are looked at as one. Its jobs bear its tag; their documents are the truth about how far it is.</summary>
public sealed record Batch
{
    /// <summary>Most jobs of one batch that is made by one request.</summary>
    public const int MostJobs = 100_000;

    /// <summary>A caller that has not been heard of for so long while it added jobs has died.</summary>
    public static readonly TimeSpan AddingGrace = TimeSpan.FromMinutes(1);

    /// <summary>An expired job of a batch that has not ended is looked at again after this time: without it the batch could not be counted.</summary>
    internal static readonly TimeSpan KeepsJobsFor = TimeSpan.FromHours(1);

    private const string TagPrefix = "batch:";

    public required JobId Id { get; init; }

    /// <summary>For people, 1 to 200 characters; null: none was given.</summary>
    public string? Name { get; init; }

    /// <summary>The key by which a repeated request finds this batch as long as it is kept; null: none was given.</summary>
    public string? IdempotencyKey { get; init; }

    public required DateTimeOffset Created { get; init; }

    /// <summary>When jobs were last added.</summary>
    public required DateTimeOffset Updated { get; init; }

    /// <summary>How many jobs it has, those of chains among them; once it has ended: had.</summary>
    public long Total { get; init; }

    /// <summary>True: all jobs of its request are stored, or a person has closed it.</summary>
    public bool IsStored { get; init; }

    /// <summary>How many callers are adding jobs in this moment.</summary>
    public int Adding { get; init; }

    /// <summary>Grows with each change: the guard of the write that ends it.</summary>
    public long Version { get; init; }

    /// <summary>The job that runs when all have ended, however; null: none.</summary>
    public JobId? OnComplete { get; init; }

    /// <summary>The job that runs when all have succeeded; null: none.</summary>
    public JobId? OnSuccess { get; init; }

    /// <summary>When someone cancelled it as a whole; null: nobody did.</summary>
    public DateTimeOffset? CancelledAt { get; init; }

    /// <summary>True: who cancelled it wants its running jobs stopped, too.</summary>
    public bool AbortsRunning { get; init; }

    /// <summary>When all of its jobs had ended for the first time; null: some have not.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Its jobs by status when all had ended last: what remains when they are deleted. Empty before.</summary>
    public IReadOnlyDictionary<JobStatus, long> Counts { get; init; } = new Dictionary<JobStatus, long>();

    /// <summary>The tag of its jobs.</summary>
    public string Tag => TagOf(Id);

    public static string TagOf(JobId id) => $"{TagPrefix}{id}";

    /// <summary>Whether a tag is kept for batches.</summary>
    public static bool IsTag(string tag) => tag.StartsWith(TagPrefix, StringComparison.Ordinal);

    /// <summary>The batch that a job with these tags belongs to; null: none.</summary>
    public static JobId? Of(IReadOnlyList<string> tags)
    {
        foreach (var tag in tags)
        {
            if (IsTag(tag) && JobId.TryParse(tag[TagPrefix.Length..], out var id))
            {
                return id;
            }
        }

        return null;
    }

    /// <summary>True: someone may still be adding jobs, so that it cannot end yet.</summary>
    public bool IsGrowing(DateTimeOffset now) => (!IsStored || Adding > 0) && now - Updated < AddingGrace;

    /// <summary>True: who made it died before all of its jobs were stored. Those that were run all the same.</summary>
    public bool IsIncomplete(DateTimeOffset now) => !IsStored && !IsGrowing(now);

    /// <summary>True: with these jobs it has succeeded, as has one that has none left.</summary>
    internal bool IsSuccess(IReadOnlyDictionary<JobStatus, long> counts) =>
        IsStored && CancelledAt is null && counts.Keys.All(status => status == JobStatus.Success);
}

/// <summary>The answer to a <see cref="BatchRequest"/>.</summary>
/// <param name="Existing">True: it is an older batch with the same idempotency key; nothing was queued.</param>
public sealed record EnqueuedBatch(Batch Batch, bool Existing);

/// <summary>What someone asks for: jobs as one batch.</summary>
public sealed record BatchRequest
{
    /// <summary>For people, 1 to 200 characters. Null: none.</summary>
    public string? Name { get; init; }

    /// <summary>A repeated request with the same key finds the batch of the first as long as that is kept. 1 to 200 characters. Null: none.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>1 to <see cref="Batch.MostJobs"/>; those of a chain are all in the batch.</summary>
    public required IReadOnlyList<JobRequest> Jobs { get; init; }

    /// <summary>Runs once, when all have ended, however. <see cref="JobRequest.ResultAs"/> names the param that gets id, name, total and counts of the batch. Null: none.</summary>
    public JobRequest? OnComplete { get; init; }

    /// <summary>Runs once, when all have succeeded; also when that is so only after a person has retried some. Null: none.</summary>
    public JobRequest? OnSuccess { get; init; }
}
