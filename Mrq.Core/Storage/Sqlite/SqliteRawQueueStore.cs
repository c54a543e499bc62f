using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Workers;

namespace Mrq.Storage.Sqlite;

/// <summary>The way of entries through raw queues in SQLite.</summary>
public sealed class SqliteRawQueueStore(SqliteDatabase database) : IRawQueueStore
{
    /* ?1 queue, ?2 highest score that is due, ?3 how many. Returns number, score, params in the order in which they are taken. */
    private const string Due = """
        SELECT number, score, params FROM raw_entries WHERE queue = ?1 AND score <= ?2 ORDER BY score, number LIMIT ?3
        """;

    /* ?1 number. */
    private const string Delete = "DELETE FROM raw_entries WHERE number = ?1";

    /* ?1 number, ?2 score. */
    private const string PushBack = "UPDATE raw_entries SET score = ?2 WHERE number = ?1";

    /* ?1 worker, ?2 job, ?3 queue, ?4 score or NULL, ?5 params. */
    private const string Fly = "INSERT INTO raw_in_flight (worker, job, queue, score, params) VALUES (?1, ?2, ?3, ?4, ?5)";

    /* ?1 worker, ?2 job. The second returns queue, score, params. */
    private const string Forget = "DELETE FROM raw_in_flight WHERE worker = ?1 AND job = ?2";
    private const string Land = $"{Forget} RETURNING queue, score, params";

    /* ?1 queue, ?2 job, ?3 score or NULL, ?4 error, ?5 params. */
    private const string Reject = "INSERT OR IGNORE INTO raw_rejected (queue, job, score, error, params) VALUES (?1, ?2, ?3, ?4, ?5)";

    /* ?1 queue, ?2 params. */
    private const string DropOlder = "DELETE FROM raw_rejected WHERE queue = ?1 AND params = ?2";

    /* ?1 queue, ?2 how many stay. */
    private const string DropOldest = """
        DELETE FROM raw_rejected WHERE queue = ?1 AND job <= (
            SELECT job FROM raw_rejected WHERE queue = ?1 ORDER BY job DESC LIMIT 1 OFFSET ?2)
        """;

    /* Returns workers. The table is small. */
    private const string Takers = "SELECT DISTINCT worker FROM raw_in_flight ORDER BY worker";

    /* ?1 worker, ?2 how many. Returns job, queue, score, params, oldest first. */
    private const string InFlight = "SELECT job, queue, score, params FROM raw_in_flight WHERE worker = ?1 ORDER BY job LIMIT ?2";

