using Mrq.Jobs;
using Mrq.Queues;

namespace Mrq.Storage.Sqlite;

/// <summary>What lies in raw queues in SQLite.</summary>
public sealed class SqliteRawQueueContents(SqliteDatabase database) : IRawQueueContents
{
    // So many rows are deleted in one write: others wait for it.
    private const int PurgePage = 5000;

    /* Returns queue and size of every queue that has entries, raw or not. */
    private const string Sizes = "SELECT queue, size FROM queue_sizes ORDER BY queue";

    /* Returns queue and number of what was rejected. */
    private const string RejectedSizes = "SELECT queue, count(*) FROM raw_rejected GROUP BY queue";

    /* ?1 queue, ?2 lowest score, ?3 the score below which it counts. Returns how many. */
    private const string CountBelow = "SELECT count(*) FROM raw_entries WHERE queue = ?1 AND score >= ?2 AND score < ?3";

    /* ?1 queue, ?2 score. Returns how many have it or less. */
    private const string CountUpTo = "SELECT count(*) FROM raw_entries WHERE queue = ?1 AND score <= ?2";

    /* ?1 queue, ?2 how many, ?3 how many to pass over. Returns score and params in the order in which they are taken. */
    private const string Peek = "SELECT score, params FROM raw_entries WHERE queue = ?1 ORDER BY score, number LIMIT ?2 OFFSET ?3";

    /* ?1 queue, ?2 params. A set is asked by its index, a list is read. */
    private const string RemoveMember = "DELETE FROM raw_entries WHERE queue = ?1 AND params = ?2 AND is_unique = 1";
    private const string RemoveFirst = """
        DELETE FROM raw_entries WHERE number = (
            SELECT number FROM raw_entries WHERE queue = ?1 AND params = ?2 ORDER BY score, number LIMIT 1)
        """;

    /* ?1 queue, ?2 highest number, ?3 how many. */
    private const string Purge = """
        DELETE FROM raw_entries WHERE number IN (SELECT number FROM raw_entries WHERE queue = ?1 AND number <= ?2 LIMIT ?3)
        """;

    /* Returns the highest number of all entries; NULL: there are none. */
    private const string LastNumber = "SELECT max(number) FROM raw_entries";

    /* ?1 queue, ?2 how many, ?3 how many to pass over. Returns job, score, error, params, newest first. */
    private const string Rejected = "SELECT job, score, error, params FROM raw_rejected WHERE queue = ?1 ORDER BY job DESC LIMIT ?2 OFFSET ?3";

    /* ?1 queue, ?2 job. Returns score, params. */
    private const string Settle = "DELETE FROM raw_rejected WHERE queue = ?1 AND job = ?2 RETURNING score, params";

