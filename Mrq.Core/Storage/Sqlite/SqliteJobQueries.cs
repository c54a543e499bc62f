using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Tasks;
using Mrq.Workers;

namespace Mrq.Storage.Sqlite;

/// <summary>Reads of the job documents in SQLite.</summary>
public sealed class SqliteJobQueries(SqliteDatabase database) : IJobQueries
{
    private const int MostOnPage = 1_000;

    /* ?1 since (unix ms), ?2 step (ms). Returns begin of span, queue, status, count, seconds. */
    private const string Rates = """
        SELECT span - span % ?2 AS begin, queue, status, sum(count), sum(seconds) FROM rates WHERE span >= ?1
        GROUP BY begin, queue, status ORDER BY begin, queue, status
        """;

    /* ?1 how many. Returns ids. The condition is that of the index. */
    private const string LastFailed = "SELECT id FROM jobs WHERE status IN (3, 5, 6, 7, 10) ORDER BY dateupdated DESC, id DESC LIMIT ?1";

    /* ?1 now (unix ms), ?2 how many. Returns ids. The condition is that of the index. */
    private const string Due = """
        SELECT id FROM jobs WHERE status IN (4, 11) AND coalesce(dateretry, run_at) <= ?1
        ORDER BY coalesce(dateretry, run_at), id LIMIT ?2
        """;

    /* ?1 now (unix ms), ?2 how many. Returns ids. The condition is that of the index. */
    private const string Overdue = "SELECT id FROM jobs WHERE expires_at <= ?1 AND status IN (0, 4, 11, 12) ORDER BY expires_at, id LIMIT ?2";

    /* Returns worker and how many jobs it has in hand: as many rows are read as jobs run. */
    private const string StartedByWorker = """
        SELECT worker, count(*) FROM jobs
        WHERE grp IN (SELECT id FROM job_groups WHERE status = 1 AND count > 0) AND worker IS NOT NULL
        GROUP BY worker
        """;

    /* ?1 tag. Returns status and how many jobs. */
    private const string CountByStatus =
        "SELECT job_groups.status, count(*) FROM job_tags JOIN job_groups ON job_groups.id = job_tags.grp WHERE job_tags.tag = ?1 GROUP BY job_groups.status";

    /* ?1 job. Returns when it last changed (unix ms). */
    private const string Updated = "SELECT dateupdated FROM jobs WHERE id = ?1";

