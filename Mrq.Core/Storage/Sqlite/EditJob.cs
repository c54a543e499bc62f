using Mrq.Jobs;

namespace Mrq.Storage.Sqlite;

/// <summary>Changes a job that waits.</summary>
internal static class EditJob
{
    /* ?1 job. Returns status, group, tags, priority, params. */
    private const string Find = "SELECT status, grp, tags, priority, params FROM jobs WHERE id = ?1";

    /* ?1 job, ?2 group, ?3 queue, ?4 params or NULL, ?5 now (unix ms). */
    private const string Change = "UPDATE jobs SET grp = ?2, queue = ?3, params = coalesce(?4, params), dateupdated = ?5 WHERE id = ?1";

    public static TransitionedJob? Run(WriteTransaction transaction, JobEdit edit)
    {
        var find = transaction.Prepare(Find).Bind(1, edit.Job);
        if (!find.Step())
        {
            return null;
        }

        var (status, group, tags, priority) = ((JobStatus)find.Number(0), find.Number(1), find.TextOrNull(2), (int)find.Number(3));
        var isMeant = edit.Means(status, find.Text(4));
        find.Reset();
        if (!isMeant || !JobStatuses.Waiting.Contains(status))
        {
            return null;
        }

        var from = transaction.Jobs.Of(group);
        var to = transaction.Jobs.Of(from.Key with { Queue = edit.Queue ?? from.Key.Queue });
        transaction.Prepare(Change).Bind(1, edit.Job).Bind(2, to.Id).Bind(3, to.Key.Queue.Value).Bind(4, edit.Params).Bind(5, edit.At).Execute();
        transaction.Jobs.Move(edit.Job, tags, from, to);
        return new TransitionedJob(edit.Job, status, from.Key.Queue, to.Key.Queue, priority);
    }
}