    /// <inheritdoc/>
    public Task<IReadOnlyList<RawQueueSize>> ListAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<RawQueueSize>>(session => List(session, now), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<RawEntry>> PeekAsync(QueueName queue, long offset, int count, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<RawEntry>>(
            session =>
            {
                var hasScores = queue.RawKind is { HasScores: true };
                var peek = session.Prepare(Peek).Bind(1, queue.Value).Bind(2, Math.Max(0, count)).Bind(3, offset);
                var found = new List<RawEntry>();
                while (peek.Step())
                {
                    found.Add(new RawEntry(queue, peek.Text(1), hasScores ? peek.Real(0) : null));
                }

                return found;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<long>> CountByScoreAsync(QueueName queue, ScoreSlices slices, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<long>>(
            session =>
            {
                var count = session.Prepare(CountBelow).Bind(1, queue.Value);
                return [.. slices.Bounds().Select(span => count.Bind(2, (double?)span.From).Bind(3, (double?)span.Below).Scalar() ?? 0)];
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<int> RemoveAsync(QueueName queue, IReadOnlyList<string> entries, CancellationToken cancellationToken) =>
        entries.Count == 0
            ? Task.FromResult(0)
            : database.WriteAsync(
                entries.Count,
                transaction =>
                {
                    var removed = 0;
                    var remove = transaction.Prepare(queue.RawKind == RawQueueKind.List ? RemoveFirst : RemoveMember);
                    foreach (var entry in entries)
                    {
                        removed += remove.Bind(1, queue.Value).Bind(2, entry).Execute();
                    }

                    transaction.Queues.Change(queue.Value, -removed);
                    return removed;
                },
                cancellationToken);

    /// <inheritdoc/>
    public async Task<long> PurgeAsync(QueueName queue, CancellationToken cancellationToken)
    {
        // What is put while it is emptied stays.
        var last = await database.ReadAsync(session => session.Prepare(LastNumber).Scalar(), cancellationToken);
        long purged = 0;
        int page;
        do
        {
            page = last is null ? 0 : await database.WriteAsync(
                PurgePage,
                transaction =>
                {
                    var deleted = transaction.Prepare(Purge).Bind(1, queue.Value).Bind(2, last).Bind(3, PurgePage).Execute();
                    transaction.Queues.Change(queue.Value, -deleted);
                    return deleted;
                },
                cancellationToken);
            purged += page;
        }
        while (page == PurgePage);
        return purged;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<RejectedEntry>> ListRejectedAsync(QueueName queue, int offset, int count, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<RejectedEntry>>(
            session =>
            {
                var find = session.Prepare(Rejected).Bind(1, queue.Value).Bind(2, Math.Max(0, count)).Bind(3, offset);
                var found = new List<RejectedEntry>();
                while (find.Step())
                {
                    found.Add(new RejectedEntry(find.Id(0), new RawEntry(queue, find.Text(3), find.Real(1)), find.Text(2)));
                }

                return found;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<int> SettleRejectedAsync(QueueName queue, IReadOnlyList<JobId> jobs, bool putBack, CancellationToken cancellationToken) =>
        jobs.Count == 0
            ? Task.FromResult(0)
            : database.WriteAsync(jobs.Count, transaction => SettleEach(transaction, queue, jobs, putBack), cancellationToken);

    private static List<RawQueueSize> List(SqliteSession session, DateTimeOffset now)
    {
        var pauses = QueuePauses.Load(session);
        var rejected = Numbers(session, RejectedSizes);
        var sizes = Numbers(session, Sizes);
        var found = new List<RawQueueSize>();
        foreach (var name in sizes.Keys.Union(rejected.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var queue = new QueueName(name);
            if (queue.RawKind is { } kind)
            {
                var size = sizes.GetValueOrDefault(name);
                var due = kind == RawQueueKind.TimedSet
                    ? session.Prepare(CountUpTo).Bind(1, name).Bind(2, (double?)SqliteRawQueueStore.DueScore(queue, now)).Scalar() ?? 0
                    : size;
                found.Add(new RawQueueSize(queue, size, due, QueuePauses.Covers(pauses, name), rejected.GetValueOrDefault(name)));
            }
        }

        return found;
    }

    private static Dictionary<string, long> Numbers(SqliteSession session, string sql)
    {
        var numbers = new Dictionary<string, long>(StringComparer.Ordinal);
        var read = session.Prepare(sql);
        while (read.Step())
        {
            numbers[read.Text(0)] = read.Number(1);
        }

        return numbers;
    }

    private static int SettleEach(WriteTransaction transaction, QueueName queue, IReadOnlyList<JobId> jobs, bool putBack)
    {
        var settled = 0;
        foreach (var job in jobs.Order())
        {
            var settle = transaction.Prepare(Settle).Bind(1, queue.Value).Bind(2, job);
            if (!settle.Step())
            {
                continue;
            }

            var entry = new RawEntry(queue, settle.Text(1), settle.Real(0));
            settle.Step();
            settled++;
            if (putBack)
            {
                RawEntries.Put(transaction, entry);
            }
        }

        return settled;
    }
}
