using Mrq.Batches;
using Mrq.Jobs;

namespace Mrq.Storage.Sqlite;

/// <summary>Deletes documents with all that hangs on them.</summary>
internal static class DeleteJobs
{
    /* ?1 job. Returns group, tags and priority; no row when it is gone or started. */
    private const string Find = "SELECT grp, tags, priority FROM jobs WHERE id = ?1 AND status <> 1";

    /* ?1 now (unix ms), ?2 how many. Returns ids and tags. */
    private const string FindExpired =
        "SELECT id, tags FROM jobs WHERE dateexpires IS NOT NULL AND dateexpires <= ?1 AND status <> 1 ORDER BY dateexpires LIMIT ?2";

    /* ?1 job, ?2 dateexpires (unix ms). */
    private const string Postpone = "UPDATE jobs SET dateexpires = ?2 WHERE id = ?1";

    /* ?1 job. */
    private const string Delete = "DELETE FROM jobs WHERE id = ?1";
    private const string DeleteLogs = "DELETE FROM job_logs WHERE job = ?1";

    /* ?1 time (unix ms). */
    private const string DeleteRates = "DELETE FROM rates WHERE span < ?1";

    /* Both: one integer, in pages of 4 KB. */
    private const string FreePages = "PRAGMA freelist_count";
    private const string AllPages = "PRAGMA page_count";

    /* Gives up to 1,000 free pages (4 MB) back to the disk: a few milliseconds of the writer. */
    private const string Shrink = "PRAGMA incremental_vacuum(1000)";

    /// <summary>Pages that are kept for what comes next, apart from a quarter of the file: giving them back only to ask for them again costs twice.</summary>
    private const long KeepPages = 4_000;

    public static IReadOnlyList<TransitionedJob> Run(WriteTransaction transaction, IReadOnlyList<JobId> jobs)
    {
        var deleted = new List<TransitionedJob>(jobs.Count);
        var find = transaction.Prepare(Find);
        var delete = transaction.Prepare(Delete);
        var deleteLogs = transaction.Prepare(DeleteLogs);
        foreach (var job in jobs)
        {
            if (!find.Bind(1, job).Step())
            {
                continue;
            }

            var (group, tags, priority) = (transaction.Jobs.Of(find.Number(0)), find.TextOrNull(1), (int)find.Number(2));
            find.Reset();
            delete.Bind(1, job).Execute();
            deleteLogs.Bind(1, job).Execute();
            transaction.Jobs.Leave(job, tags, group);
            deleted.Add(new TransitionedJob(job, group.Key.Status, group.Key.Queue, group.Key.Queue, priority));
        }

        return deleted;
    }

    public static int RunExpired(WriteTransaction transaction, DateTimeOffset now, int limit)
    {
        var expired = new List<JobId>();
        var inBatches = new List<(JobId Job, JobId Batch)>();
        var find = transaction.Prepare(FindExpired).Bind(1, now).Bind(2, limit);
        while (find.Step())
        {
            expired.Add(find.Id(0));
            if (!find.IsNull(1) && Batch.Of(SqliteJobRow.ReadTags(find.Utf8(1))) is { } batch)
            {
                inBatches.Add((find.Id(0), batch));
            }
        }

        var kept = PostponeOfOpenBatches(transaction, inBatches, now);
        expired.RemoveAll(kept.Contains);
        var deleted = kept.Count + Run(transaction, expired).Count;
        transaction.Prepare(DeleteRates).Bind(1, now - RateSpan.Keep).Execute();
        transaction.Jobs.RemoveEmpty();
        if (transaction.Prepare(FreePages).Scalar() > KeepPages + (transaction.Prepare(AllPages).Scalar() / 4))
        {
            transaction.Prepare(Shrink).Execute();
        }

        return deleted;
    }

    private static HashSet<JobId> PostponeOfOpenBatches(WriteTransaction transaction, List<(JobId Job, JobId Batch)> jobs, DateTimeOffset now)
    {
        var kept = new HashSet<JobId>();
        foreach (var batch in jobs.GroupBy(one => one.Batch, one => one.Job))
        {
            if (transaction.Prepare(SqliteBatchStore.IsOpen).Bind(1, batch.Key).Scalar() is not null)
            {
                kept.UnionWith(batch);
            }
        }

        foreach (var job in kept)
        {
            transaction.Prepare(Postpone).Bind(1, job).Bind(2, now + Batch.KeepsJobsFor).Execute();
        }

        return kept;
    }
}
