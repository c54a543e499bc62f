using Mrq.Queues;

namespace Mrq.Workers;

/// <summary>Takes jobs into a worker's hand, from the queues it listens to as its strategy says, raw ones among them.</summary>
internal sealed class JobTaker(IReadOnlyList<QueueLane> lanes, JobDequeuer jobs, RawDequeuer raw, JobsInHand inHand)
{
    private readonly QueueShares _shares = new([.. lanes.Select(lane => lane.Weight)]);

    /// <summary>Takes up to <paramref name="count"/> jobs into hand, and answers how many it were.</summary>
    public async Task<int> TakeAsync(int count, CancellationToken cancellationToken)
    {
        if (lanes is [var only])
        {
            return await TakeAsync(only, count, cancellationToken);
        }

        // A lane that does not use its share has nothing left: the rest is dealt among the others.
        var open = new bool[lanes.Count];
        Array.Fill(open, true);
        var left = count;
        while (left > 0 && open.Contains(true))
        {
            var shares = _shares.Deal(left, open);
            for (var i = 0; i < shares.Length; i++)
            {
                if (shares[i] > 0)
                {
                    var taken = await TakeAsync(lanes[i], shares[i], cancellationToken);
                    open[i] = taken == shares[i];
                    left -= taken;
                }
            }
        }

        return count - left;
    }

    /// <summary>Gives runs that have not begun back: entries into their raw queues, jobs to the head of theirs.</summary>
    public async Task ReleaseAsync(IReadOnlyList<JobRun> unbegun, EntriesInFlight inFlight, CancellationToken cancellationToken)
    {
        var entries = unbegun.Where(run => run.IsInFlight).Select(run => run.Job.Id).ToList();
        var started = unbegun.Where(run => !run.IsInFlight).Select(run => run.Job.Id).ToList();
        if (entries.Count > 0)
        {
            await inFlight.ReleaseAsync(entries, cancellationToken);
        }

        if (started.Count > 0)
        {
            await jobs.ReleaseAsync(started, cancellationToken);
        }
    }

    /// <summary>Gives back what lost answers may have held: nothing more is taken by it.</summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        await jobs.SettleUncertainAsync(cancellationToken);
        await raw.SettleUncertainAsync(cancellationToken);
    }

    private async Task<int> TakeAsync(QueueLane lane, int count, CancellationToken cancellationToken)
    {
        var left = count;
        foreach (var (isRaw, queues) in lane.Stretches)
        {
            if (left > 0)
            {
                // Into hand at once: what fails further on must not leave it in nobody's.
                left -= isRaw
                    ? inHand.Take(await raw.TakeAsync(queues, left, cancellationToken))
                    : inHand.Take(await jobs.TakeAsync(queues, left, cancellationToken));
            }
        }

        return count - left;
    }
}
