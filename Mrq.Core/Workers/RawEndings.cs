using Microsoft.Extensions.Logging;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Workers;

/// <summary>Records the ends of raw jobs that have no document: their queue said not to store their start. What it does not leave out gets its document now.</summary>
internal sealed partial class RawEndings(IJobStore jobs, EntriesInFlight inFlight, ILogger<RawEndings> logger, TimeProvider time)
{
    private readonly StoreRetries _retries = new(time);

    /// <summary>Stores what is to be stored of these ends, then takes all of their entries out of flight.</summary>
    public async Task RecordAsync(IReadOnlyList<EndedRun> ended, CancellationToken giveUp)
    {
        var stored = ended.Where(e => !e.Run.IsDisowned && !e.Run.SkipsStorageOf(e.Completion.Status)).ToList();
        if (stored.Count > 0)
        {
            await InsertAsync([.. stored.Select(e => DocumentOf(e.Run.Job, e.Completion))], giveUp);
            // After the document: lines of a job that is not there are not kept.
            stored.ForEach(e => e.Run.HeldLog?.WriteHeld());
        }

        // In this order: an entry that is out of flight without its document is lost.
        await inFlight.ForgetAsync([.. ended.Select(e => e.Run.Job.Id)]);
    }

    private async Task InsertAsync(List<Job> documents, CancellationToken giveUp)
    {
        try
        {
            await _retries.UntilTakenAsync(() => jobs.InsertAsync(documents, giveUp), (delay, e) => LogStoreAway(documents.Count, delay, e), giveUp);
        }
        catch (Exception e) when (e is not OperationCanceledException && documents.Count > 1)
        {
            foreach (var document in documents)
            {
                await InsertAsync([document], giveUp);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogNotTaken(documents[0].Id, documents[0].Path, e);
        }
    }

    private static Job DocumentOf(Job job, JobCompletion end)
    {
        var isRetry = end.Status == JobStatus.Retry;
        return job with
        {
            Status = end.Status,
            Queue = isRetry && end.RetryQueue is { } queue ? queue : job.Queue,
            DateStarted = end.At - TimeSpan.FromSeconds(end.TotalTime),
            DateUpdated = end.At,
            DateExpires = end.DateExpires,
            DateRetry = isRetry ? end.DateRetry ?? end.At : null,
            RetryCount = end.RetryCount,
            Result = end.Result,
            ExceptionType = end.Failure?.ExceptionType,
            ExceptionMessage = end.Failure?.Message,
            Traceback = end.Failure?.Traceback,
            TracebackHistory = end.Failure is { } failure ? [failure] : [],
            TotalTime = end.TotalTime,
            CpuTime = end.CpuTime,
            Progress = end.Progress,
        };
    }

    [LoggerMessage(2341, LogLevel.Warning, "The ends of {Count} raw jobs could not be stored; the next try is in {Delay}")]
    private partial void LogStoreAway(int count, TimeSpan delay, Exception exception);

    [LoggerMessage(2342, LogLevel.Error, "The store does not take the end of raw job {JobId} of {Path}")]
    private partial void LogNotTaken(JobId jobId, string path, Exception exception);
}
