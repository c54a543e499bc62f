using Mrq.Jobs;
using Mrq.Storage.Filtering;

namespace Mrq.Storage.Sqlite;

/// <summary>New documents.</summary>
internal static class InsertJobs
{
    /* ?1 job. Returns a row when it is there. */
    private const string Exists = "SELECT 1 FROM jobs WHERE id = ?1";

    /* ?1 key. Returns the id of the job that was made with it. */
    private const string FindByIdempotencyKey = "SELECT id FROM jobs WHERE idempotency_key = ?1";

    /* ?1 key, ?2 now (unix ms). */
    private const string FreeOverdueKey = "UPDATE jobs SET idempotency_key = NULL WHERE idempotency_key = ?1 AND unique_until <= ?2";

    /* ?1 key. Returns the id of the live job that holds it. The condition is that of the index. */
    public const string FindByUniqueKey = "SELECT id FROM jobs WHERE unique_key = ?1 AND status IN (0, 1, 4, 7, 11, 12)";

    public static IReadOnlyList<InsertedJob> Run(WriteTransaction transaction, IReadOnlyList<Job> jobs)
    {
        var answers = new List<InsertedJob>(jobs.Count);
        var insert = transaction.Prepare(SqliteJobRow.Insert);
        foreach (var job in jobs)
        {
            var group = transaction.Jobs.Of(new JobGroupKey(job.Path, job.Queue, job.Status, job.ExceptionType));
            var tags = SqliteJobRow.WriteTags(job.Tags);
            if (job.UniqueUntil is not null)
            {
                transaction.Prepare(FreeOverdueKey).Bind(1, job.IdempotencyKey).Bind(2, job.DateQueued).Execute();
            }

            if (SqliteJobRow.Bind(insert, job, tags, group).Execute() == 0)
            {
                answers.Add(FindTaken(transaction, job));
                continue;
            }

            transaction.Jobs.Enter(job.Id, tags, group);
            if (job.TotalTime is { } seconds && job.Status is not (JobStatus.Queued or JobStatus.Scheduled or JobStatus.Deferred or JobStatus.Started))
            {
                transaction.Rates.Record(job.DateUpdated, job.Queue, job.Status, seconds);
            }

            answers.Add(new InsertedJob(job.Id, Existing: null));
        }

        return answers;
    }

    private static InsertedJob FindTaken(WriteTransaction transaction, Job job)
    {
        // The same document again: its first insert was committed, but the answer was lost.
        if (transaction.Prepare(Exists).Bind(1, job.Id).Scalar() is not null)
        {
            return new InsertedJob(job.Id, Existing: null);
        }

        return Holder(transaction, FindByIdempotencyKey, job.IdempotencyKey) is { } same ? new InsertedJob(same, TakenKey.IdempotencyKey)
            : Holder(transaction, FindByUniqueKey, job.UniqueKey) is { } live ? new InsertedJob(live, TakenKey.UniqueKey)
            : throw new InvalidDataException($"Job {job.Id} could not be stored, and no other job holds its keys.");
    }

    /// <summary>The job that holds a key; null: none, or there is no key.</summary>
    public static JobId? Holder(WriteTransaction transaction, string find, string? key)
    {
        if (key is null)
        {
            return null;
        }

        var statement = transaction.Prepare(find).Bind(1, key);
        if (!statement.Step())
        {
            return null;
        }

        var id = statement.Id(0);
        statement.Reset();
        return id;
    }
}
