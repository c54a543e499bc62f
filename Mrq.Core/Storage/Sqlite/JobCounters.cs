using System.Runtime.InteropServices;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage.Filtering;

namespace Mrq.Storage.Sqlite;

/// <summary>
/// The groups of jobs as the writer knows them, and the changes of their totals within one transaction. Groups are found
/// again in memory; <see cref="Forget"/> after a rollback or a commit of another process keeps that memory true.
/// </summary>
internal sealed class JobCounters(SqliteSession session)
{
    /* ?1 path, ?2 queue, ?3 status, ?4 exception type ('': none). Returns the group's id. */
    private const string FindByKey =
        "SELECT id FROM job_groups WHERE path = ?1 AND queue = ?2 AND status = ?3 AND exceptiontype = ?4";

    /* The same parameters. Returns the new group's id. */
    private const string Insert =
        "INSERT INTO job_groups (path, queue, status, exceptiontype, count) VALUES (?1, ?2, ?3, ?4, 0) RETURNING id";

    /* ?1 id. Returns path, queue, status, exception type. */
    private const string FindById = "SELECT path, queue, status, exceptiontype FROM job_groups WHERE id = ?1";

    /* ?1 id, ?2 how many more jobs it has now. */
    private const string Add = "UPDATE job_groups SET count = count + ?2 WHERE id = ?1";

    /* ?1 tags (JSON array), ?2 job, ?3 group, ?4 new group. They keep job_tags in step. */
    private const string AddTags = "INSERT OR IGNORE INTO job_tags (tag, grp, job) SELECT value, ?3, ?2 FROM json_each(?1)";
    private const string RemoveTags = "DELETE FROM job_tags WHERE tag IN (SELECT value FROM json_each(?1)) AND grp = ?3 AND job = ?2";
    private const string MoveTags =
        "UPDATE job_tags SET grp = ?4 WHERE tag IN (SELECT value FROM json_each(?1)) AND grp = ?3 AND job = ?2";

    /* Removes groups that have no job. Their numbers are never given again. */
    private const string DeleteEmpty = "DELETE FROM job_groups WHERE count = 0";

    private readonly Dictionary<JobGroupKey, JobGroup> _byKey = [];
    private readonly Dictionary<long, JobGroup> _byId = [];
    private readonly Dictionary<long, long> _changes = [];

    /// <summary>The group of a number that a job's row carries.</summary>
    public JobGroup Of(long id)
    {
        if (_byId.TryGetValue(id, out var group))
        {
            return group;
        }

        var find = session.Prepare(FindById).Bind(1, id);
        if (!find.Step())
        {
            throw new InvalidDataException($"The job group {id} is missing: the database is damaged.");
        }

        var exceptionType = find.Text(3);
        var key = new JobGroupKey(
            find.Text(0), new QueueName(find.Text(1)), (JobStatus)find.Number(2), exceptionType.Length == 0 ? null : exceptionType);
        find.Reset();
        return Remember(new JobGroup(id, key));
    }

    /// <summary>The group of a key, made when it is not there.</summary>
    public JobGroup Of(JobGroupKey key)
    {
        if (_byKey.TryGetValue(key, out var group))
        {
            return group;
        }

        var id = Bind(FindByKey, key).Scalar();
        if (id is null)
        {
            id = Bind(Insert, key).Scalar() ?? throw new InvalidDataException("A new row has a number.");
        }

        return Remember(new JobGroup(id.Value, key));
    }

    /// <summary>A job is new in a group.</summary>
    /// <param name="tags">JSON array; null: it has none.</param>
    public void Enter(JobId job, string? tags, JobGroup group)
    {
        Change(group, 1);
        if (tags is not null)
        {
            session.Prepare(AddTags).Bind(1, tags).Bind(2, job).Bind(3, group.Id).Execute();
        }
    }

    /// <summary>A job has gone from one group to another.</summary>
    /// <param name="tags">JSON array; null: it has none.</param>
    public void Move(JobId job, string? tags, JobGroup from, JobGroup to)
    {
        Change(from, -1);
        Change(to, 1);
        if (tags is not null && from != to)
        {
            session.Prepare(MoveTags).Bind(1, tags).Bind(2, job).Bind(3, from.Id).Bind(4, to.Id).Execute();
        }
    }

    /// <summary>A job is gone.</summary>
    /// <param name="tags">JSON array; null: it had none.</param>
    public void Leave(JobId job, string? tags, JobGroup group)
    {
        Change(group, -1);
        if (tags is not null)
        {
            session.Prepare(RemoveTags).Bind(1, tags).Bind(2, job).Bind(3, group.Id).Execute();
        }
    }

    public void Flush()
    {
        foreach (var (id, change) in _changes)
        {
            if (change != 0)
            {
                session.Prepare(Add).Bind(1, id).Bind(2, change).Execute();
            }
        }

        _changes.Clear();
    }

    /// <summary>Removes groups without jobs, so that names that are no longer used cost nothing.</summary>
    public void RemoveEmpty()
    {
        Flush();
        session.Prepare(DeleteEmpty).Execute();
        Forget();
    }

    public void Forget()
    {
        _byKey.Clear();
        _byId.Clear();
        _changes.Clear();
    }

    private void Change(JobGroup group, int by) => CollectionsMarshal.GetValueRefOrAddDefault(_changes, group.Id, out _) += by;

    private SqliteStatement Bind(string sql, JobGroupKey key) => session.Prepare(sql)
        .Bind(1, key.Path).Bind(2, key.Queue.Value).Bind(3, (long)key.Status).Bind(4, key.ExceptionType ?? "");

    private JobGroup Remember(JobGroup group)
    {
        _byKey[group.Key] = group;
        _byId[group.Id] = group;
        return group;
    }
}
