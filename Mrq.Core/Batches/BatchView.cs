using Mrq.Jobs;

namespace Mrq.Batches;

/// <summary>How far a batch is, in one word.</summary>
public enum BatchState
{
    /// <summary>Its jobs are still being stored.</summary>
    Storing,

    /// <summary>Some of its jobs have not ended.</summary>
    Running,

    /// <summary>All have succeeded. It stays so when a person cancels some of them afterwards, until one of its jobs has run again.</summary>
    Success,

    /// <summary>All have ended, not all of them well.</summary>
    Failed,

    /// <summary>A person has cancelled it, and some of its jobs have not ended yet.</summary>
    Cancelling,

    /// <summary>A person has cancelled it.</summary>
    Cancelled,

    /// <summary>Who made it died before all of its jobs were stored; those that are there have ended.</summary>
    Incomplete,
}

/// <summary>A batch as people see it: its document and what its jobs are now.</summary>
public sealed class BatchView
{
    /// <param name="counts">Its jobs by status, as they are now.</param>
    public BatchView(Batch batch, IReadOnlyDictionary<JobStatus, long> counts, DateTimeOffset now)
    {
        Batch = batch;
        var there = counts.Values.Sum();
        Deleted = batch.FinishedAt is null ? 0 : Math.Max(0, batch.Counts.Values.Sum() - there);
        // Of jobs that were deleted after its end remains what they were then.
        Counts = Deleted > 0 ? batch.Counts : counts;
        Total = Math.Max(batch.FinishedAt is null ? batch.Total : 0, Counts.Values.Sum());
        Done = Counts.Where(one => JobStatuses.Final.Contains(one.Key)).Sum(one => one.Value);
        var isOpen = counts.Keys.Any(JobStatuses.Live.Contains) || batch.FinishedAt is null;
        IsIncomplete = batch.CancelledAt is null && batch.IsIncomplete(now);
        State = batch.IsGrowing(now) && batch.CancelledAt is null && !batch.IsStored ? BatchState.Storing
            : isOpen ? batch.CancelledAt is null ? BatchState.Running : BatchState.Cancelling
            : batch.CancelledAt is not null ? BatchState.Cancelled
            : !batch.IsStored ? BatchState.Incomplete
            : Done == Counts.GetValueOrDefault(JobStatus.Success) || KeepsSuccess(batch, Counts) ? BatchState.Success
            : BatchState.Failed;
    }

    public Batch Batch { get; }

    // Whoever cancels by a filter meets jobs that have ended, too, as in the original. That makes nothing undone that all of them have done.
    private static bool KeepsSuccess(Batch batch, IReadOnlyDictionary<JobStatus, long> counts) =>
        batch.IsSuccess(batch.Counts) && counts.Keys.All(status => status is JobStatus.Success or JobStatus.Cancel);

    public BatchState State { get; }

    public long Total { get; }

    /// <summary>Jobs that have ended, well or not.</summary>
    public long Done { get; }

    /// <summary>Jobs that were deleted since all had ended.</summary>
    public long Deleted { get; }

    public IReadOnlyDictionary<JobStatus, long> Counts { get; }

    /// <summary>0 to 1.</summary>
    public double Progress => Total == 0 ? 1 : (double)Done / Total;

    /// <summary>True: who made it died before all of its jobs were stored, and nobody has cancelled it. It can be closed.</summary>
    public bool IsIncomplete { get; }

    /// <summary>True: it can be cancelled as a whole.</summary>
    public bool IsOpen => State is BatchState.Storing or BatchState.Running;

    /// <summary>The state's name on the wire.</summary>
    public static string NameOf(BatchState state) => state.ToString().ToLowerInvariant();
}
