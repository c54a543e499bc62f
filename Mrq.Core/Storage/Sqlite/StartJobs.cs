using Mrq.Jobs;
using Mrq.Workers;

namespace Mrq.Storage.Sqlite;

/// <summary>queued → started.</summary>
internal static class StartJobs
{
    /* ?1 job, ?2 group, ?3 worker, ?4 now (unix ms), ?5 attempt. */
    private const string Start = """
        UPDATE jobs SET status = 1, grp = ?2, worker = ?3, datestarted = ?4, dateupdated = ?4, attempt = ?5,
            unique_key = iif(unique_while_queued, NULL, unique_key)
        WHERE id = ?1
        """;

    public static IReadOnlyList<Job> Run(WriteTransaction transaction, IReadOnlyList<JobId> jobs, WorkerId worker, DateTimeOffset now)
    {
        var started = new List<Job>(jobs.Count);
        var find = transaction.Prepare(SqliteJobRow.FindWithPayload);
        var start = transaction.Prepare(Start);
        // As the store will give it back.
        now = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds());
        foreach (var id in jobs)
        {
            if (!find.Bind(1, id).Step())
            {
                continue;
            }

            if (SqliteJobRow.ReadStatus(find) != JobStatus.Queued)
            {
                find.Reset();
                continue;
            }

            var from = transaction.Jobs.Of(SqliteJobRow.ReadGroup(find));
            var job = SqliteJobRow.Read(find, withPayload: true, from);
            var tags = SqliteJobRow.ReadTagsText(find);
            find.Reset();
            var to = transaction.Jobs.Of(from.Key with { Status = JobStatus.Started });
            start.Bind(1, id).Bind(2, to.Id).Bind(3, worker.Value).Bind(4, now).Bind(5, job.Attempt + 1).Execute();
            transaction.Jobs.Move(id, tags, from, to);
            started.Add(job with
            {
                Status = JobStatus.Started,
                Worker = worker,
                DateStarted = now,
                DateUpdated = now,
                Attempt = job.Attempt + 1,
                UniqueKey = job.IsUniqueWhileQueued ? null : job.UniqueKey,
            });
        }

        return started;
    }
}
