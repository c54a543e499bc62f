using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Queues;

/// <summary>What people do with what lies in raw queues.</summary>
public sealed class RawQueueControl(IRawQueueContents contents, ICoordination coordination)
{
    /// <summary>Most slices of a <see cref="CountByScoreAsync"/>.</summary>
    public const int MostSlices = 1000;

    /// <summary>Entries in the order in which they will be taken.</summary>
    /// <exception cref="InvalidJobException">It is not a raw queue.</exception>
    public Task<IReadOnlyList<RawEntry>> PeekAsync(QueueName queue, long offset, int count, CancellationToken cancellationToken)
    {
        Require(queue);
        return contents.PeekAsync(queue, offset, count, cancellationToken);
    }

    /// <summary>Counts entries by their scores; see <see cref="IRawQueueContents.CountByScoreAsync"/>.</summary>
    /// <exception cref="InvalidJobException">It has no scores, or the slices are wrong.</exception>
    public Task<IReadOnlyList<long>> CountByScoreAsync(QueueName queue, ScoreSlices slices, CancellationToken cancellationToken)
    {
        Require(queue);
        var error = queue.RawKind is { HasScores: false } ? new FieldError("queue", $"'{queue}' has no scores: a _sorted_set or a _timed_set has.")
            : !double.IsFinite(slices.Start) || !double.IsFinite(slices.Stop) || slices.Stop <= slices.Start ? new FieldError("stop", "must be above start.")
            : slices.Slices is < 1 or > MostSlices ? new FieldError("slices", $"must be 1 to {MostSlices:N0}.")
            : null;
        return error is null ? contents.CountByScoreAsync(queue, slices, cancellationToken) : throw new InvalidJobException([error]);
    }

    /// <summary>Takes texts out, from a list the first of each. Returns how many were there.</summary>
    /// <exception cref="InvalidJobException">It is not a raw queue.</exception>
    public async Task<int> RemoveAsync(QueueName queue, IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        Require(queue);
        var removed = await contents.RemoveAsync(queue, texts, cancellationToken);
        coordination.Publish(Changes.Queues);
        return removed;
    }

    /// <summary>Takes everything out; what was rejected stays. Returns how many it was.</summary>
    /// <exception cref="InvalidJobException">It is not a raw queue.</exception>
    public async Task<long> PurgeAsync(QueueName queue, CancellationToken cancellationToken)
    {
        Require(queue);
        var purged = await contents.PurgeAsync(queue, cancellationToken);
        coordination.Publish(Changes.Queues);
        return purged;
    }

    /// <summary>Rejected entries, newest first.</summary>
    /// <exception cref="InvalidJobException">It is not a raw queue.</exception>
    public Task<IReadOnlyList<RejectedEntry>> ListRejectedAsync(QueueName queue, int offset, int count, CancellationToken cancellationToken)
    {
        Require(queue);
        return contents.ListRejectedAsync(queue, offset, count, cancellationToken);
    }

    /// <summary>Puts rejected entries back, or drops them. Returns how many were there.</summary>
    /// <exception cref="InvalidJobException">It is not a raw queue.</exception>
    public async Task<int> SettleRejectedAsync(QueueName queue, IReadOnlyList<JobId> jobs, bool putBack, CancellationToken cancellationToken)
    {
        Require(queue);
        var settled = await contents.SettleRejectedAsync(queue, jobs, putBack, cancellationToken);
        coordination.Publish(Changes.Queues);
        return settled;
    }

    private static void Require(QueueName queue)
    {
        if (RawQueueClient.NotRaw(queue) is { } error)
        {
            throw new InvalidJobException([new FieldError("queue", error)]);
        }
    }
}
