using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;

namespace Mrq.Workers;

/// <summary>
/// Dequeues for a worker that does not run all tasks. An id does not tell its task, so that the documents are asked which jobs it may run; their
/// ids are taken out from between the others, which stay where they are.
/// </summary>
internal sealed class SelectiveDequeue(TaskSelection tasks, IQueueStore queues, IJobQueries queries, TimeProvider time)
{
    /// <summary>Adds up to <paramref name="count"/> ids to <paramref name="taken"/>: also those before an error, for they are ours by then.</summary>
    public async Task DequeueAsync(IReadOnlyList<QueueName> listened, int count, List<QueuedId> taken, CancellationToken cancellationToken)
    {
        foreach (var (queue, newestFirst) in Sources(listened, await queues.ListAsync(cancellationToken)))
        {
            JobId? after = null;
            var wanted = count - taken.Count;
            while (wanted > 0)
            {
                var found = await queries.FindQueuedAsync(queue, tasks, newestFirst, after, wanted, cancellationToken);
                if (found.Count > 0)
                {
                    // Others may have been quicker, or an id is still on its way into the queue: then there are fewer.
                    taken.AddRange(await queues.DequeueAsync([.. found.Select(job => new QueuedId(job, queue))], time.GetUtcNow(), cancellationToken));
                    after = found[^1];
                }

                wanted = found.Count < wanted ? 0 : count - taken.Count;
            }
        }
    }

    /// <summary>The queues that have something to give, in the order in which they are asked.</summary>
    private static IEnumerable<(QueueName Queue, bool NewestFirst)> Sources(IReadOnlyList<QueueName> listened, IReadOnlyList<QueueSize> sizes)
    {
        var open = sizes.Where(size => size is { Paused: false, Size: > 0 }).Select(size => size.Queue).ToList();
        return listened
            .SelectMany(name => name.Value.EndsWith('/') ? open.Where(queue => QueuePattern.Matches(name.Value, queue)).Select(queue => (queue, queue.IsReverse))
                : name.Forward is { } forward ? [(name, true), (forward, true)]
                : [(name, name.IsReverse)])
            .Where(source => open.Contains(source.Item1));
    }
}
