using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage.Filtering;

namespace Mrq.Storage.Sqlite;

/// <summary>Reads by group: the small table first, then the ids of its groups in order, merged.</summary>
internal static class JobGroups
{
    /* Returns id, path, queue, status, exception type and count of all groups that have jobs. */
    private const string All = "SELECT id, path, queue, status, exceptiontype, count FROM job_groups WHERE count > 0";

    /*
       ?1 group, ?2 from id on, ?3 below id, ?4 how many, ?5 worker or tag where one is named. All return ids, from one
       range of one index.
    */
    public const string NewestOfWorker =
        "SELECT id FROM jobs WHERE worker = ?5 AND grp = ?1 AND id >= ?2 AND id < ?3 ORDER BY id DESC LIMIT ?4";

    public const string NewestOfTag =
        "SELECT job FROM job_tags WHERE tag = ?5 AND grp = ?1 AND job >= ?2 AND job < ?3 ORDER BY job DESC LIMIT ?4";

    public const string NewestOfGroup = "SELECT id FROM jobs WHERE grp = ?1 AND id >= ?2 AND id < ?3 ORDER BY id DESC LIMIT ?4";
    private const string OldestOfGroup = "SELECT id FROM jobs WHERE grp = ?1 AND id >= ?2 AND id < ?3 ORDER BY id LIMIT ?4";

    /* The same parameters. Returns how many ids there are, at most ?4. */
    private const string CountOfGroup = "SELECT count(*) FROM (SELECT 1 FROM jobs WHERE grp = ?1 AND id >= ?2 AND id < ?3 LIMIT ?4)";

    public static List<(JobGroup Group, long Count)> Load(SqliteSession session)
    {
        var groups = new List<(JobGroup, long)>();
        var all = session.Prepare(All);
        while (all.Step())
        {
            var exceptionType = all.Text(4);
            var key = new JobGroupKey(
                all.Text(1), new QueueName(all.Text(2)), (JobStatus)all.Number(3), exceptionType.Length == 0 ? null : exceptionType);
            groups.Add((new JobGroup(all.Number(0), key), all.Number(5)));
        }

        return groups;
    }

    /// <summary>The groups that a condition accepts, with how many jobs each has, largest first.</summary>
    public static List<(long Id, long Count)> Match(SqliteSession session, Predicate<JobGroupKey> accepts)
    {
        var matches = new List<(long Id, long Count)>();
        foreach (var (group, count) in Load(session))
        {
            if (accepts(group.Key))
            {
                matches.Add((group.Id, count));
            }
        }

        matches.Sort((a, b) => b.Count.CompareTo(a.Count));
        return matches;
    }

    /// <summary>The newest ids of all groups together, by one of the statements above.</summary>
    /// <param name="of">The worker or tag; null with <see cref="NewestOfGroup"/>.</param>
    public static List<JobId> Newest(
        SqliteSession session, string statement, string? of, List<(long Id, long Count)> groups, JobIdRange range, int limit)
    {
        var read = session.Prepare(statement);
        return Merge(of is null ? read : read.Bind(5, of), groups, range, limit, sign: 1);
    }

    /// <summary>The oldest ids of all groups together.</summary>
    public static List<JobId> Oldest(SqliteSession session, List<(long Id, long Count)> groups, JobIdRange range, int limit) =>
        Merge(session.Prepare(OldestOfGroup), groups, range, limit, sign: -1);

    /// <summary>How many jobs of these groups lie in a range, counted up to a bound.</summary>
    public static long Count(SqliteSession session, List<(long Id, long Count)> groups, JobIdRange range, long atMost)
    {
        var total = 0L;
        foreach (var (id, count) in groups)
        {
            total += range == JobIdRange.All
                ? count
                : session.Prepare(CountOfGroup).Bind(1, id).Bind(2, range.From).Bind(3, range.To).Bind(4, atMost - total).Scalar() ?? 0;
            if (total >= atMost)
            {
                return atMost;
            }
        }

        return total;
    }

    /// <summary>
    /// The first ids of all groups together. Each group is read only as far as it can still contribute: beyond the worst
    /// of the best ids so far nothing of it matters.
    /// </summary>
    /// <param name="sign">1: the newest first, -1: the oldest first.</param>
    private static List<JobId> Merge(SqliteStatement read, List<(long Id, long Count)> groups, JobIdRange range, int limit, int sign)
    {
        // The worst of the kept ids is on top.
        var best = new PriorityQueue<JobId, JobId>(Comparer<JobId>.Create((a, b) => sign * a.CompareTo(b)));
        foreach (var (group, _) in groups)
        {
            read.Bind(1, group).Bind(2, range.From).Bind(3, range.To).Bind(4, limit);
            while (read.Step())
            {
                var id = read.Id(0);
                if (best.Count < limit)
                {
                    best.Enqueue(id, id);
                }
                else if (sign * id.CompareTo(best.Peek()) > 0)
                {
                    best.EnqueueDequeue(id, id);
                }
                else
                {
                    read.Reset();
                    break;
                }
            }
        }

        var ids = new List<JobId>(best.Count);
        while (best.TryDequeue(out var id, out _))
        {
            ids.Add(id);
        }

        ids.Reverse();
        return ids;
    }
}
