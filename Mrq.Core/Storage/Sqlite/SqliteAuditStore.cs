namespace Mrq.Storage.Sqlite;

/// <summary>Who did what, in SQLite.</summary>
public sealed class SqliteAuditStore(SqliteDatabase database) : IAuditStore
{
    /* ?1 date (unix ms), ?2 who, ?3 action, ?4 target, ?5 count or NULL. */
    private const string Append = "INSERT INTO audit (date, who, action, target, count) VALUES (?1, ?2, ?3, ?4, ?5)";

    /* ?1 number, ?2 how many. Returns number, date, who, action, target, count of entries before the number, newest first. */
    private const string List =
        "SELECT number, date, who, action, target, count FROM audit WHERE number < ?1 ORDER BY number DESC LIMIT ?2";

    /* ?1 time (unix ms). */
    private const string DeleteBefore = "DELETE FROM audit WHERE date < ?1";

    /// <inheritdoc/>
    public Task AppendAsync(AuditEntry entry, CancellationToken cancellationToken) =>
        database.WriteAsync(
            1,
            transaction => transaction.Prepare(Append)
                .Bind(1, entry.Date).Bind(2, entry.Who).Bind(3, entry.Action).Bind(4, entry.Target).Bind(5, entry.Count)
                .Execute(),
            cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<AuditEntry>> ListAsync(long? before, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<AuditEntry>>(
            session =>
            {
                var read = session.Prepare(List).Bind(1, before ?? long.MaxValue).Bind(2, limit);
                var entries = new List<AuditEntry>();
                while (read.Step())
                {
                    entries.Add(new AuditEntry(
                        read.Number(0), read.Time(1), read.Text(2), read.Text(3), read.Text(4), read.Integer(5)));
                }

                return entries;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<int> DeleteBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        database.WriteAsync(1, transaction => transaction.Prepare(DeleteBefore).Bind(1, before).Execute(), cancellationToken);
}
