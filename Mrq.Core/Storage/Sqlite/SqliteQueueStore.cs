using Mrq.Jobs;
using Mrq.Queues;

namespace Mrq.Storage.Sqlite;

/// <summary>Queued ids and the started set in SQLite.</summary>
public sealed class SqliteQueueStore(SqliteDatabase database) : IQueueStore
{
    /* ?1 queue, ?2 first and ?3 last seq of a priority. Returns the highest seq between, or NULL. */
    private const string LastSeq = "SELECT max(seq) FROM queue_entries WHERE queue = ?1 AND seq BETWEEN ?2 AND ?3";

    /* ?1 queue, ?2 first and ?3 last seq of a priority. Returns the lowest seq between, or NULL. */
    private const string FirstSeq = "SELECT min(seq) FROM queue_entries WHERE queue = ?1 AND seq BETWEEN ?2 AND ?3";

    /* ?1 queue, ?2 seq, ?3 job. Changes nothing when the job waits already, wherever. */
    private const string Insert = "INSERT OR IGNORE INTO queue_entries (queue, seq, job) VALUES (?1, ?2, ?3)";

    /* ?1 job. Takes it from where it waits; returns the queue. */
    private const string TakeAway = "DELETE FROM queue_entries WHERE job = ?1 RETURNING queue";

    /* ?1 queue, ?2 how many. Returns seq and job in the order of their running. */
    private const string Oldest = "SELECT seq, job FROM queue_entries WHERE queue = ?1 ORDER BY seq LIMIT ?2";

    /* ?1 queue, ?2 how many, ?3 first and ?4 last seq of a priority. Returns seq and job of that priority, the newest first. */
    private const string Newest = "SELECT seq, job FROM queue_entries WHERE queue = ?1 AND seq BETWEEN ?3 AND ?4 ORDER BY seq DESC LIMIT ?2";

    /* ?1 queue. Returns the lowest seq, of the highest priority that waits; or NULL. */
    private const string LowestSeq = "SELECT min(seq) FROM queue_entries WHERE queue = ?1";

    /* ?1 queue, ?2 first seq, ?3 last seq, ?4 now (unix ms). Both work on the entries from first to last. The shift: PlacesInQueue.PriorityOf. */
    private const string RecordStarted = """
        INSERT OR REPLACE INTO queue_started (job, queue, taken_at, priority)
        SELECT job, queue, ?4, -((seq + 36028797018963968) >> 56) FROM queue_entries WHERE queue = ?1 AND seq BETWEEN ?2 AND ?3
        """;

    private const string DeleteTaken = "DELETE FROM queue_entries WHERE queue = ?1 AND seq BETWEEN ?2 AND ?3";

    /* ?1 job, ?2 queue, ?3 now (unix ms), ?4 priority. */
    private const string RecordOneStarted = "INSERT OR REPLACE INTO queue_started (job, queue, taken_at, priority) VALUES (?1, ?2, ?3, ?4)";

    /* ?1 job. */
    private const string Forget = "DELETE FROM queue_started WHERE job = ?1";

    /* ?1 time (unix ms), ?2 how many. Returns job, queue and priority, taken before the time, oldest first. The set is small: no index. */
    private const string Started = "SELECT job, queue, priority FROM queue_started WHERE taken_at < ?1 ORDER BY taken_at, job LIMIT ?2";

    /* ?1 job, ?2 queue. Returns the seq that it had. */
    private const string Remove = "DELETE FROM queue_entries WHERE job = ?1 AND queue = ?2 RETURNING seq";

    /* ?1 queue, ?2 how many, ?3 how many to pass over. Returns jobs in the order of their running. */
    private const string Peek = "SELECT job FROM queue_entries WHERE queue = ?1 ORDER BY seq LIMIT ?2 OFFSET ?3";

    /* ?1 job, ?2 queue. Returns a row when the job waits in the queue or is in the started set. */
    private const string Known = """
        SELECT 1 FROM queue_entries WHERE job = ?1 AND queue = ?2
        UNION ALL SELECT 1 FROM queue_started WHERE job = ?1
        LIMIT 1
        """;