    /// <inheritdoc/>
    public Task<IReadOnlyList<Job>> GetAsync(IReadOnlyList<JobId> jobs, bool withPayload, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<Job>>(session => Fetch(session, jobs, withPayload), cancellationToken);

    /// <inheritdoc/>
    public Task<JobPage> FindAsync(JobFilter filter, JobPageRequest page, CancellationToken cancellationToken)
    {
        var search = new SqliteJobFilter(filter);
        var limit = Math.Clamp(page.Limit, 1, MostOnPage);
        return database.ReadAsync(
            session =>
            {
                // One more than asked for tells whether there is a next page.
                var ids = search.Find(session, page.Before, limit + 1, cancellationToken);
                var next = ids.Count > limit ? ids[limit - 1] : (JobId?)null;
                return new JobPage(Fetch(session, next is null ? ids : ids.GetRange(0, limit), page.WithPayload), next);
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<JobId>> FindIdsAsync(JobFilter filter, JobId? before, int limit, CancellationToken cancellationToken)
    {
        var search = new SqliteJobFilter(filter);
        return database.ReadAsync<IReadOnlyList<JobId>>(
            session => search.Find(session, before, Math.Clamp(limit, 1, MostOnPage), cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<long> CountAsync(JobFilter filter, long atMost, CancellationToken cancellationToken)
    {
        var search = new SqliteJobFilter(filter);
        return database.ReadAsync(session => search.Count(session, atMost, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<JobStatus, long>> CountByStatusAsync(string tag, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyDictionary<JobStatus, long>>(
            session =>
            {
                var counts = new Dictionary<JobStatus, long>();
                var read = session.Prepare(CountByStatus).Bind(1, tag);
                while (read.Step())
                {
                    counts.Add((JobStatus)read.Number(0), read.Number(1));
                }

                return counts;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<JobCount>> CountsAsync(CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<JobCount>>(
            static session =>
            {
                var counts = new List<JobCount>();
                foreach (var (group, count) in JobGroups.Load(session))
                {
                    counts.Add(new JobCount(group.Key.Path, group.Key.Queue, group.Key.Status, group.Key.ExceptionType, count));
                }

                return counts;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<RatePoint>> RatesAsync(DateTimeOffset since, TimeSpan step, CancellationToken cancellationToken)
    {
        return database.ReadAsync<IReadOnlyList<RatePoint>>(
            session =>
            {
                var read = session.Prepare(Rates).Bind(1, RateSpan.BeginOf(since)).Bind(2, RateSpan.RoundUp(step));
                var points = new List<RatePoint>();
                while (read.Step())
                {
                    points.Add(new RatePoint(
                        read.Time(0), new QueueName(read.Text(1)), (JobStatus)read.Number(2), read.Number(3), read.Real(4) ?? 0));
                }

                return points;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Job>> FindLastFailedAsync(int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<Job>>(
            session => Fetch(session, ReadIds(session.Prepare(LastFailed).Bind(1, Math.Clamp(limit, 1, MostOnPage))), withPayload: false), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<JobId>> FindDueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<JobId>>(
            session => ReadIds(session.Prepare(Due).Bind(1, now).Bind(2, limit)), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<JobId>> FindOverdueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<JobId>>(
            session => ReadIds(session.Prepare(Overdue).Bind(1, now).Bind(2, limit)), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<JobId>> FindQueuedAsync(
        QueueName queue, DateTimeOffset before, JobId? after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<JobId>>(session => FindQueued(session, queue, before, after, limit), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<JobId>> FindQueuedAsync(
        QueueName queue, TaskSelection tasks, bool newestFirst, JobId? after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<JobId>>(
            session =>
            {
                var groups = JobGroups.Match(session, group => group.Status == JobStatus.Queued && group.Queue == queue && tasks.Takes(group.Path));
                return newestFirst
                    ? JobGroups.Newest(session, JobGroups.NewestOfGroup, of: null, groups, JobIdRange.All.Below(after), limit)
                    : JobGroups.Oldest(session, groups, JobIdRange.All.After(after), limit);
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<WorkerId, int>> StartedByWorkerAsync(CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyDictionary<WorkerId, int>>(
            static session =>
            {
                var workers = new Dictionary<WorkerId, int>();
                var read = session.Prepare(StartedByWorker);
                while (read.Step())
                {
                    workers.Add(new WorkerId(read.Text(0)), (int)read.Number(1));
                }

                return workers;
            },
            cancellationToken);

    private static List<JobId> FindQueued(SqliteSession session, QueueName queue, DateTimeOffset before, JobId? after, int limit)
    {
        var groups = JobGroups.Match(session, group => group.Status == JobStatus.Queued && group.Queue == queue);
        var range = JobIdRange.All.After(after);
        var found = new List<JobId>();
        var updated = session.Prepare(Updated);
        while (found.Count < limit)
        {
            var candidates = JobGroups.Oldest(session, groups, range, limit);
            foreach (var id in candidates)
            {
                if (found.Count < limit && updated.Bind(1, id).Scalar() < before.ToUnixTimeMilliseconds())
                {
                    found.Add(id);
                }
            }

            if (candidates.Count < limit)
            {
                break;
            }

            range = range.After(candidates[^1]);
        }

        return found;
    }

    private static List<Job> Fetch(SqliteSession session, IReadOnlyList<JobId> ids, bool withPayload)
    {
        var jobs = new List<Job>(ids.Count);
        var find = session.Prepare(withPayload ? SqliteJobRow.FindWithPayload : SqliteJobRow.Find);
        foreach (var id in ids)
        {
            if (find.Bind(1, id).Step())
            {
                jobs.Add(SqliteJobRow.Read(find, withPayload));
                find.Reset();
            }
        }

        return jobs;
    }

    private static List<JobId> ReadIds(SqliteStatement statement)
    {
        var ids = new List<JobId>();
        while (statement.Step())
        {
            ids.Add(statement.Id(0));
        }

        return ids;
    }
}
