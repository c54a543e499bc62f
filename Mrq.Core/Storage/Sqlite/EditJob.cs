using Mrq.Jobs;
using Mrq.Queues;

namespace Mrq.Storage.Sqlite;

/// <summary>Changes a job that waits.</summary>
internal static class EditJob
{
    /* ?1 job. Returns status, group, tags, priority. */
    private const string Find = "SELECT status, grp, tags, priority FROM jobs WHERE id = ?1";

    /* ?1 job, ?2 group, ?3 queue, ?4 params or NULL, ?5 now (unix ms). */
    private const string Change = "UPDATE jobs SET grp = ?2, queue = ?3, params = coalesce(?4, params), dateupdated = ?5 WHERE id = ?1";

    public static TransitionedJob? Run(WriteTransaction transaction, JobId job, string? parameters, QueueName? queue, DateTimeOffset now)
    {
        var find = transaction.Prepare(Find).Bind(1, job);
        if (!find.Step())
        {
            return null;
        }

        var (status, group, tags, priority) = ((JobStatus)find.Number(0), find.Number(1), find.TextOrNull(2), (int)find.Number(3));
        find.Reset();
        if (!JobStatuses.Waiting.Contains(status))
        {
            return null;
        }

        var from = transaction.Jobs.Of(group);
        var to = transaction.Jobs.Of(from.Key with { Queue = queue ?? from.Key.Queue });
        transaction.Prepare(Change).Bind(1, job).Bind(2, to.Id).Bind(3, to.Key.Queue.Value).Bind(4, parameters).Bind(5, now).Execute();
        transaction.Jobs.Move(job, tags, from, to);
        return new TransitionedJob(job, status, from.Key.Queue, to.Key.Queue, priority);
    }
}
