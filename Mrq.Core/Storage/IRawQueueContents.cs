using Mrq.Jobs;
using Mrq.Queues;

namespace Mrq.Storage;

/// <summary>A raw queue and how much lies in it.</summary>
/// <param name="Due">Entries that a worker may take now: all of them but in a timed set.</param>
/// <param name="Rejected">Entries that were set aside.</param>
public sealed record RawQueueSize(QueueName Queue, long Size, long Due, bool Paused, long Rejected);

/// <summary>An entry of which no job could be made.</summary>
/// <param name="Job">The id under which it was taken; by its time the newest are told from the oldest.</param>
public sealed record RejectedEntry(JobId Job, RawEntry Entry, string Error);

/// <summary>Spans of scores to count entries in: <paramref name="Slices"/> of equal width from <paramref name="Start"/> up to, and without, <paramref name="Stop"/>.</summary>
public sealed record ScoreSlices(double Start, double Stop, int Slices)
{
    /// <summary>The spans to count in, each from its first score up to, and without, its last: below the slices, each of them, above them.</summary>
    public IEnumerable<(double From, double Below)> Bounds()
    {
        var width = (Stop - Start) / Slices;
        yield return (double.NegativeInfinity, Start);
        for (var i = 0; i < Slices; i++)
        {
            // Not a sum of widths: the last slice ends where the rest begins.
            yield return (Start + (i * width), i == Slices - 1 ? Stop : Start + ((i + 1) * width));
        }

        yield return (Stop, double.PositiveInfinity);
    }
}

/// <summary>What lies in raw queues, for people to look at and to put in order.</summary>
public interface IRawQueueContents
{
    /// <summary>Most rejected entries of a queue; the oldest make room.</summary>
    const int MostRejected = 1000;

    /// <summary>Every raw queue that has entries, waiting or rejected, by name.</summary>
    Task<IReadOnlyList<RawQueueSize>> ListAsync(DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Entries of one queue in the order in which they will be taken, from <paramref name="offset"/> on. A set has no order; its pages hold while it does not change.</summary>
    Task<IReadOnlyList<RawEntry>> PeekAsync(QueueName queue, long offset, int count, CancellationToken cancellationToken);

    /// <summary>Counts the entries of a sorted or timed set: first those below the slices, then each slice, last those at or above their end.</summary>
    Task<IReadOnlyList<long>> CountByScoreAsync(QueueName queue, ScoreSlices slices, CancellationToken cancellationToken);

    /// <summary>Takes texts out of a queue, from a list the first of each. A list is read for it. Returns how many were there.</summary>
    Task<int> RemoveAsync(QueueName queue, IReadOnlyList<string> entries, CancellationToken cancellationToken);

    /// <summary>Takes everything out of a queue; what was rejected stays. Returns how many it was.</summary>
    Task<long> PurgeAsync(QueueName queue, CancellationToken cancellationToken);

    /// <summary>Rejected entries of a queue, newest first, from <paramref name="offset"/> on.</summary>
    Task<IReadOnlyList<RejectedEntry>> ListRejectedAsync(QueueName queue, int offset, int count, CancellationToken cancellationToken);

    /// <summary>Puts rejected entries back into their queue (<paramref name="putBack"/>), as <see cref="IRawQueueStore.EnqueueAsync"/> does, or drops them. Returns how many were there.</summary>
    Task<int> SettleRejectedAsync(QueueName queue, IReadOnlyList<JobId> jobs, bool putBack, CancellationToken cancellationToken);
}
