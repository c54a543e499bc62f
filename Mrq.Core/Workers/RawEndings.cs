using Microsoft.Extensions.Logging;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Workers;

/// <summary>Records the ends of raw jobs that have no document: their queue said not to store their start. What it does not leave out gets its document now.</summary>
internal sealed partial class RawEndings(IJobStore jobs, EntriesInFlight inFlight, ILogger<RawEndings> logger, TimeProvider time)
{
    private readonly StoreRetries _retries = new(time);

    /// <summary>
    /// Stores what is to be stored of these ends, then takes their entries out of flight. An entry whose end the store refuses, and refuses bare,
    /// is set aside.
    /// </summary>
    public async Task RecordAsync(IReadOnlyList<EndedRun> ended, CancellationToken giveUp)
    {
        var toStore = ended.Where(e => !e.Run.IsDisowned && !e.Run.SkipsStorageOf(e.Completion.Status)).ToList();
        var refused = toStore.Count == 0 ? [] : await StoreAsync(toStore, giveUp);
        var lost = refused.Select(rejection => rejection.Job).ToHashSet();
        foreach (var (run, _, _) in ended)
        {
            run.SettleEntry();
        }

        // In this order: an entry that is out of flight without its document is lost.
        await inFlight.RejectAsync(refused);
        await inFlight.ForgetAsync([.. ended.Select(e => e.Run.Job.Id).Where(id => !lost.Contains(id))]);
    }

    /// <summary>Answers with those of which the store takes no document at all.</summary>
    private async Task<List<Rejection>> StoreAsync(List<EndedRun> ended, CancellationToken giveUp)
    {
        try
        {
            await InsertAsync(ended, giveUp);
            return [];
        }
        catch (Exception e) when (e is not OperationCanceledException && ended.Count > 1)
        {
            // One of them is what the store cannot take: the others must not wait for it.
            var refused = new List<Rejection>();
            foreach (var one in ended)
            {
                refused.AddRange(await StoreAsync([one], giveUp));
            }

            return refused;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return await StoreBareAsync(ended[0], e, giveUp);
        }
    }

    private async Task<List<Rejection>> StoreBareAsync(EndedRun refused, Exception reason, CancellationToken giveUp)
    {
        var job = refused.Run.Job;
        LogNotTaken(job.Id, job.Path, reason);
        try
        {
            await InsertAsync([refused with { Completion = refused.Completion.Bare(reason) }], giveUp);
            return [];
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogSetAside(job.Id, job.Path, e);
            return [new Rejection(job.Id, $"Its job ran and ended as {JobStatuses.NameOf(refused.Completion.Status)}; the store does not take its document: {e.Message}")];
        }
    }

    private async Task InsertAsync(List<EndedRun> ended, CancellationToken giveUp)
    {
        await _retries.UntilTakenAsync(
            () => jobs.InsertAsync([.. ended.Select(e => DocumentOf(e.Run.Job, e.Completion))], giveUp), (delay, e) => LogStoreAway(ended.Count, delay, e), giveUp);
        foreach (var (run, _, _) in ended)
        {
            // After the document: lines of a job that is not there are not kept.
            run.HeldLog?.WriteHeld();
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
            TracebackHistory = end is { Failure: { } failure, IsPostponed: false } ? [failure] : [],
            Postponed = job.Postponed + (end.IsPostponed ? 1 : 0),
            ExpiresAt = end.IsPostponed ? job.ExpiresAt : null,
            // An attempt that has not begun is none: the rates count those that have a time.
            TotalTime = end.IsPostponed ? null : end.TotalTime,
            Usage = end.Usage,
            Progress = end.Progress,
        };
    }

    [LoggerMessage(2341, LogLevel.Warning, "The ends of {Count} raw jobs could not be stored; the next try is in {Delay}")]
    private partial void LogStoreAway(int count, TimeSpan delay, Exception exception);

    [LoggerMessage(2342, LogLevel.Error, "The store does not take the end of raw job {JobId} of {Path}")]
    private partial void LogNotTaken(JobId jobId, string path, Exception exception);

    [LoggerMessage(2343, LogLevel.Error, "The store takes no document of raw job {JobId} of {Path}; its entry is set aside")]
    private partial void LogSetAside(JobId jobId, string path, Exception exception);
}
