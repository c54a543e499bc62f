using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Mrq.Batches;
using Mrq.Diagnostics;
using Mrq.Jobs;
using Mrq.Maintenance;
using Mrq.Storage;

namespace Mrq.Workers;

/// <summary>An attempt that ended, on its way to the store.</summary>
/// <param name="Slots">Keys of the concurrency slots that it held.</param>
internal sealed record EndedRun(JobRun Run, JobCompletion Completion, IReadOnlyList<string> Slots);

/// <summary>
/// Records ended attempts, as many in one write as ended during the last one. The end of a job is recorded here and nowhere
/// else; while the store is away it is tried again for as long as it takes, because a lost completion would run the job twice.
/// </summary>
internal sealed partial class CompletionWriter(
    IJobStore jobs, ICoordination coordination, RequeueJobs requeue, JobChains chains, BatchEnds batches, RawEndings rawEndings, JobsInHand inHand, ILogger<CompletionWriter> logger, TimeProvider time)
{
    private const int BatchSize = 1000;

    private readonly StoreRetries _retries = new(time);

    // Bounded: while the store is away, slots wait here instead of running ahead of what can be recorded.
    private readonly Channel<EndedRun> _ended = Channel.CreateBounded<EndedRun>(new BoundedChannelOptions(5000) { SingleReader = true });

    /// <summary><see cref="WorkerReport.DoneJobs"/> and <see cref="WorkerReport.FailedJobs"/> so far.</summary>
    public (long Done, long Failed) Totals { get; private set; }

    public ValueTask WriteAsync(EndedRun ended) => _ended.Writer.WriteAsync(ended, CancellationToken.None);

    /// <summary>No more will come; <see cref="RunAsync"/> ends after the last.</summary>
    public void Complete() => _ended.Writer.TryComplete();

    /// <summary>Writes until <see cref="Complete"/>, or until it must give up: then the jobs are found by their worker's silence.</summary>
    public async Task RunAsync(CancellationToken giveUp)
    {
        var batch = new List<EndedRun>(BatchSize);
        while (await _ended.Reader.WaitToReadAsync(giveUp))
        {
            batch.Clear();
            while (batch.Count < BatchSize && _ended.Reader.TryRead(out var ended))
            {
                batch.Add(ended);
            }

            await RecordAsync(batch, giveUp);
        }
    }

    private async Task RecordAsync(List<EndedRun> batch, CancellationToken giveUp)
    {
        var recorded = await RecordEndsAsync(batch, giveUp);
        var (done, failed) = Totals;
        var dueNow = new List<JobRun>();
        var ended = new Dictionary<JobId, Ending>();
        var inBatches = new HashSet<JobId>();
        var followed = new List<JobRun>();
        var leaves = new List<Task>();
        for (var i = 0; i < batch.Count; i++)
        {
            var (run, completion, slots) = batch[i];
            JobMetrics.Became(completion.Status, completion.Queue);
            done += completion.IsPostponed ? 0 : 1;
            failed += completion.Status is JobStatus.Failed or JobStatus.Timeout or JobStatus.MaxRetries ? 1 : 0;
            if (completion.IsPostponed)
            {
                inHand.DidNotBegin();
            }

            if (!recorded[i])
            {
                // Its slots are those of the attempt that has the job now.
                LogRefused(completion.Id, JobStatuses.NameOf(completion.Status));
                inHand.Remove(run);
                continue;
            }

            leaves.AddRange(slots.Select(slot => TryAsync(() => coordination.LeaveAsync(slot, completion.Id, giveUp))));
            // In hand until it, or what comes after it, waits: a worker that ends when nothing is left to do must see it in one place or the other.
            if (completion.Status == JobStatus.Retry && completion.DateRetry <= completion.At)
            {
                dueNow.Add(run);
            }
            else if (JobStatuses.Final.Contains(completion.Status) && NoteWhoWaits(run.Job, completion, ended, inBatches))
            {
                followed.Add(run);
            }
            else
            {
                inHand.Remove(run);
            }
        }

        await Task.WhenAll(leaves);

        Totals = (done, failed);
        coordination.Publish(Changes.Jobs);
        if (ended.Count > 0)
        {
            await TryAsync(() => chains.GoOnAsync(ended, giveUp));
        }

        if (inBatches.Count > 0)
        {
            await TryAsync(() => batches.SettleAsync([.. inBatches], giveUp));
        }

        followed.ForEach(inHand.Remove);
        if (dueNow.Count > 0)
        {
            await TryAsync(() => requeue.PromoteAsync([.. dueNow.Select(run => run.Job.Id)], giveUp));
            dueNow.ForEach(inHand.Remove);
        }
    }

    /// <summary>False: nobody waits for the end of this job.</summary>
    private static bool NoteWhoWaits(Job job, JobCompletion completion, Dictionary<JobId, Ending> ended, HashSet<JobId> inBatches)
    {
        if (job.Next is { } next)
        {
            ended[next] = new Ending(completion.Status, completion.Result);
        }

        if (job.Batch is { } batch)
        {
            inBatches.Add(batch);
        }

        return job.Next is not null || job.Batch is not null;
    }

    /// <summary>Answers in the order of the batch whether each end was recorded.</summary>
    private async Task<IReadOnlyList<bool>> RecordEndsAsync(List<EndedRun> batch, CancellationToken giveUp)
    {
        var inFlight = batch.FindAll(e => e.Run.IsInFlight);
        if (inFlight.Count == 0)
        {
            return await PersistAsync([.. batch.Select(e => e.Completion)], giveUp);
        }

        await rawEndings.RecordAsync(inFlight, giveUp);
        var stored = batch.FindAll(e => !e.Run.IsInFlight);
        var recorded = stored.Count == 0 ? [] : await PersistAsync([.. stored.Select(e => e.Completion)], giveUp);
        var next = 0;
        return [.. batch.Select(e => e.Run.IsInFlight || recorded[next++])];
    }

    private async Task<IReadOnlyList<bool>> PersistAsync(IReadOnlyList<JobCompletion> completions, CancellationToken giveUp)
    {
        try
        {
            return await _retries.UntilTakenAsync(
                () => jobs.CompleteAsync(completions, giveUp), (delay, e) => LogStoreAway(completions.Count, delay, e), giveUp);
        }
        catch (Exception e) when (e is not OperationCanceledException && completions.Count > 1)
        {
            return await PersistEachAsync(completions, giveUp);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return [await PersistBareAsync(completions[0], e, giveUp)];
        }
    }

    // One of them is what the store cannot take: the others must not wait for it.
    private async Task<IReadOnlyList<bool>> PersistEachAsync(IReadOnlyList<JobCompletion> completions, CancellationToken giveUp)
    {
        var recorded = new bool[completions.Count];
        for (var i = 0; i < recorded.Length; i++)
        {
            recorded[i] = (await PersistAsync([completions[i]], giveUp))[0];
        }

        return recorded;
    }

    /// <summary>Records the end without what the task gave: the store refuses something of it, now and always.</summary>
    private async Task<bool> PersistBareAsync(JobCompletion refused, Exception reason, CancellationToken giveUp)
    {
        LogNotTaken(refused.Id, reason);
        try
        {
            return (await _retries.UntilTakenAsync(() => jobs.CompleteAsync([refused.Bare(reason)], giveUp), (delay, e) => LogStoreAway(1, delay, e), giveUp))[0];
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogNotTaken(refused.Id, e);
            return false;
        }
    }

    // What fails here is done later by maintenance: a due retry is promoted, a chain goes on, a batch ends, a slot's right runs out.
    private async Task TryAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (Exception e)
        {
            LogLeftToMaintenance(e);
        }
    }

    [LoggerMessage(2201, LogLevel.Warning, "The outcome '{Status}' of job {JobId} was refused: the job is no longer this attempt's")]
    private partial void LogRefused(JobId jobId, string status);

    [LoggerMessage(2202, LogLevel.Warning, "{Count} ended jobs could not be recorded; the next try is in {Delay}")]
    private partial void LogStoreAway(int count, TimeSpan delay, Exception exception);

    [LoggerMessage(2204, LogLevel.Error, "The store does not take the end of job {JobId}")]
    private partial void LogNotTaken(JobId jobId, Exception exception);

    [LoggerMessage(2203, LogLevel.Warning, "A step after the end of a job failed; maintenance does it later")]
    private partial void LogLeftToMaintenance(Exception exception);
}