    /// <inheritdoc/>
    public Task EnqueueAsync(IReadOnlyList<RawEntry> entries, CancellationToken cancellationToken) =>
        entries.Count == 0
            ? Task.CompletedTask
            : database.WriteAsync(
                entries.Count,
                transaction =>
                {
                    foreach (var entry in entries)
                    {
                        RawEntries.Put(transaction, entry);
                    }

                    return true;
                },
                cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TakenEntry>> DequeueAsync(RawDequeue request, CancellationToken cancellationToken)
    {
        if (request.Jobs.Count == 0 || request.Queues.Count == 0)
        {
            return [];
        }

        // Idle workers ask often: a look that finds nothing does not take the write lock.
        var isSome = await database.ReadAsync(
            session => Sources(session, request).Exists(source => HasDue(session, source.Queue, request.Now)), cancellationToken);
        return isSome ? await database.WriteAsync(request.Jobs.Count, transaction => Dequeue(transaction, request), cancellationToken) : [];
    }

    /// <inheritdoc/>
    public Task ForgetAsync(WorkerId worker, IReadOnlyList<JobId> jobs, CancellationToken cancellationToken) =>
        jobs.Count == 0
            ? Task.CompletedTask
            : database.WriteAsync(
                jobs.Count,
                transaction =>
                {
                    var forget = transaction.Prepare(Forget);
                    foreach (var job in jobs)
                    {
                        forget.Bind(1, worker.Value).Bind(2, job).Execute();
                    }

                    return true;
                },
                cancellationToken);

    /// <inheritdoc/>
    public Task<int> ReleaseAsync(WorkerId worker, IReadOnlyList<JobId> jobs, CancellationToken cancellationToken) =>
        jobs.Count == 0
            ? Task.FromResult(0)
            : database.WriteAsync(
                jobs.Count,
                transaction =>
                {
                    var landed = new List<RawEntry>(jobs.Count);
                    foreach (var job in jobs.Order())
                    {
                        if (TryLand(transaction, worker, job) is { } entry)
                        {
                            landed.Add(entry);
                        }
                    }

                    RawEntries.PutBack(transaction, landed);
                    return landed.Count;
                },
                cancellationToken);

    /// <inheritdoc/>
    public Task RejectAsync(WorkerId worker, IReadOnlyList<Rejection> rejections, CancellationToken cancellationToken) =>
        rejections.Count == 0
            ? Task.CompletedTask
            : database.WriteAsync(
                rejections.Count,
                transaction =>
                {
                    Set(transaction, worker, rejections);
                    return true;
                },
                cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<WorkerId>> ListTakersAsync(CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<WorkerId>>(
            session =>
            {
                var takers = session.Prepare(Takers);
                var found = new List<WorkerId>();
                while (takers.Step())
                {
                    found.Add(new WorkerId(takers.Text(0)));
                }

                return found;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<TakenEntry>> FindInFlightAsync(WorkerId worker, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<TakenEntry>>(
            session =>
            {
                var find = session.Prepare(InFlight).Bind(1, worker.Value).Bind(2, limit);
                var found = new List<TakenEntry>();
                while (find.Step())
                {
                    found.Add(new TakenEntry(find.Id(0), new RawEntry(new QueueName(find.Text(1)), find.Text(3), find.Real(2))));
                }

                return found;
            },
            cancellationToken);

    /// <summary>Up to which score entries may be taken now.</summary>
    internal static double DueScore(QueueName queue, DateTimeOffset now) =>
        queue.RawKind == RawQueueKind.TimedSet ? now.ToUnixTimeMilliseconds() / 1000.0 : double.MaxValue;

    /// <summary>The queues with entries that the worker can make jobs for and that are not paused, in the order in which they are asked.</summary>
    private static List<(QueueName Queue, TimeSpan? Pushback)> Sources(SqliteSession session, RawDequeue request)
    {
        var pauses = QueuePauses.Load(session);
        var found = new List<(QueueName, TimeSpan?)>();
        foreach (var listened in request.Queues)
        {
            foreach (var queue in listened.Value.EndsWith('/') ? QueueSources.FindTree(session, listened.Value) : [listened])
            {
                if (queue.RawKind is not null && !QueuePauses.Covers(pauses, queue.Value) &&
                    request.Served.FirstOrDefault(served => served.Serves(queue)) is { IsClosed: false } service)
                {
                    found.Add((queue, queue.RawKind == RawQueueKind.TimedSet ? service.Pushback : null));
                }
            }
        }

        return found;
    }

    private static bool HasDue(SqliteSession session, QueueName queue, DateTimeOffset now) =>
        session.Prepare(Due).Bind(1, queue.Value).Bind(2, (double?)DueScore(queue, now)).Bind(3, 1).Scalar() is not null;

    private static List<TakenEntry> Dequeue(WriteTransaction transaction, RawDequeue request)
    {
        // What earlier operations of this group have enqueued counts too.
        transaction.Queues.Flush();
        var taken = new List<TakenEntry>(request.Jobs.Count);
        foreach (var (queue, pushback) in Sources(transaction.Session, request))
        {
            if (taken.Count == request.Jobs.Count)
            {
                break;
            }

            Take(transaction, request, queue, pushback, taken);
        }

        return taken;
    }

    private static void Take(WriteTransaction transaction, RawDequeue request, QueueName queue, TimeSpan? pushback, List<TakenEntry> taken)
    {
        var numbers = new List<long>();
        var hasScores = queue.RawKind!.Value.HasScores;
        var read = transaction.Prepare(Due)
            .Bind(1, queue.Value).Bind(2, (double?)DueScore(queue, request.Now)).Bind(3, request.Jobs.Count - taken.Count);
        while (read.Step())
        {
            numbers.Add(read.Number(0));
            taken.Add(new TakenEntry(request.Jobs[taken.Count], new RawEntry(queue, read.Text(2), hasScores ? read.Real(1) : null)));
        }

        for (var i = 0; i < numbers.Count; i++)
        {
            var (job, entry) = taken[taken.Count - numbers.Count + i];
            transaction.Prepare(Fly).Bind(1, request.Worker.Value).Bind(2, job).Bind(3, queue.Value).Bind(4, entry.Score).Bind(5, entry.Params).Execute();
            if (pushback is { } delay)
            {
                transaction.Prepare(PushBack).Bind(1, numbers[i]).Bind(2, (double?)DueScore(queue, request.Now + delay)).Execute();
            }
            else
            {
                transaction.Prepare(Delete).Bind(1, numbers[i]).Execute();
                transaction.Queues.Change(queue.Value, -1);
            }
        }
    }

    /// <summary>Takes an entry out of flight; null: it is not there.</summary>
    private static RawEntry? TryLand(WriteTransaction transaction, WorkerId worker, JobId job)
    {
        var land = transaction.Prepare(Land).Bind(1, worker.Value).Bind(2, job);
        if (!land.Step())
        {
            return null;
        }

        var entry = new RawEntry(new QueueName(land.Text(0)), land.Text(2), land.Real(1));
        land.Step();
        return entry;
    }

    private static void Set(WriteTransaction transaction, WorkerId worker, IReadOnlyList<Rejection> rejections)
    {
        var queues = new HashSet<QueueName>();
        foreach (var (job, error) in rejections)
        {
            if (TryLand(transaction, worker, job) is not { } entry)
            {
                continue;
            }

            if (entry.Queue.RawKind != RawQueueKind.List)
            {
                transaction.Prepare(DropOlder).Bind(1, entry.Queue.Value).Bind(2, entry.Params).Execute();
            }

            transaction.Prepare(Reject)
                .Bind(1, entry.Queue.Value).Bind(2, job).Bind(3, entry.Score).Bind(4, error).Bind(5, entry.Params).Execute();
            queues.Add(entry.Queue);
        }

        foreach (var queue in queues)
        {
            transaction.Prepare(DropOldest).Bind(1, queue.Value).Bind(2, IRawQueueContents.MostRejected).Execute();
        }
    }
}
