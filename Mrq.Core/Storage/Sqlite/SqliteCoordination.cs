using Microsoft.Extensions.Logging;
using Mrq.Jobs;

namespace Mrq.Storage.Sqlite;

/// <summary>
/// What processes on one file tell each other. Nothing is written for a signal: every change is a commit, and the others
/// see that there was one. They learn that something changed, not what.
/// </summary>
public sealed class SqliteCoordination : ICoordination
{
    /* ?1 role. Returns node, fence, until (unix ms). */
    private const string FindLeader = "SELECT node, fence, until FROM leaders WHERE role = ?1";

    /* ?1 role, ?2 node, ?3 now, ?4 until (both unix ms). Changes nothing while another has the role; returns the fence. */
    private const string Lead = """
        INSERT INTO leaders (role, node, fence, until) VALUES (?1, ?2, 1, ?4)
        ON CONFLICT (role) DO UPDATE SET
            fence = fence + iif(node = excluded.node AND until > ?3, 0, 1), node = excluded.node, until = excluded.until
        WHERE node = excluded.node OR until <= ?3
        RETURNING fence
        """;

    /* ?1 role, ?2 node. The row stays: it keeps the fence. */
    private const string Resign = "UPDATE leaders SET until = 0 WHERE role = ?1 AND node = ?2";

    /* ?1 key, ?2 now (unix ms). Frees the slots whose time is over. */
    private const string FreeExpired = "DELETE FROM slots WHERE key = ?1 AND until <= ?2";

    /* ?1 key, ?2 job. Returns how many slots others hold. */
    private const string CountOthers = "SELECT count(*) FROM slots WHERE key = ?1 AND job <> ?2";

    /* ?1 key, ?2 job, ?3 until (unix ms). */
    private const string Enter =
        "INSERT INTO slots (key, job, until) VALUES (?1, ?2, ?3) ON CONFLICT (key, job) DO UPDATE SET until = excluded.until";

    /* ?1 key, ?2 job. */
    private const string Leave = "DELETE FROM slots WHERE key = ?1 AND job = ?2";

    /* ?1 now (unix ms). Forgets the uses of all keys that no longer count. */
    private const string ForgetUses = "DELETE FROM rate_uses WHERE until <= ?1";

    /* ?1 key. Returns how many uses count. */
    private const string CountUses = "SELECT count(*) FROM rate_uses WHERE key = ?1";

    /* ?1 key, ?2 until (unix ms), ?3 number. */
    private const string AddUse = "INSERT OR IGNORE INTO rate_uses (key, until, number) VALUES (?1, ?2, ?3)";

    private readonly SqliteDatabase _database;
    private readonly ChangeSubscribers _subscribers;

    public SqliteCoordination(SqliteDatabase database, ILogger<SqliteCoordination> logger)
    {
        (_database, _subscribers) = (database, new ChangeSubscribers(logger));
        database.ForeignCommit += () => Publish(Changes.All);
    }

    /// <inheritdoc/>
    public void Publish(Changes changes) => _subscribers.Tell(changes);

    /// <inheritdoc/>
    public IDisposable Subscribe(Action<Changes> callback) => _subscribers.Add(callback);

    /// <inheritdoc/>
    public async Task<LeaderTerm?> TryLeadAsync(
        string role, string node, DateTimeOffset now, TimeSpan duration, CancellationToken cancellationToken)
    {
        // Nodes that wait for the role ask often: their question does not take the write lock.
        if (await _database.ReadAsync(session => IsLedByAnother(session, role, node, now), cancellationToken))
        {
            return null;
        }

        var until = now + duration;
        var fence = await _database.WriteAsync(
            1,
            transaction => transaction.Prepare(Lead).Bind(1, role).Bind(2, node).Bind(3, now).Bind(4, until).Scalar(),
            cancellationToken);
        return fence is { } number ? new LeaderTerm(role, number, until) : null;
    }

    /// <inheritdoc/>
    public Task ResignAsync(string role, string node, CancellationToken cancellationToken) =>
        _database.WriteAsync(1, transaction => transaction.Prepare(Resign).Bind(1, role).Bind(2, node).Execute(), cancellationToken);

    /// <inheritdoc/>
    public Task<bool> TryEnterAsync(
        string key, int limit, JobId job, DateTimeOffset now, DateTimeOffset until, CancellationToken cancellationToken) =>
        _database.WriteAsync(
            1,
            transaction =>
            {
                transaction.Prepare(FreeExpired).Bind(1, key).Bind(2, now).Execute();
                if (transaction.Prepare(CountOthers).Bind(1, key).Bind(2, job).Scalar() >= limit)
                {
                    return false;
                }

                transaction.Prepare(Enter).Bind(1, key).Bind(2, job).Bind(3, until).Execute();
                return true;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<int> UseRateAsync(string key, int limit, TimeSpan per, DateTimeOffset now, CancellationToken cancellationToken)
    {
        key = $"{(long)per.TotalMilliseconds}:{key}";
        return _database.WriteAsync(
            1,
            transaction =>
            {
                transaction.Prepare(ForgetUses).Bind(1, now).Execute();
                var used = transaction.Prepare(CountUses).Bind(1, key).Scalar() ?? 0;
                if (used < limit)
                {
                    transaction.Prepare(AddUse).Bind(1, key).Bind(2, now + per).Bind(3, used).Execute();
                }

                return (int)Math.Max(0, limit - used);
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task LeaveAsync(string key, JobId job, CancellationToken cancellationToken) =>
        _database.WriteAsync(1, transaction => transaction.Prepare(Leave).Bind(1, key).Bind(2, job).Execute(), cancellationToken);

    private static bool IsLedByAnother(SqliteSession session, string role, string node, DateTimeOffset now)
    {
        var find = session.Prepare(FindLeader).Bind(1, role);
        if (!find.Step())
        {
            return false;
        }

        var isLed = find.Text(0) != node && find.Time(2) > now;
        find.Reset();
        return isLed;
    }
}
