using Mrq.Batches;
using Mrq.Jobs;

namespace Mrq.Storage.Sqlite;

/// <summary>The documents of batches in SQLite.</summary>
public sealed class SqliteBatchStore(SqliteDatabase database) : IBatchStore
{
    private const string Columns =
        "id, name, created, updated, total, is_stored, adding, version, on_complete, on_success, cancelled_at, aborts_running, finished_at, counts, idempotency_key";

    /* ?1 to ?15: the columns in their order. Nothing happens when the batch, or one with its key, is there. */
    private const string Insert = $"INSERT OR IGNORE INTO batches ({Columns}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";

    /* ?1 id, ?2 key. Returns the id of the batch with this key, unless it is this one. */
    private const string FindByKey = "SELECT id FROM batches WHERE idempotency_key = ?2 AND id <> ?1";

    /* ?1 id. Returns all columns. */
    private const string Get = $"SELECT {Columns} FROM batches WHERE id = ?1";

    /* ?1 below id (NULL: any), ?2 how many. */
    private const string List = $"SELECT {Columns} FROM batches WHERE (?1 IS NULL OR id < ?1) ORDER BY id DESC LIMIT ?2";

    /* ?1 above id (NULL: any), ?2 how many. The conditions are those of the indexes. */
    private const string Open = $"SELECT {Columns} FROM batches WHERE finished_at IS NULL AND (?1 IS NULL OR id > ?1) ORDER BY id LIMIT ?2";
    private const string Finished = $"SELECT {Columns} FROM batches WHERE finished_at IS NOT NULL AND (?1 IS NULL OR id > ?1) ORDER BY id LIMIT ?2";

    /* ?1 id, ?2 how many jobs, ?3 now (unix ms). */
    private const string BeginAdd = """
        UPDATE batches SET total = total + ?2, adding = adding + 1, version = version + 1, updated = ?3
        WHERE id = ?1 AND finished_at IS NULL AND cancelled_at IS NULL
        """;

    /* ?1 id, ?2 how many jobs less, ?3 now (unix ms). */
    private const string EndAdd = "UPDATE batches SET total = total - ?2, adding = max(0, adding - 1), version = version + 1, updated = ?3 WHERE id = ?1";

    /* ?1 id. */
    private const string SetStored = "UPDATE batches SET is_stored = 1, version = version + 1 WHERE id = ?1";

    /* ?1 id, ?2 when jobs were last added at the latest (unix ms). */
    private const string Close = "UPDATE batches SET is_stored = 1, version = version + 1 WHERE id = ?1 AND is_stored = 0 AND cancelled_at IS NULL AND updated <= ?2";

    /* ?1 id, ?2 1: running jobs are to be stopped, ?3 now (unix ms). */
    private const string Cancel = """
        UPDATE batches SET cancelled_at = coalesce(cancelled_at, ?3), aborts_running = max(aborts_running, ?2), version = version + 1
        WHERE id = ?1 AND finished_at IS NULL
        """;

    /* ?1 id, ?2 version that was read, ?3 counts (JSON), ?4 how many jobs, ?5 now (unix ms). */
    private const string Finish = """
        UPDATE batches SET finished_at = coalesce(finished_at, ?5), counts = ?3, total = ?4, adding = 0, version = version + 1 WHERE id = ?1 AND version = ?2
        """;

    /* ?1 id. */
    private const string Delete = "DELETE FROM batches WHERE id = ?1";

    /* ?1 id. Returns a row when it is there and has not ended. */
    internal const string IsOpen = "SELECT 1 FROM batches WHERE id = ?1 AND finished_at IS NULL";

