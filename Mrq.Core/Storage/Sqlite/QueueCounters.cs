using System.Runtime.InteropServices;

namespace Mrq.Storage.Sqlite;

/// <summary>Changes of the sizes of queues within one transaction.</summary>
internal sealed class QueueCounters(SqliteSession session)
{
    /* ?1 queue, ?2 how many more ids it has now. */
    private const string Add = """
        INSERT INTO queue_sizes (queue, size) VALUES (?1, ?2)
        ON CONFLICT (queue) DO UPDATE SET size = size + excluded.size
        """;

    /* ?1 queue. A queue without ids has no row. */
    private const string DeleteEmpty = "DELETE FROM queue_sizes WHERE queue = ?1 AND size <= 0";

    private readonly Dictionary<string, long> _changes = new(StringComparer.Ordinal);

    public void Change(string queue, long by) => CollectionsMarshal.GetValueRefOrAddDefault(_changes, queue, out _) += by;

    public void Flush()
    {
        foreach (var (queue, change) in _changes)
        {
            if (change != 0)
            {
                session.Prepare(Add).Bind(1, queue).Bind(2, change).Execute();
            }

            if (change < 0)
            {
                session.Prepare(DeleteEmpty).Bind(1, queue).Execute();
            }
        }

        _changes.Clear();
    }

    public void Forget() => _changes.Clear();
}
