using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Queues;

/// <summary>A raw queue that this process can make jobs for.</summary>
/// <param name="Make">The job factory: from the text of an entry to the job. What it throws rejects the entry.</param>
public sealed record RawQueue(QueueName Name, Func<string, JobRequest> Make, RawQueueOptions Options);

/// <summary>The raw queues that this process can make jobs for.</summary>
public sealed class RawQueueRegistry
{
    private readonly List<(ServedRawQueue Served, RawQueue Queue)> _queues;

    internal RawQueueRegistry(IEnumerable<RawQueue> queues)
    {
        // The longest name first: what is said of a sub-queue wins over what is said of those above it.
        _queues = [.. queues
            .OrderByDescending(queue => queue.Name.Value.Length)
            .Select(queue => (new ServedRawQueue(queue.Name, queue.Options.HasSubQueues || queue.Name.Value.EndsWith('/'), queue.Options.Pushback), queue))];
        Served = [.. _queues.Select(queue => queue.Served)];
    }

    public IEnumerable<RawQueue> All => _queues.Select(queue => queue.Queue);

    /// <summary>What a worker of this process may take from.</summary>
    internal IReadOnlyList<ServedRawQueue> Served { get; }

    /// <summary>Who makes the jobs of a raw queue; null: nobody here.</summary>
    public RawQueue? Find(QueueName queue) =>
        queue.RawKind is null ? null : _queues.Find(candidate => candidate.Served.Serves(queue)).Queue;
}
