namespace Mrq.Storage.Sqlite;

/// <summary>
/// What an operation of the writer works with. Totals are collected in memory and written once, at the end of the
/// transaction: a group of a thousand jobs changes a handful of counters.
/// </summary>
internal sealed class WriteTransaction(SqliteSession session)
{
    public JobCounters Jobs { get; } = new(session);

    public QueueCounters Queues { get; } = new(session);

    public RateCounters Rates { get; } = new(session);

    public SqliteStatement Prepare(string sql) => session.Prepare(sql);

    /// <summary>The session, for reads that readers and the writer share.</summary>
    public SqliteSession Session => session;

    /// <summary>Writes the collected totals; called last in every transaction.</summary>
    public void Flush()
    {
        Jobs.Flush();
        Queues.Flush();
        Rates.Flush();
    }

    /// <summary>Drops what is held in memory: after a rollback, and when another process has written.</summary>
    public void Forget()
    {
        Jobs.Forget();
        Queues.Forget();
        Rates.Forget();
    }
}