    /// <inheritdoc/>
    public Task<JobId?> InsertAsync(Batch batch, CancellationToken cancellationToken) => database.WriteAsync(
        1,
        transaction =>
        {
            var inserted = transaction.Prepare(Insert)
            .Bind(1, batch.Id).Bind(2, batch.Name).Bind(3, batch.Created).Bind(4, batch.Updated).Bind(5, batch.Total).Bind(6, batch.IsStored ? 1 : 0)
            .Bind(7, (long)batch.Adding).Bind(8, batch.Version).Bind(9, batch.OnComplete).Bind(10, batch.OnSuccess).Bind(11, batch.CancelledAt)
            .Bind(12, batch.AbortsRunning ? 1 : 0).Bind(13, batch.FinishedAt).Bind(14, BatchJson.WriteCounts(batch.Counts)).Bind(15, batch.IdempotencyKey).Execute();
            if (inserted > 0)
            {
                return null;
            }

            var find = transaction.Prepare(FindByKey).Bind(1, batch.Id).Bind(2, batch.IdempotencyKey);
            var other = find.Step() ? find.Id(0) : (JobId?)null;
            find.Reset();
            return other;
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Batch>> GetAsync(IReadOnlyList<JobId> ids, CancellationToken cancellationToken) => database.ReadAsync<IReadOnlyList<Batch>>(
        session =>
        {
            var get = session.Prepare(Get);
            return [.. ids.Distinct().SelectMany(id => Read(get.Bind(1, id)))];
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Batch>> ListAsync(JobId? before, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<Batch>>(session => Read(session.Prepare(List).Bind(1, before).Bind(2, limit)), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Batch>> FindAsync(bool isFinished, JobId? after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<Batch>>(session => Read(session.Prepare(isFinished ? Finished : Open).Bind(1, after).Bind(2, limit)), cancellationToken);

    /// <inheritdoc/>
    public Task<bool> BeginAddAsync(JobId id, int count, DateTimeOffset now, CancellationToken cancellationToken) =>
        WriteAsync(transaction => transaction.Prepare(BeginAdd).Bind(1, id).Bind(2, count).Bind(3, now), cancellationToken);

    /// <inheritdoc/>
    public Task EndAddAsync(JobId id, int notAdded, DateTimeOffset now, CancellationToken cancellationToken) =>
        WriteAsync(transaction => transaction.Prepare(EndAdd).Bind(1, id).Bind(2, notAdded).Bind(3, now), cancellationToken);

    /// <inheritdoc/>
    public Task SetStoredAsync(JobId id, CancellationToken cancellationToken) =>
        WriteAsync(transaction => transaction.Prepare(SetStored).Bind(1, id), cancellationToken);

    /// <inheritdoc/>
    public Task<bool> CloseAsync(JobId id, DateTimeOffset silentSince, CancellationToken cancellationToken) =>
        WriteAsync(transaction => transaction.Prepare(Close).Bind(1, id).Bind(2, silentSince), cancellationToken);

    /// <inheritdoc/>
    public Task<bool> CancelAsync(JobId id, bool abortsRunning, DateTimeOffset now, CancellationToken cancellationToken) =>
        WriteAsync(transaction => transaction.Prepare(Cancel).Bind(1, id).Bind(2, abortsRunning ? 1 : 0).Bind(3, now), cancellationToken);

    /// <inheritdoc/>
    public Task<bool> FinishAsync(Batch batch, IReadOnlyDictionary<JobStatus, long> counts, DateTimeOffset now, CancellationToken cancellationToken) => WriteAsync(
        transaction => transaction.Prepare(Finish)
            .Bind(1, batch.Id).Bind(2, batch.Version).Bind(3, BatchJson.WriteCounts(counts)).Bind(4, counts.Values.Sum()).Bind(5, now),
        cancellationToken);

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(JobId id, CancellationToken cancellationToken) =>
        WriteAsync(transaction => transaction.Prepare(Delete).Bind(1, id), cancellationToken);

    private Task<bool> WriteAsync(Func<WriteTransaction, SqliteStatement> bind, CancellationToken cancellationToken) =>
        database.WriteAsync(1, transaction => bind(transaction).Execute() > 0, cancellationToken);

    private static List<Batch> Read(SqliteStatement read)
    {
        var batches = new List<Batch>();
        while (read.Step())
        {
            batches.Add(new Batch
            {
                Id = read.Id(0),
                Name = read.TextOrNull(1),
                Created = read.Time(2),
                Updated = read.Time(3),
                Total = read.Number(4),
                IsStored = read.Number(5) != 0,
                Adding = (int)read.Number(6),
                Version = read.Number(7),
                OnComplete = read.IdOrNull(8),
                OnSuccess = read.IdOrNull(9),
                CancelledAt = read.TimeOrNull(10),
                AbortsRunning = read.Number(11) != 0,
                FinishedAt = read.TimeOrNull(12),
                Counts = BatchJson.ReadCounts(read.TextOrNull(13)),
                IdempotencyKey = read.TextOrNull(14),
            });
        }

        return batches;
    }
}
