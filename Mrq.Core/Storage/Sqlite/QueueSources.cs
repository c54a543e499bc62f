using Mrq.Queues;

namespace Mrq.Storage.Sqlite;

/// <summary>A queue that has ids to give.</summary>
internal readonly record struct QueueSource(QueueName Queue, bool NewestFirst);

/// <summary>From the names that a worker listens to, to the queues that have something for it.</summary>
internal static class QueueSources
{
    /* ?1 queue. Returns its size; no row: 0. */
    private const string Size = "SELECT size FROM queue_sizes WHERE queue = ?1";

    /* ?1 first name, ?2 the first name behind the range. Returns the names of the range that have ids, in order. */
    private const string Range = "SELECT queue FROM queue_sizes WHERE queue >= ?1 AND queue < ?2 ORDER BY queue";

    /* Returns queue and size of every queue that has ids. */
    private const string All = "SELECT queue, size FROM queue_sizes ORDER BY queue";

    /// <summary>Queues with ids that are not paused, in the order in which they are asked.</summary>
    public static IReadOnlyList<QueueSource> Find(SqliteSession session, IReadOnlyList<QueueName> listened)
    {
        var found = new List<QueueSource>();
        foreach (var name in listened)
        {
            if (name.Value.EndsWith('/'))
            {
                AddRange(session, name.Value, found);
                continue;
            }

            AddOne(session, name, found);
            if (name.Forward is { } forward)
            {
                AddOne(session, forward, found, newestFirst: true);
            }
        }

        if (found.Count > 0)
        {
            var pauses = QueuePauses.Load(session);
            found.RemoveAll(source => QueuePauses.Covers(pauses, source.Queue.Value));
        }

        return found;
    }

    /// <summary>Every queue that has ids or is paused, by name.</summary>
    public static IReadOnlyList<QueueSize> List(SqliteSession session)
    {
        var pauses = QueuePauses.Load(session);
        var queues = new SortedDictionary<string, QueueSize>(StringComparer.Ordinal);
        foreach (var pause in pauses)
        {
            queues.Add(pause, new QueueSize(new QueueName(pause), 0, Paused: true));
        }

        var all = session.Prepare(All);
        while (all.Step())
        {
            var queue = new QueueName(all.Text(0));
            if (queue.RawKind is null)
            {
                queues[queue.Value] = new QueueSize(queue, all.Number(1), QueuePauses.Covers(pauses, queue.Value));
            }
        }

        return [.. queues.Values];
    }

    /// <summary>The sub-queues under a name that ends in <c>/</c>, and itself, that have entries, raw or not, by name.</summary>
    public static List<QueueName> FindTree(SqliteSession session, string prefix)
    {
        var found = new List<QueueName>();
        // '0' follows '/': the range ends where names begin that do not have the prefix.
        var range = session.Prepare(Range).Bind(1, prefix).Bind(2, $"{prefix[..^1]}0");
        while (range.Step())
        {
            found.Add(new QueueName(range.Text(0)));
        }

        return found;
    }

    private static void AddOne(SqliteSession session, QueueName queue, List<QueueSource> found, bool newestFirst = false)
    {
        if (queue.RawKind is null && session.Prepare(Size).Bind(1, queue.Value).Scalar() > 0)
        {
            found.Add(new QueueSource(queue, newestFirst || queue.IsReverse));
        }
    }

    private static void AddRange(SqliteSession session, string prefix, List<QueueSource> found)
    {
        foreach (var queue in FindTree(session, prefix).Where(queue => queue.RawKind is null))
        {
            found.Add(new QueueSource(queue, queue.IsReverse));
        }
    }
}
