using Mrq.Batches;
using Mrq.Jobs;

namespace Mrq.Storage;

/// <summary>The documents of batches. What their jobs are is in the documents of these.</summary>
public interface IBatchStore
{
    /// <summary>Stores a new batch. Storing the same one again is nothing.</summary>
    /// <returns>Null: done. Else the batch that has its idempotency key; nothing was stored.</returns>
    Task<JobId?> InsertAsync(Batch batch, CancellationToken cancellationToken);

    /// <summary>The batches of these ids, as far as they are there, in any order.</summary>
    Task<IReadOnlyList<Batch>> GetAsync(IReadOnlyList<JobId> ids, CancellationToken cancellationToken);

    /// <summary>Batches older than <paramref name="before"/> (null: from the newest), newest first.</summary>
    Task<IReadOnlyList<Batch>> ListAsync(JobId? before, int limit, CancellationToken cancellationToken);

    /// <summary>Batches that have, or have not, been finished, with an id above <paramref name="after"/> (null: from the oldest), oldest first.</summary>
    Task<IReadOnlyList<Batch>> FindAsync(bool isFinished, JobId? after, int limit, CancellationToken cancellationToken);

    /// <summary>Someone begins to add jobs: they count at once. False: the batch is finished, cancelled or gone.</summary>
    Task<bool> BeginAddAsync(JobId id, int count, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>The jobs are stored, but for some.</summary>
    /// <param name="notAdded">How many of them were there before, by their keys, and do not count.</param>
    Task EndAddAsync(JobId id, int notAdded, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>All jobs of its request are stored.</summary>
    Task SetStoredAsync(JobId id, CancellationToken cancellationToken);

    /// <summary>Notes that nobody stores jobs of its request any more: what is there counts as all of it.</summary>
    /// <param name="silentSince">Whoever has added since then may go on.</param>
    /// <returns>False: all are stored, jobs were added since then, or it is cancelled or gone.</returns>
    Task<bool> CloseAsync(JobId id, DateTimeOffset silentSince, CancellationToken cancellationToken);

    /// <summary>Notes that it is cancelled; who did so first stays. False: it is finished or gone.</summary>
    Task<bool> CancelAsync(JobId id, bool abortsRunning, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Notes that all of its jobs have ended, and what they are; the time of the first end stays. False: it was changed since it was read.</summary>
    Task<bool> FinishAsync(Batch batch, IReadOnlyDictionary<JobStatus, long> counts, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Deletes a batch; its jobs stay. False: it is not there.</summary>
    Task<bool> DeleteAsync(JobId id, CancellationToken cancellationToken);
}
