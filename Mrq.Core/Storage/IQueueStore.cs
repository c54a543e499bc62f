using Mrq.Jobs;
using Mrq.Queues;

namespace Mrq.Storage;

/// <summary>An id in a queue.</summary>
/// <param name="Priority">0 to 9: within its queue those of higher priority come first, each in the order in which they were put.</param>
public readonly record struct QueuedId(JobId Job, QueueName Queue, int Priority = 0)
{
    /// <summary>The highest priority; the lowest is 0.</summary>
    public const int HighestPriority = 9;
}

/// <summary>A queue and how many ids wait in it.</summary>
public sealed record QueueSize(QueueName Queue, long Size, bool Paused);

/// <summary>
/// The ids of queued jobs, in the order in which they will run, and the started set: ids that were taken and whose documents
/// are not yet known to be started. Ids can always be rebuilt from the documents; documents never from ids.
/// Raw queues hold no ids and are passed over; <see cref="IRawQueueStore"/> has them. Pauses are of all queues.
/// </summary>
public interface IQueueStore
{
    /// <summary>Puts ids at the end of those of their priority in their queues, or at the head (<paramref name="atHead"/>), keeping their given order. Atomic.</summary>
    Task EnqueueAsync(IReadOnlyList<QueuedId> ids, bool atHead, CancellationToken cancellationToken);

    /// <summary>
    /// Takes up to <paramref name="count"/> ids, from the first queue that has some on to the last, and records them in the
    /// started set with time <paramref name="now"/>, in one atomic step. Paused queues give none. Empty when nothing waits.
    /// A name that ends in <c>_reverse</c> gives its newest first; a name that ends in <c>/</c> stands for itself and its sub-queues.
    /// </summary>
    Task<IReadOnlyList<QueuedId>> DequeueAsync(
        IReadOnlyList<QueueName> queues, int count, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>
    /// Takes these ids, wherever they stand in their queues and whether these are paused, and records them in the started set with time
    /// <paramref name="now"/>; each in one atomic step. Returns those that waited there, in the given order of each queue.
    /// </summary>
    Task<IReadOnlyList<QueuedId>> DequeueAsync(IReadOnlyList<QueuedId> ids, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Takes ids out of the started set: their documents are started, or need not be.</summary>
    Task ForgetStartedAsync(IReadOnlyList<JobId> jobs, CancellationToken cancellationToken);

    /// <summary>Ids that have been in the started set since before <paramref name="before"/>, oldest first.</summary>
    Task<IReadOnlyList<QueuedId>> FindStartedAsync(DateTimeOffset before, int limit, CancellationToken cancellationToken);

    /// <summary>Takes ids out of their queues, whatever their priority. Ids that are not there are passed over. Returns how many were.</summary>
    Task<int> RemoveAsync(IReadOnlyList<QueuedId> ids, CancellationToken cancellationToken);

    /// <summary>Ids of one queue in the order in which they will run, from <paramref name="offset"/> on.</summary>
    Task<IReadOnlyList<JobId>> PeekAsync(QueueName queue, long offset, int count, CancellationToken cancellationToken);

    /// <summary>Every queue that has ids or is paused, by name.</summary>
    Task<IReadOnlyList<QueueSize>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Pauses or resumes a queue. A name that ends in <c>/</c> stands for itself and its sub-queues.</summary>
    Task SetPausedAsync(QueueName queue, bool paused, CancellationToken cancellationToken);

    /// <summary>Which of these ids are neither in the queue nor in the started set: the ids a crash has lost.</summary>
    Task<IReadOnlyList<JobId>> FindMissingAsync(QueueName queue, IReadOnlyList<JobId> jobs, CancellationToken cancellationToken);
}
