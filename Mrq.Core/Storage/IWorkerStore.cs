using Mrq.Workers;

namespace Mrq.Storage;

/// <summary>The reports of workers: who is there, what they hold, and what they were told.</summary>
public interface IWorkerStore
{
    /// <summary>Stores a worker's report over its last one and answers what the worker was told to do; null: nothing.</summary>
    Task<StopMode?> ReportAsync(WorkerReport report, CancellationToken cancellationToken);

    /// <summary>All reports, the latest started first.</summary>
    Task<IReadOnlyList<WorkerReport>> ListAsync(CancellationToken cancellationToken);

    /// <summary>One report; null: no such worker, or it is long gone.</summary>
    Task<WorkerReport?> FindAsync(WorkerId worker, CancellationToken cancellationToken);

    /// <summary>What a worker was told to do; null: nothing. A read: it may be asked on every signal.</summary>
    Task<StopMode?> FindStopRequestAsync(WorkerId worker, CancellationToken cancellationToken);

    /// <summary>Tells a worker to stop; it learns with its next report or signal. False: no such worker.</summary>
    Task<bool> RequestStopAsync(WorkerId worker, StopMode mode, CancellationToken cancellationToken);

    /// <summary>
    /// Adds to a worker's report that so many of its jobs were given back; its next report, if it is not dead after all, knows nothing of it. Nothing happens when the worker is not known.
    /// </summary>
    Task AddGivenBackAsync(WorkerId worker, int jobs, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Deletes reports whose <see cref="WorkerReport.DateExpires"/> has passed. Returns how many.</summary>
    Task<int> DeleteExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken);
}
