using System.Runtime.InteropServices;
using Mrq.Jobs;
using Mrq.Queues;

namespace Mrq.Storage.Sqlite;

/// <summary>Ended attempts within one transaction, by span of time, queue and status.</summary>
internal sealed class RateCounters(SqliteSession session)
{
    /* ?1 begin of the span (unix ms), ?2 queue, ?3 status, ?4 how many more attempts, ?5 their seconds. */
    private const string Add = """
        INSERT INTO rates (span, queue, status, count, seconds) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (span, queue, status) DO UPDATE SET count = count + excluded.count, seconds = seconds + excluded.seconds
        """;

    private readonly Dictionary<(long Span, QueueName Queue, JobStatus Status), (long Count, double Seconds)> _changes = [];

    /// <summary>An attempt has ended.</summary>
    public void Record(DateTimeOffset at, QueueName queue, JobStatus status, double seconds)
    {
        var span = RateSpan.BeginOf(at).ToUnixTimeMilliseconds();
        ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_changes, (span, queue, status), out _);
        sum = (sum.Count + 1, sum.Seconds + seconds);
    }

    public void Flush()
    {
        foreach (var ((span, queue, status), (count, seconds)) in _changes)
        {
            session.Prepare(Add).Bind(1, span).Bind(2, queue.Value).Bind(3, (long)status).Bind(4, count).Bind(5, seconds).Execute();
        }

        _changes.Clear();
    }

    public void Forget() => _changes.Clear();
}
