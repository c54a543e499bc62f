using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Workers;

namespace Mrq.Storage;

/// <summary>A text in a raw queue, of which a job will be made.</summary>
/// <param name="Score">Sorted sets: its place, lowest first. Timed sets: when it is due, in unix seconds. Null: its queue has none.</param>
public sealed record RawEntry(QueueName Queue, string Params, double? Score = null);

/// <summary>An entry in flight: taken by a worker, and not yet a document.</summary>
/// <param name="Job">The id that its document gets.</param>
public sealed record TakenEntry(JobId Job, RawEntry Entry);

/// <summary>A raw queue that a worker can make jobs for.</summary>
/// <param name="HasSubQueues">True: those under it too.</param>
/// <param name="Pushback">Timed sets: due entries move to now + this instead of being taken out. Null: they are taken out.</param>
public sealed record ServedRawQueue(QueueName Queue, bool HasSubQueues, TimeSpan? Pushback)
{
    /// <summary>True: for now it gives nothing, nor do those under it if it stands for them.</summary>
    public bool IsClosed { get; init; }

    /// <summary>True when the worker can make jobs for this queue.</summary>
    public bool Serves(QueueName queue) =>
        queue == Queue || (HasSubQueues && queue.Value.StartsWith($"{Queue.Value.TrimEnd('/')}/", StringComparison.Ordinal));
}

/// <summary>What a worker asks raw queues for.</summary>
public sealed record RawDequeue
{
    public required WorkerId Worker { get; init; }

    /// <summary>Names of raw queues, the first served first; one that ends in <c>/</c> stands for itself and its sub-queues.</summary>
    public required IReadOnlyList<QueueName> Queues { get; init; }

    /// <summary>The queues it can make jobs for; of several that serve a queue the first counts. Others give it nothing.</summary>
    public required IReadOnlyList<ServedRawQueue> Served { get; init; }

    /// <summary>New ids, one for each entry that it wants: an entry belongs to its id from the moment it is taken.</summary>
    public required IReadOnlyList<JobId> Jobs { get; init; }

    public required DateTimeOffset Now { get; init; }
}

/// <summary>Why no job could be made of an entry.</summary>
public sealed record Rejection(JobId Job, string Error);

/// <summary>
/// The way of entries through raw queues (docs/raw-queues.md). An entry is in its queue, in flight, or rejected; each step is atomic, so that
/// nothing is lost between two of them. What lies in the queues is looked at through <see cref="IRawQueueContents"/>.
/// </summary>
public interface IRawQueueStore
{
    /// <summary>
    /// Puts entries into their queues: at the end of a list, once in a set; one that is in a sorted or timed set already gets the new score.
    /// Atomic. Repeated, it puts the entries of lists again.
    /// </summary>
    Task EnqueueAsync(IReadOnlyList<RawEntry> entries, CancellationToken cancellationToken);

    /// <summary>
    /// Takes entries, from the first queue that has some on to the last, and keeps them in flight under the given ids, in one atomic step. Paused
    /// queues give none, timed sets only what is due. Repeated with the same ids after a lost answer it may take other entries: release the ids first.
    /// </summary>
    Task<IReadOnlyList<TakenEntry>> DequeueAsync(RawDequeue request, CancellationToken cancellationToken);

    /// <summary>Takes entries out of flight: their jobs have documents, or need none. Ids that are not in flight are passed over.</summary>
    Task ForgetAsync(WorkerId worker, IReadOnlyList<JobId> jobs, CancellationToken cancellationToken);

    /// <summary>
    /// Puts entries in flight back into their queues: at the head of a list, in their old order; into a set unless it has the text. Ids that are
    /// not in flight are passed over. Returns how many were.
    /// </summary>
    Task<int> ReleaseAsync(WorkerId worker, IReadOnlyList<JobId> jobs, CancellationToken cancellationToken);

    /// <summary>
    /// Sets entries in flight aside, with why; ids that are not in flight are passed over. A queue keeps its newest <see cref="IRawQueueContents.MostRejected"/>;
    /// a set of any kind keeps of equal texts the newest, so that one which is pushed back and comes again and again does not crowd out the others.
    /// </summary>
    Task RejectAsync(WorkerId worker, IReadOnlyList<Rejection> rejections, CancellationToken cancellationToken);

    /// <summary>The workers that have entries in flight.</summary>
    Task<IReadOnlyList<WorkerId>> ListTakersAsync(CancellationToken cancellationToken);

    /// <summary>About <paramref name="limit"/> entries that a worker has in flight, in any order; all of them when there are fewer.</summary>
    Task<IReadOnlyList<TakenEntry>> FindInFlightAsync(WorkerId worker, int limit, CancellationToken cancellationToken);
}
