using System.Globalization;
using System.Text.Json;
using Mrq.Workers;

namespace Mrq.Storage.Sqlite;

/// <summary>Reports of workers in SQLite.</summary>
public sealed class SqliteWorkerStore(SqliteDatabase database) : IWorkerStore
{
    /* ?1 worker, ?2 datestarted, ?3 dateexpires (both unix ms), ?4 report. Returns what the worker was told, or NULL. */
    private const string Report = """
        INSERT INTO workers (id, datestarted, dateexpires, report) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (id) DO UPDATE SET datestarted = excluded.datestarted, dateexpires = excluded.dateexpires, report = excluded.report
        RETURNING stop
        """;

    /* Returns all reports. */
    private const string List = "SELECT report FROM workers ORDER BY datestarted DESC, id";

    /* ?1 worker. Returns its report. */
    private const string Find = "SELECT report FROM workers WHERE id = ?1";

    /* ?1 worker. Returns what it was told, or NULL. */
    private const string FindStop = "SELECT stop FROM workers WHERE id = ?1";

    /* ?1 worker, ?2 mode. The graver order stands: "interrupt" after "drain" counts, "drain" after "interrupt" does not. */
    private const string RequestStop = "UPDATE workers SET stop = max(coalesce(stop, ?2), ?2) WHERE id = ?1";

    /* ?1 worker, ?2 how many jobs, ?3 now (ISO 8601). */
    private const string AddGivenBack = """
        UPDATE workers SET report = json_set(report, '$.jobsGivenBack', coalesce(json_extract(report, '$.jobsGivenBack'), 0) + ?2, '$.dateGivenBack', ?3) WHERE id = ?1
        """;

    /* ?1 now (unix ms). */
    private const string DeleteExpired = "DELETE FROM workers WHERE dateexpires <= ?1";

    /// <inheritdoc/>
    public Task<StopMode?> ReportAsync(WorkerReport report, CancellationToken cancellationToken)
    {
        var text = JsonSerializer.Serialize(report, SqliteJson.Default.WorkerReport);
        return database.WriteAsync(
            1,
            transaction => (StopMode?)transaction.Prepare(Report)
                .Bind(1, report.Id.Value).Bind(2, report.DateStarted).Bind(3, report.DateExpires).Bind(4, text)
                .Scalar(),
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<WorkerReport>> ListAsync(CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<WorkerReport>>(static session => ReadReports(session.Prepare(List)), cancellationToken);

    /// <inheritdoc/>
    public Task<WorkerReport?> FindAsync(WorkerId worker, CancellationToken cancellationToken) =>
        database.ReadAsync(
            session => ReadReports(session.Prepare(Find).Bind(1, worker.Value)) is [var report] ? report : null, cancellationToken);

    /// <inheritdoc/>
    public Task<StopMode?> FindStopRequestAsync(WorkerId worker, CancellationToken cancellationToken) =>
        database.ReadAsync(session => (StopMode?)session.Prepare(FindStop).Bind(1, worker.Value).Scalar(), cancellationToken);

    /// <inheritdoc/>
    public Task<bool> RequestStopAsync(WorkerId worker, StopMode mode, CancellationToken cancellationToken) =>
        database.WriteAsync(
            1,
            transaction => transaction.Prepare(RequestStop).Bind(1, worker.Value).Bind(2, (long)mode).Execute() > 0,
            cancellationToken);

    /// <inheritdoc/>
    public Task AddGivenBackAsync(WorkerId worker, int jobs, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.WriteAsync(
            1,
            transaction => transaction.Prepare(AddGivenBack).Bind(1, worker.Value).Bind(2, jobs).Bind(3, now.ToString("O", CultureInfo.InvariantCulture)).Execute(),
            cancellationToken);

    /// <inheritdoc/>
    public Task<int> DeleteExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        database.WriteAsync(1, transaction => transaction.Prepare(DeleteExpired).Bind(1, now).Execute(), cancellationToken);

    private static List<WorkerReport> ReadReports(SqliteStatement read)
    {
        var reports = new List<WorkerReport>();
        while (read.Step())
        {
            if (JsonSerializer.Deserialize(read.Utf8(0), SqliteJson.Default.WorkerReport) is { } report)
            {
                reports.Add(report);
            }
        }

        return reports;
    }
}
