using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Workers;

namespace Mrq.Storage;

/// <summary>What became of one job given to <see cref="IJobStore.InsertAsync"/>.</summary>
/// <param name="Id">The job's id, or the id of the job that was there before.</param>
/// <param name="Existing">Null: inserted. Else why it was not: which key was taken.</param>
public readonly record struct InsertedJob(JobId Id, TakenKey? Existing);

/// <summary>The key by which an insert found an older job.</summary>
public enum TakenKey
{
    /// <summary>A live job has the same unique key.</summary>
    UniqueKey,

    /// <summary>A job was made by the same request.</summary>
    IdempotencyKey,
}

/// <summary>New progress of a running job.</summary>
public sealed record JobProgress(JobId Id, WorkerId Worker, int Attempt, double Progress, string? Text);

/// <summary>
/// The job documents: the truth about every job. Each change of status is a compare-and-set, so that a late worker never
/// overwrites a newer state. The totals of <see cref="IJobQueries.CountsAsync"/> follow: on SQLite in the same step, on MongoDB in a write of its own, where those
/// of queued jobs are at no moment below the truth and others may be off for a minute or two after a process died.
/// </summary>
public interface IJobStore
{
    /// <summary>
    /// Stores new documents, each whole or not at all, and answers in the given order. Most are queued or scheduled; a job of a raw queue comes
    /// when it is started, or when its attempt has ended: with <see cref="Job.TotalTime"/>, by which it counts in the rates as a completion does.
    /// </summary>
    Task<IReadOnlyList<InsertedJob>> InsertAsync(IReadOnlyList<Job> jobs, CancellationToken cancellationToken);

    /// <summary>
    /// queued → started for those of these jobs that are queued, with attempt + 1. Returns the documents as they are now, in
    /// the given order; jobs that are gone or in another status are left out.
    /// </summary>
    Task<IReadOnlyList<Job>> StartAsync(
        IReadOnlyList<JobId> jobs, WorkerId worker, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>
    /// started → the completion's status, guarded by worker and attempt. Answers in the given order whether each was recorded;
    /// false: the job is no longer this attempt's, its outcome is refused. Recording the same completion twice answers true twice.
    /// </summary>
    Task<IReadOnlyList<bool>> CompleteAsync(IReadOnlyList<JobCompletion> completions, CancellationToken cancellationToken);

    /// <summary>
    /// Applies one guarded change to many jobs and returns those it changed. On the way from started to queued it leaves jobs alone whose
    /// abort was requested: the wish of a person is never lost to a rescue.
    /// </summary>
    /// <exception cref="UniqueKeyTakenException">
    /// The change would give two live jobs the same unique key; nothing was changed. On MongoDB a job whose key is taken by someone else in this very moment is
    /// left alone instead, and not returned.
    /// </exception>
    Task<IReadOnlyList<TransitionedJob>> TransitionAsync(JobTransition transition, CancellationToken cancellationToken);

    /// <summary>Records progress of running jobs, guarded by worker and attempt.</summary>
    Task SetProgressAsync(IReadOnlyList<JobProgress> progress, CancellationToken cancellationToken);

    /// <summary>Notes on running jobs that someone asked for their end. Returns the jobs that were running.</summary>
    Task<IReadOnlyList<JobId>> RequestAbortAsync(IReadOnlyList<JobId> jobs, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>The running jobs of a worker for which an abort was requested.</summary>
    Task<IReadOnlyList<JobId>> FindAbortRequestsAsync(WorkerId worker, CancellationToken cancellationToken);

    /// <summary>Changes params or queue of a job that waits (<see cref="JobStatuses.Waiting"/>). Null: it does not wait, or has changed since it was read (<see cref="JobEdit.AsRead"/>).</summary>
    Task<TransitionedJob?> EditAsync(JobEdit edit, CancellationToken cancellationToken);

    /// <summary>Deletes documents that are not started, and their logs (on MongoDB these are no longer shown, and give way in time). Returns those deleted.</summary>
    Task<IReadOnlyList<TransitionedJob>> DeleteAsync(IReadOnlyList<JobId> jobs, CancellationToken cancellationToken);

    /// <summary>
    /// Deletes up to <paramref name="limit"/> documents, and their logs, whose <c>dateexpires</c> has passed. Those of a batch that has not ended are kept, and looked at again an hour later.
    /// Returns how many were deleted or kept.
    /// </summary>
    Task<int> DeleteExpiredAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken);
}

/// <summary>Two live jobs cannot have the same unique key.</summary>
public sealed class UniqueKeyTakenException(string key, JobId holder)
    : Exception($"The unique key '{key}' is taken by job {holder}, which has not ended.")
{
    public JobId Holder { get; } = holder;
}
