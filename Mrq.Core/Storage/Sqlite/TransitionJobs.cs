using Mrq.Jobs;
using Mrq.Storage.Filtering;

namespace Mrq.Storage.Sqlite;

/// <summary>Guarded changes of many jobs: first all are read and judged, then all are written.</summary>
internal static class TransitionJobs
{
    /* ?1 job. Returns status, group, worker, unique key, tags, when its abort was requested, priority. */
    private const string Find = "SELECT status, grp, worker, unique_key, tags, abort_requested, priority FROM jobs WHERE id = ?1";

    /*
       ?1 job, ?2 status, ?3 group, ?4 queue, ?5 now (unix ms), ?6 dateexpires (unix ms), ?7 1: back to its queue, ?8 1: reset,
       ?9 1: with a reason, ?10 exception type (kept, cleared or new, as the group has it), ?11 the reason's message, ?12 expires_at (unix ms; NULL: it stays),
       ?13 1: expires_at no longer counts.
    */
    private const string Change = """
        UPDATE jobs SET status = ?2, grp = ?3, queue = ?4, dateupdated = ?5, dateexpires = max(?6, coalesce(unique_until, ?6)), dateretry = NULL, abort_requested = NULL,
            datequeued = iif(?7, ?5, datequeued),
            run_at = iif(?7, NULL, run_at),
            expires_at = iif(?13, NULL, coalesce(?12, expires_at)),
            exceptiontype = ?10,
            exceptionmessage = iif(?9, ?11, iif(?8, NULL, exceptionmessage)),
            traceback = iif(?8 OR ?9, NULL, traceback),
            retry_count = iif(?8, 0, retry_count),
            result = iif(?8, NULL, result),
            progress = iif(?8, NULL, progress),
            progress_text = iif(?8, NULL, progress_text),
            totaltime = iif(?8, NULL, totaltime),
            time = iif(?8, NULL, time),
            switches = iif(?8, NULL, switches),
            allocated = iif(?8, NULL, allocated),
            memory_diff = iif(?8, NULL, memory_diff)
        WHERE id = ?1
        """;

    private readonly record struct Source(JobId Id, JobGroup Group, string? UniqueKey, string? Tags, int Priority);

    /// <summary>The changed jobs, or the exception to throw: thrown here it would undo what others do in the same transaction.</summary>
    public static (IReadOnlyList<TransitionedJob> Changed, UniqueKeyTakenException? Taken) Run(
        WriteTransaction transaction, JobTransition transition)
    {
        var sources = FindSources(transaction, transition);
        if (FindTakenKey(transaction, transition.To, sources) is { } taken)
        {
            return ([], taken);
        }

        var changed = new List<TransitionedJob>(sources.Count);
        foreach (var source in sources)
        {
            changed.Add(Apply(transaction, transition, source));
        }

        return (changed, null);
    }

    private static List<Source> FindSources(WriteTransaction transaction, JobTransition transition)
    {
        var allowed = transition.From & JobTransitions.SourcesOf(transition.To);
        var sources = new List<Source>(transition.Jobs.Count);
        var seen = new HashSet<JobId>(transition.Jobs.Count);
        var find = transaction.Prepare(Find);
        foreach (var id in transition.Jobs)
        {
            if (!seen.Add(id) || !find.Bind(1, id).Step())
            {
                continue;
            }

            var status = (JobStatus)find.Number(0);
            var isToBeAborted = status == JobStatus.Started && transition.To == JobStatus.Queued && !find.IsNull(5);
            if (allowed.Contains(status) && !isToBeAborted &&
                (transition.Worker is not { } worker || find.TextOrNull(2) == worker.Value))
            {
                sources.Add(new Source(id, transaction.Jobs.Of(find.Number(1)), find.TextOrNull(3), find.TextOrNull(4), (int)find.Number(6)));
            }

            find.Reset();
        }

        return sources;
    }

    private static UniqueKeyTakenException? FindTakenKey(WriteTransaction transaction, JobStatus to, List<Source> sources)
    {
        if (!JobStatuses.Live.Contains(to))
        {
            return null;
        }

        var holders = new Dictionary<string, JobId>(StringComparer.Ordinal);
        foreach (var (id, _, key, _, _) in sources)
        {
            if (key is null)
            {
                continue;
            }

            // Who has it now; else who of this very change gets it.
            var holder = InsertJobs.Holder(transaction, InsertJobs.FindByUniqueKey, key) ?? holders.GetValueOrDefault(key, id);
            if (holder != id)
            {
                return new UniqueKeyTakenException(key, holder);
            }

            holders[key] = id;
        }

        return null;
    }

    private static TransitionedJob Apply(WriteTransaction transaction, JobTransition transition, Source source)
    {
        var from = source.Group.Key;
        var exceptionType = transition.Reason is { } reason ? reason.Type : transition.Reset ? null : from.ExceptionType;
        var to = transaction.Jobs.Of(new JobGroupKey(from.Path, transition.Queue ?? from.Queue, transition.To, exceptionType));
        transaction.Prepare(Change)
            .Bind(1, source.Id)
            .Bind(2, (long)transition.To)
            .Bind(3, to.Id)
            .Bind(4, to.Key.Queue.Value)
            .Bind(5, transition.At)
            .Bind(6, transition.DateExpires)
            .Bind(7, transition.To == JobStatus.Queued ? 1 : 0)
            .Bind(8, transition.Reset ? 1 : 0)
            .Bind(9, transition.Reason is null ? 0 : 1)
            .Bind(10, exceptionType)
            .Bind(11, transition.Reason?.Message)
            .Bind(12, transition.ExpiresAt)
            .Bind(13, transition.ForgetsExpiry ? 1 : 0)
            .Execute();
        transaction.Jobs.Move(source.Id, source.Tags, source.Group, to);
        return new TransitionedJob(source.Id, from.Status, from.Queue, to.Key.Queue, source.Priority);
    }
}