    /// <inheritdoc/>
    public Task EnqueueAsync(IReadOnlyList<QueuedId> ids, bool atHead, CancellationToken cancellationToken) =>
        ids.Count == 0
            ? Task.CompletedTask
            : database.WriteAsync(
                ids.Count,
                transaction =>
                {
                    Enqueue(transaction, ids, atHead);
                    return true;
                },
                cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<QueuedId>> DequeueAsync(
        IReadOnlyList<QueueName> queues, int count, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (count <= 0)
        {
            return [];
        }

        // Idle workers ask often: a look that finds nothing does not take the write lock.
        var sources = await database.ReadAsync(session => QueueSources.Find(session, queues), cancellationToken);
        return sources.Count == 0
            ? []
            : await database.WriteAsync(count, transaction => Dequeue(transaction, queues, count, now), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<QueuedId>> DequeueAsync(IReadOnlyList<QueuedId> ids, DateTimeOffset now, CancellationToken cancellationToken) =>
        ids.Count == 0
            ? Task.FromResult<IReadOnlyList<QueuedId>>([])
            : database.WriteAsync<IReadOnlyList<QueuedId>>(
                ids.Count,
                transaction =>
                {
                    var waited = RemoveWaiting(transaction, ids);
                    var record = transaction.Prepare(RecordOneStarted);
                    foreach (var (job, queue, priority) in waited)
                    {
                        record.Bind(1, job).Bind(2, queue.Value).Bind(3, now).Bind(4, priority).Execute();
                    }

                    return waited;
                },
                cancellationToken);

    /// <inheritdoc/>
    public Task ForgetStartedAsync(IReadOnlyList<JobId> jobs, CancellationToken cancellationToken) =>
        jobs.Count == 0
            ? Task.CompletedTask
            : database.WriteAsync(
                jobs.Count,
                transaction =>
                {
                    var forget = transaction.Prepare(Forget);
                    foreach (var job in jobs)
                    {
                        forget.Bind(1, job).Execute();
                    }

                    return true;
                },
                cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<QueuedId>> FindStartedAsync(DateTimeOffset before, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<QueuedId>>(
            session =>
            {
                var find = session.Prepare(Started).Bind(1, before).Bind(2, limit);
                var found = new List<QueuedId>();
                while (find.Step())
                {
                    found.Add(new QueuedId(find.Id(0), new QueueName(find.Text(1)), (int)find.Number(2)));
                }

                return found;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<int> RemoveAsync(IReadOnlyList<QueuedId> ids, CancellationToken cancellationToken) =>
        database.WriteAsync(ids.Count, transaction => RemoveWaiting(transaction, ids).Count, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<JobId>> PeekAsync(QueueName queue, long offset, int count, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<JobId>>(
            session => queue.IsReverse
                ? PeekNewest(session, queue, offset, count)
                : ReadJobs(session.Prepare(Peek).Bind(1, queue.Value).Bind(2, count).Bind(3, offset), column: 0),
            cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<QueueSize>> ListAsync(CancellationToken cancellationToken) =>
        database.ReadAsync(QueueSources.List, cancellationToken);

    /// <inheritdoc/>
    public Task SetPausedAsync(QueueName queue, bool paused, CancellationToken cancellationToken) =>
        database.WriteAsync(
            1,
            transaction =>
            {
                QueuePauses.Set(transaction.Session, queue.Value, paused);
                return true;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<JobId>> FindMissingAsync(QueueName queue, IReadOnlyList<JobId> jobs, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<JobId>>(
            session =>
            {
                var missing = new List<JobId>();
                var known = session.Prepare(Known);
                foreach (var job in jobs)
                {
                    if (known.Bind(1, job).Bind(2, queue.Value).Scalar() is null)
                    {
                        missing.Add(job);
                    }
                }

                return missing;
            },
            cancellationToken);

    private static List<JobId> PeekNewest(SqliteSession session, QueueName queue, long offset, int count)
    {
        // Each priority's newest by the index: sorted as a whole the queue would be read as a whole.
        var found = new List<JobId>();
        for (var priority = QueuedId.HighestPriority; priority >= 0 && found.Count < offset + count; priority--)
        {
            found.AddRange(ReadJobs(
                session.Prepare(Newest).Bind(1, queue.Value).Bind(2, offset + count - found.Count)
                    .Bind(3, PlacesInQueue.FirstOf(priority)).Bind(4, PlacesInQueue.LastOf(priority)),
                column: 1));
        }

        return [.. found.Skip((int)Math.Min(offset, int.MaxValue))];
    }

    private static List<JobId> ReadJobs(SqliteStatement read, int column)
    {
        var jobs = new List<JobId>();
        while (read.Step())
        {
            jobs.Add(read.Id(column));
        }

        return jobs;
    }

    /// <summary>Takes ids out of their queues; answers those that were there.</summary>
    private static List<QueuedId> RemoveWaiting(WriteTransaction transaction, IReadOnlyList<QueuedId> ids)
    {
        var removed = new List<QueuedId>(ids.Count);
        var remove = transaction.Prepare(Remove);
        foreach (var id in ids)
        {
            if (remove.Bind(1, id.Job).Bind(2, id.Queue.Value).Scalar() is { } place)
            {
                removed.Add(id with { Priority = PlacesInQueue.PriorityOf(place) });
                transaction.Queues.Change(id.Queue.Value, -1);
            }
        }

        return removed;
    }

    private static void Enqueue(WriteTransaction transaction, IReadOnlyList<QueuedId> ids, bool atHead)
    {
        // From last to first at the low end, so that the first of the batch ends up in front.
        var places = new Dictionary<(QueueName, int), long>();
        var insert = transaction.Prepare(Insert);
        for (var i = 0; i < ids.Count; i++)
        {
            var (job, queue, priority) = ids[atHead ? ids.Count - 1 - i : i];

            // The head of a queue that runs its newest first is its high end.
            var low = atHead && !queue.IsReverse;
            var place = NextPlace(transaction, places, queue, priority, low);
            insert.Bind(1, queue.Value).Bind(2, place).Bind(3, job);
            if (insert.Execute() == 0)
            {
                TakeFromItsPlace(transaction, job);
                insert.Execute();
            }

            transaction.Queues.Change(queue.Value, 1);
        }
    }

    private static long NextPlace(WriteTransaction transaction, Dictionary<(QueueName, int), long> places, QueueName queue, int priority, bool low)
    {
        if (!places.TryGetValue((queue, priority), out var place))
        {
            place = transaction.Prepare(low ? FirstSeq : LastSeq)
                .Bind(1, queue.Value).Bind(2, PlacesInQueue.FirstOf(priority)).Bind(3, PlacesInQueue.LastOf(priority)).Scalar()
                ?? PlacesInQueue.MiddleOf(priority);
        }

        place += low ? -1 : 1;
        places[(queue, priority)] = place;
        return place;
    }

    private static void TakeFromItsPlace(WriteTransaction transaction, JobId job)
    {
        var take = transaction.Prepare(TakeAway).Bind(1, job);
        while (take.Step())
        {
            transaction.Queues.Change(take.Text(0), -1);
        }
    }

    private static List<QueuedId> Dequeue(WriteTransaction transaction, IReadOnlyList<QueueName> queues, int count, DateTimeOffset now)
    {
        // What earlier operations of this group have enqueued counts too.
        transaction.Queues.Flush();
        var taken = new List<QueuedId>(count);
        foreach (var source in QueueSources.Find(transaction.Session, queues))
        {
            if (taken.Count == count)
            {
                break;
            }

            Take(transaction, source, count - taken.Count, now, taken);
        }

        return taken;
    }

    private static void Take(WriteTransaction transaction, QueueSource source, int count, DateTimeOffset now, List<QueuedId> taken)
    {
        var most = taken.Count + count;
        while (taken.Count < most && Read(transaction, source, most - taken.Count) is [_, ..] found)
        {
            var queue = source.Queue.Value;
            var (first, last) = source.NewestFirst ? (found[^1].Seq, found[0].Seq) : (found[0].Seq, found[^1].Seq);
            transaction.Prepare(RecordStarted).Bind(1, queue).Bind(2, first).Bind(3, last).Bind(4, now).Execute();
            transaction.Prepare(DeleteTaken).Bind(1, queue).Bind(2, first).Bind(3, last).Execute();
            transaction.Queues.Change(queue, -found.Count);
            taken.AddRange(found.Select(f => new QueuedId(f.Job, source.Queue, PlacesInQueue.PriorityOf(f.Seq))));
            if (!source.NewestFirst)
            {
                return;
            }
        }
    }

    /// <summary>What runs next, without a gap between their places: the oldest, or the newest of the highest priority.</summary>
    private static List<(long Seq, JobId Job)> Read(WriteTransaction transaction, QueueSource source, int count)
    {
        var read = transaction.Prepare(source.NewestFirst ? Newest : Oldest).Bind(1, source.Queue.Value).Bind(2, count);
        if (source.NewestFirst)
        {
            if (transaction.Prepare(LowestSeq).Bind(1, source.Queue.Value).Scalar() is not { } lowest)
            {
                return [];
            }

            var priority = PlacesInQueue.PriorityOf(lowest);
            read.Bind(3, PlacesInQueue.FirstOf(priority)).Bind(4, PlacesInQueue.LastOf(priority));
        }

        var found = new List<(long, JobId)>();
        while (read.Step())
        {
            found.Add((read.Number(0), read.Id(1)));
        }

        return found;
    }
}
