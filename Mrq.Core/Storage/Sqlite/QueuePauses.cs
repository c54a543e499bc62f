namespace Mrq.Storage.Sqlite;

/// <summary>
/// Pause flags. A flag on <c>high/</c> holds <c>high/</c> and its sub-queues, one on <c>high</c> holds <c>high</c> and its
/// sub-queues; taking it from <c>high/</c> releases all of them.
/// </summary>
internal static class QueuePauses
{
    /* Returns all flags: as many as people have set. */
    private const string All = "SELECT queue FROM queue_pauses ORDER BY queue";

    /* ?1 queue. */
    private const string Add = "INSERT OR IGNORE INTO queue_pauses (queue) VALUES (?1)";
    private const string Remove = "DELETE FROM queue_pauses WHERE queue = ?1";

    /* ?1 root, ?2 root with '/', ?3 the first name behind the sub-queues of the root. */
    private const string RemoveTree = "DELETE FROM queue_pauses WHERE queue = ?1 OR (queue >= ?2 AND queue < ?3)";

    public static List<string> Load(SqliteSession session)
    {
        var pauses = new List<string>();
        var all = session.Prepare(All);
        while (all.Step())
        {
            pauses.Add(all.Text(0));
        }

        return pauses;
    }

    public static bool Covers(List<string> pauses, string queue)
    {
        foreach (var pause in pauses)
        {
            if (queue.StartsWith(pause, StringComparison.Ordinal) &&
                (queue.Length == pause.Length || pause[^1] == '/' || queue[pause.Length] == '/'))
            {
                return true;
            }
        }

        return false;
    }

    public static void Set(SqliteSession session, string queue, bool paused)
    {
        if (paused)
        {
            session.Prepare(Add).Bind(1, queue).Execute();
        }
        else if (queue.EndsWith('/'))
        {
            session.Prepare(RemoveTree).Bind(1, queue[..^1]).Bind(2, queue).Bind(3, $"{queue[..^1]}0").Execute();
        }
        else
        {
            session.Prepare(Remove).Bind(1, queue).Execute();
        }
    }
}
