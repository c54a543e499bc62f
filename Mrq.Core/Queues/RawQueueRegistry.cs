using Mrq.Jobs;
using Mrq.Storage;
using Mrq.Tasks;

namespace Mrq.Queues;

/// <summary>A raw queue that this process can make jobs for.</summary>
/// <param name="Make">The job factory: from the text of an entry to the job. What it throws rejects the entry.</param>
public sealed record RawQueue(QueueName Name, Func<string, JobRequest> Make, RawQueueOptions Options)
{
    /// <summary>The task of all its jobs; null: only <see cref="Make"/> tells it, entry by entry.</summary>
    public string? Path { get; init; }

    /// <summary>How the configuration has params made of a text: <c>json</c>, <c>split</c> or <c>template</c>; null: code does it.</summary>
    public string? Parser { get; init; }
}

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

    /// <summary>The same for a worker that runs only some tasks: queues that are known to have none of them are closed.</summary>
    internal IReadOnlyList<ServedRawQueue> ServedFor(TaskSelection tasks) =>
        [.. _queues.Select(queue => queue.Served with { IsClosed = queue.Queue.Path is { } path && !tasks.Takes(path) })];

    /// <summary>Who makes the jobs of a raw queue; null: nobody here.</summary>
    public RawQueue? Find(QueueName queue) =>
        queue.RawKind is null ? null : _queues.Find(candidate => candidate.Served.Serves(queue)).Queue;

    /// <summary>A sentence for each raw queue of these that workers listen to and that nobody here makes jobs of.</summary>
    internal IEnumerable<string> ExplainUnmade(IEnumerable<QueueName> listened) =>
        listened.Where(queue => queue.RawKind is not null && !queue.Value.EndsWith('/') && Find(queue) is null).Distinct()
            .Select(queue => $"A worker listens to the raw queue '{queue}', and nothing says how its jobs are made. Call AddRawQueue, or configure Mrq:RawQueues:{queue}.");
}
