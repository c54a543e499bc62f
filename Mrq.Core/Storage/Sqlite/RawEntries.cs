using Mrq.Queues;

namespace Mrq.Storage.Sqlite;

/// <summary>The entries of raw queues, as the statements of both their stores change them.</summary>
internal static class RawEntries
{
    /* ?1 queue, ?2 score, ?3 params. At the end of a list. */
    private const string Append = "INSERT INTO raw_entries (queue, score, is_unique, params) VALUES (?1, ?2, 0, ?3)";

    /* ?1 queue, ?2 score, ?3 params. Changes nothing when the set has it. */
    private const string Add = "INSERT OR IGNORE INTO raw_entries (queue, score, is_unique, params) VALUES (?1, ?2, 1, ?3)";

    /* ?1 queue, ?2 score, ?3 params. The set has it. */
    private const string Move = "UPDATE raw_entries SET score = ?2 WHERE queue = ?1 AND params = ?3 AND is_unique = 1";

    /* ?1 queue. Returns the score that puts an entry before the first of a list. */
    private const string BeforeFirst = "SELECT min(score) - 1 FROM raw_entries WHERE queue = ?1";

    /// <summary>Puts an entry where a producer wants it.</summary>
    public static void Put(WriteTransaction transaction, RawEntry entry)
    {
        var (queue, parameters, _) = entry;
        var score = entry.Score ?? 0;
        if (queue.RawKind == RawQueueKind.List)
        {
            transaction.Prepare(Append).Bind(1, queue.Value).Bind(2, (double?)0).Bind(3, parameters).Execute();
            transaction.Queues.Change(queue.Value, 1);
        }
        else if (!TryAdd(transaction, queue, score, parameters) && entry.Score is not null)
        {
            transaction.Prepare(Move).Bind(1, queue.Value).Bind(2, (double?)score).Bind(3, parameters).Execute();
        }
    }

    /// <summary>Puts entries back that were taken, in their old order: at the head of a list; into a set that does not have them.</summary>
    public static void PutBack(WriteTransaction transaction, IReadOnlyList<RawEntry> entries)
    {
        var heads = new Dictionary<QueueName, double>();
        foreach (var entry in entries)
        {
            var (queue, parameters, _) = entry;
            if (queue.RawKind != RawQueueKind.List)
            {
                TryAdd(transaction, queue, entry.Score ?? 0, parameters);
                continue;
            }

            if (!heads.TryGetValue(queue, out var head))
            {
                heads[queue] = head = FindHead(transaction, queue);
            }

            // All with one score: then their numbers count, which grow.
            transaction.Prepare(Append).Bind(1, queue.Value).Bind(2, (double?)head).Bind(3, parameters).Execute();
            transaction.Queues.Change(queue.Value, 1);
        }
    }

    private static bool TryAdd(WriteTransaction transaction, QueueName queue, double score, string parameters)
    {
        if (transaction.Prepare(Add).Bind(1, queue.Value).Bind(2, (double?)score).Bind(3, parameters).Execute() == 0)
        {
            return false;
        }

        transaction.Queues.Change(queue.Value, 1);
        return true;
    }

    private static double FindHead(WriteTransaction transaction, QueueName queue)
    {
        var find = transaction.Prepare(BeforeFirst).Bind(1, queue.Value);
        find.Step();
        var head = find.Real(0) ?? 0;
        find.Reset();
        return head;
    }
}
