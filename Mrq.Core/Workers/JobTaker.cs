using Mrq.Queues;

namespace Mrq.Workers;

/// <summary>Takes jobs into a worker's hand, from the queues it listens to in their order, raw ones among them.</summary>
internal sealed class JobTaker
{
    private readonly JobDequeuer _jobs;
    private readonly RawDequeuer _raw;
    private readonly JobsInHand _inHand;
    private readonly List<(bool IsRaw, List<QueueName> Queues)> _stretches = [];

    /// <param name="hasRawQueues">False: nobody here makes jobs of raw entries, and sub-queues are not asked for them.</param>
    public JobTaker(IReadOnlyList<QueueName> listened, bool hasRawQueues, JobDequeuer jobs, RawDequeuer raw, JobsInHand inHand)
    {
        (_jobs, _raw, _inHand) = (jobs, raw, inHand);
        foreach (var queue in listened)
        {
            if (queue.RawKind is null)
            {
                Add(queue, isRaw: false);
            }

            if (queue.RawKind is not null || (hasRawQueues && queue.Value.EndsWith('/')))
            {
                Add(queue, isRaw: true);
            }
        }
    }

    /// <summary>Takes up to <paramref name="count"/> jobs into hand, and answers how many it were.</summary>
    public async Task<int> TakeAsync(int count, CancellationToken cancellationToken)
    {
        var left = count;
        foreach (var (isRaw, queues) in _stretches)
        {
            if (left > 0)
            {
                // Into hand at once: what fails further on must not leave it in nobody's.
                left -= isRaw
                    ? _inHand.Take(await _raw.TakeAsync(queues, left, cancellationToken))
                    : _inHand.Take(await _jobs.TakeAsync(queues, left, cancellationToken));
            }
        }

        return count - left;
    }

    /// <summary>Gives runs that have not begun back: entries into their raw queues, jobs to the head of theirs.</summary>
    public async Task ReleaseAsync(IReadOnlyList<JobRun> unbegun, EntriesInFlight inFlight, CancellationToken cancellationToken)
    {
        var entries = unbegun.Where(run => run.IsInFlight).Select(run => run.Job.Id).ToList();
        var jobs = unbegun.Where(run => !run.IsInFlight).Select(run => run.Job.Id).ToList();
        if (entries.Count > 0)
        {
            await inFlight.ReleaseAsync(entries, cancellationToken);
        }

        if (jobs.Count > 0)
        {
            await _jobs.ReleaseAsync(jobs, cancellationToken);
        }
    }

    /// <summary>Gives back what lost answers may have held, before the worker ends.</summary>
    public Task SettleAsync(CancellationToken cancellationToken) => _raw.SettleUncertainAsync(cancellationToken);

    private void Add(QueueName queue, bool isRaw)
    {
        if (_stretches.Count == 0 || _stretches[^1].IsRaw != isRaw)
        {
            _stretches.Add((isRaw, []));
        }

        _stretches[^1].Queues.Add(queue);
    }
}
