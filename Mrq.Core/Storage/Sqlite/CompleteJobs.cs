using Mrq.Jobs;
using Mrq.Storage.Filtering;

namespace Mrq.Storage.Sqlite;

/// <summary>started → whatever the attempt ended in.</summary>
internal static class CompleteJobs
{
    /* ?1 job. Returns status, group, worker, attempt, tags. */
    private const string FindAttempt = "SELECT status, grp, worker, attempt, tags FROM jobs WHERE id = ?1";

    /* ?1 job. Returns the history of its failures. */
    private const string FindHistory = "SELECT traceback_history FROM jobs WHERE id = ?1";

    /*
       ?1 job, ?2 status, ?3 group, ?4 queue, ?5 end (unix ms), ?6 dateexpires (unix ms), ?7 dateretry (unix ms), ?8 retry
       count, ?9 result, ?10 exception type, ?11 message, ?12 traceback, ?13 run time (s), ?14 CPU time (s), ?15 progress or NULL,
       ?16 1: it has begun, ?17 switches, ?18 bytes allocated, ?19 more bytes alive.
    */
    private const string Complete = """
        UPDATE jobs SET status = ?2, grp = ?3, queue = ?4, dateupdated = ?5, dateexpires = ?6, dateretry = ?7, retry_count = ?8,
            result = ?9, exceptiontype = ?10, exceptionmessage = ?11, traceback = ?12, totaltime = ?13, time = ?14, switches = ?17, allocated = ?18, memory_diff = ?19,
            progress = coalesce(?15, progress), abort_requested = NULL, expires_at = iif(?16, NULL, expires_at),
            postponed = postponed + iif(?16, 0, 1)
        WHERE id = ?1
        """;

    /* ?1 job, ?2 history. */
    private const string SetHistory = "UPDATE jobs SET traceback_history = ?2 WHERE id = ?1";

    public static IReadOnlyList<bool> Run(WriteTransaction transaction, IReadOnlyList<JobCompletion> completions)
    {
        var answers = new bool[completions.Count];
        for (var i = 0; i < answers.Length; i++)
        {
            answers[i] = Run(transaction, completions[i]);
        }

        return answers;
    }

    private static bool Run(WriteTransaction transaction, JobCompletion completion)
    {
        var find = transaction.Prepare(FindAttempt).Bind(1, completion.Id);
        if (!find.Step())
        {
            return false;
        }

        var status = (JobStatus)find.Number(0);
        var group = find.Number(1);
        var isOurs = find.Number(3) == completion.Attempt && find.TextOrNull(2) == completion.Worker.Value;
        var tags = find.TextOrNull(4);
        find.Reset();
        if (!isOurs || status != JobStatus.Started)
        {
            // Ours and in the status that it was to get: this completion was committed before, but the answer was lost.
            return isOurs && status == completion.Status;
        }

        Record(transaction, completion, tags, transaction.Jobs.Of(group));
        return true;
    }

    private static void Record(WriteTransaction transaction, JobCompletion completion, string? tags, JobGroup from)
    {
        var failure = completion.Failure;
        var isRetry = completion.Status == JobStatus.Retry;
        var queue = isRetry && completion.RetryQueue is { } retryQueue ? retryQueue : from.Key.Queue;
        var to = transaction.Jobs.Of(new JobGroupKey(from.Key.Path, queue, completion.Status, failure?.ExceptionType));
        transaction.Prepare(Complete)
            .Bind(1, completion.Id)
            .Bind(2, (long)completion.Status)
            .Bind(3, to.Id)
            .Bind(4, queue.Value)
            .Bind(5, completion.At)
            .Bind(6, completion.DateExpires)
            .Bind(7, isRetry ? completion.DateRetry ?? completion.At : null)
            .Bind(8, completion.RetryCount)
            .Bind(9, completion.Result)
            .Bind(10, failure?.ExceptionType)
            .Bind(11, failure?.Message)
            .Bind(12, failure?.Traceback)
            .Bind(13, (double?)completion.TotalTime)
            .Bind(14, completion.Usage?.CpuTime)
            .Bind(15, completion.Progress)
            .Bind(16, completion.IsPostponed ? 0 : 1)
            .Bind(17, completion.Usage?.Switches)
            .Bind(18, completion.Usage?.Allocated)
            .Bind(19, completion.Usage?.MemoryDiff)
            .Execute();
        if (failure is not null && !completion.IsPostponed)
        {
            AppendToHistory(transaction, completion.Id, failure);
        }

        transaction.Jobs.Move(completion.Id, tags, from, to);
        if (!completion.IsPostponed)
        {
            transaction.Rates.Record(completion.At, completion.Queue, completion.Status, completion.TotalTime);
        }
    }

    private static void AppendToHistory(WriteTransaction transaction, JobId job, TracebackEntry failure)
    {
        var find = transaction.Prepare(FindHistory).Bind(1, job);
        var history = find.Step() ? SqliteTracebacks.Read(find, 0) : [];
        find.Reset();
        transaction.Prepare(SetHistory).Bind(1, job).Bind(2, SqliteTracebacks.Append(history, failure)).Execute();
    }
}
