using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Workers;

/// <summary>
/// Stores the documents of raw jobs when slots take them, as many in one write as slots have taken during the last. Only then is an entry out of
/// flight: a process that dies before leaves it there, one that dies after leaves a started document.
/// </summary>
internal sealed partial class RawJobStarter(IJobStore jobs, EntriesInFlight inFlight, ILogger<RawJobStarter> logger, TimeProvider time)
{
    private const int BatchSize = 1000;

    private readonly StoreRetries _retries = new(time);
    private readonly Channel<Starting> _starting = Channel.CreateUnbounded<Starting>(new UnboundedChannelOptions { SingleReader = true });

    private sealed record Starting(JobRun Run, Job Document, TaskCompletionSource<bool> Done);

    /// <summary>True: the job has what it needs to run. False: it must not, it was told to end or is not needed; its entry is in good hands.</summary>
    public async ValueTask<bool> TryStartAsync(JobRun run)
    {
        if (!run.IsInFlight || run.SkipsStorageOf(JobStatus.Started))
        {
            return true;
        }

        var starting = new Starting(
            run, run.Job with { DateStarted = time.GetUtcNow() }, new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
        _starting.Writer.TryWrite(starting);
        try
        {
            return await starting.Done.Task.WaitAsync(run.Token);
        }
        catch (OperationCanceledException)
        {
            // The worker ends while the store is away. In flight or started, the job is found by this worker's silence.
            return false;
        }
    }

    /// <summary>No more will come; <see cref="RunAsync"/> ends after the last.</summary>
    public void Complete() => _starting.Writer.TryComplete();

    public async Task RunAsync(CancellationToken giveUp)
    {
        var batch = new List<Starting>();
        while (await _starting.Reader.WaitToReadAsync(giveUp))
        {
            batch.Clear();
            while (batch.Count < BatchSize && _starting.Reader.TryRead(out var starting))
            {
                batch.Add(starting);
            }

            await StoreAsync(batch, giveUp);
        }
    }

    private async Task StoreAsync(List<Starting> batch, CancellationToken giveUp)
    {
        try
        {
            var inserted = await _retries.UntilTakenAsync(
                () =>
                {
                    // While the store was away their entries may have been given to others.
                    batch.RemoveAll(s => s.Run.IsDisowned);
                    // Repeated after a lost answer it finds the documents by their ids and makes no second ones.
                    return jobs.InsertAsync([.. batch.Select(s => s.Document)], CancellationToken.None);
                },
                (delay, e) => LogStoreAway(batch.Count, delay, e),
                giveUp);
            for (var i = 0; i < inserted.Count; i++)
            {
                var (run, document, done) = batch[i];
                if (inserted[i].Existing is null)
                {
                    run.Stored(document);
                }
                else
                {
                    LogTaken(document.Path, inserted[i].Id);
                    run.SettleEntry();
                }

                done.TrySetResult(inserted[i].Existing is null);
            }

            await inFlight.ForgetAsync([.. batch.Select(s => s.Document.Id)]);
        }
        catch (Exception e) when (e is not OperationCanceledException && batch.Count > 1)
        {
            // One of them is what the store cannot take: the others must not wait for it.
            foreach (var one in batch.ToList())
            {
                await StoreAsync([one], giveUp);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await RejectAsync(batch[0], e);
        }
    }

    private async Task RejectAsync(Starting refused, Exception reason)
    {
        LogNotTaken(refused.Document.Path, reason);
        refused.Run.SettleEntry();
        await inFlight.RejectAsync([new Rejection(refused.Document.Id, $"The store does not take its document: {reason.Message}")]);
        refused.Done.TrySetResult(false);
    }

    [LoggerMessage(2331, LogLevel.Warning, "The documents of {Count} raw jobs could not be stored; the next try is in {Delay}")]
    private partial void LogStoreAway(int count, TimeSpan delay, Exception exception);

    [LoggerMessage(2332, LogLevel.Information, "A raw job of {Path} is not needed: job {JobId} has its key")]
    private partial void LogTaken(string path, JobId jobId);

    [LoggerMessage(2333, LogLevel.Error, "The store does not take the document of a raw job of {Path}; its entry is set aside")]
    private partial void LogNotTaken(string path, Exception exception);
}
