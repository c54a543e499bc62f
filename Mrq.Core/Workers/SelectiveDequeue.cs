using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;

namespace Mrq.Workers;

/// <summary>
/// Dequeues for a worker that does not run all tasks. An id does not tell its task, so that the documents are asked which jobs it may run; their
/// ids are taken out from between the others, which stay where they are. At the head of a queue it goes by the places of the ids; behind so many
/// jobs that it does not run, by the documents alone, however many these are.
/// </summary>
internal sealed class SelectiveDequeue(TaskSelection tasks, IQueueStore queues, IJobQueries queries, TimeProvider time)
{
    /// <summary>So many jobs that it does not run may stand before one that is still found by its place.</summary>
    internal const int Passed = 200;

    private const int MostRemembered = 10_000;

    // Jobs that were seen at a head and are for others: a job does not change its task, and they may stand there for days.
    private readonly HashSet<JobId> _forOthers = [];

    /// <summary>Adds up to <paramref name="count"/> ids to <paramref name="taken"/>: also those before an error, for they are ours by then.</summary>
    public async Task DequeueAsync(IReadOnlyList<QueueName> listened, int count, List<QueuedId> taken, CancellationToken cancellationToken)
    {
        foreach (var (queue, newestFirst) in Sources(listened, await queues.ListAsync(cancellationToken)))
        {
            if (taken.Count == count)
            {
                break;
            }

            // The places of a queue that is not reversed are not to be had from its end.
            if (newestFirst != queue.IsReverse || !await TakeFromHeadAsync(queue, count, taken, cancellationToken))
            {
                await TakeByDocumentsAsync(queue, newestFirst, count, taken, cancellationToken);
            }
        }
    }

    /// <summary>Takes by place; true: it has seen the whole queue.</summary>
    private async Task<bool> TakeFromHeadAsync(QueueName queue, int count, List<QueuedId> taken, CancellationToken cancellationToken)
    {
        var places = count - taken.Count + Passed;
        var head = await queues.PeekAsync(queue, 0, places, cancellationToken);
        var unknown = head.Where(job => !_forOthers.Contains(job)).ToList();
        var jobs = await queries.GetAsync(unknown, withPayload: false, cancellationToken);
        Remember(jobs.Where(job => !tasks.Takes(job.Path)));
        // An id without a document is taken too, and dropped when it is not to be started.
        await TakeAsync(queue, [.. unknown.Where(job => !_forOthers.Contains(job)).Take(count - taken.Count)], taken, cancellationToken);
        return head.Count < places;
    }

    private async Task TakeByDocumentsAsync(QueueName queue, bool newestFirst, int count, List<QueuedId> taken, CancellationToken cancellationToken)
    {
        JobId? after = null;
        var wanted = count - taken.Count;
        while (wanted > 0)
        {
            var found = await queries.FindQueuedAsync(queue, tasks, newestFirst, after, wanted, cancellationToken);
            await TakeAsync(queue, found, taken, cancellationToken);
            after = found.Count < wanted ? null : found[^1];
            wanted = after is null ? 0 : count - taken.Count;
        }
    }

    private async Task TakeAsync(QueueName queue, IReadOnlyList<JobId> jobs, List<QueuedId> taken, CancellationToken cancellationToken)
    {
        if (jobs.Count > 0)
        {
            // Others may have been quicker, or an id is still on its way into the queue: then there are fewer.
            taken.AddRange(await queues.DequeueAsync([.. jobs.Select(job => new QueuedId(job, queue))], time.GetUtcNow(), cancellationToken));
        }
    }

    private void Remember(IEnumerable<Job> forOthers)
    {
        if (_forOthers.Count > MostRemembered)
        {
            _forOthers.Clear();
        }

        _forOthers.UnionWith(forOthers.Select(job => job.Id));
    }

    /// <summary>The queues that have something to give, in the order in which they are asked.</summary>
    private static IEnumerable<(QueueName Queue, bool NewestFirst)> Sources(IReadOnlyList<QueueName> listened, IReadOnlyList<QueueSize> sizes)
    {
        var open = sizes.Where(size => size is { Paused: false, Size: > 0 }).Select(size => size.Queue).ToHashSet();
        return listened
            .SelectMany(name => name.Value.EndsWith('/') ? open.Where(queue => QueuePattern.Matches(name.Value, queue)).Select(queue => (queue, queue.IsReverse))
                : name.Forward is { } forward ? [(name, true), (forward, true)]
                : [(name, name.IsReverse)])
            .Where(source => open.Contains(source.Item1));
    }
}
