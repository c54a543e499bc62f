using Microsoft.Extensions.Logging;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Workers;

/// <summary>
/// Ends the runs whose jobs were given to others while this worker was taken for dead: they must not run twice for longer than need be.
/// </summary>
internal sealed partial class LostRuns(
    WorkerId worker, JobsInHand inHand, EntriesInFlight inFlight, IJobQueries queries, MrqOptions mrq, ILogger<LostRuns> logger)
{
    /// <summary>Called with the first report after others failed. A store that is away again is logged.</summary>
    public async Task DropAsync()
    {
        try
        {
            await DropJobsAsync();
            await DropEntriesAsync();
        }
        catch (Exception e)
        {
            LogNotKnown(worker, e);
        }
    }

    private async Task DropJobsAsync()
    {
        var runs = inHand.All.Where(r => !r.IsInFlight).ToList();
        var documents = (await queries.GetAsync([.. runs.Select(r => r.Job.Id)], withPayload: false, CancellationToken.None)).ToDictionary(j => j.Id);
        foreach (var run in runs.Where(r => !IsOurs(documents.GetValueOrDefault(r.Job.Id), r)))
        {
            LogLost(run.Job.Id, run.Job.Path);
            run.Stop(StopCause.Interrupt, mrq.AbortGrace);
        }
    }

    private async Task DropEntriesAsync()
    {
        // First those in hand, then those in flight: what is taken meanwhile is not among them.
        var runs = inHand.All.Where(r => r.IsInFlight).ToList();
        var taken = runs.Count == 0 ? [] : await inFlight.ListAsync(CancellationToken.None);
        foreach (var run in runs.Where(r => r.IsInFlight && !taken.Contains(r.Job.Id)))
        {
            LogLost(run.Job.Id, run.Job.Path);
            run.Disown(mrq.AbortGrace);
        }
    }

    /// <summary>The document is still this attempt's: it runs, or has just ended here. One that was given back waits, until another takes it with its next attempt.</summary>
    private bool IsOurs(Job? document, JobRun run) =>
        document is { Status: not (JobStatus.Queued or JobStatus.Scheduled or JobStatus.Cancel) }
        && document.Worker == worker && document.Attempt == run.Job.Attempt;

    [LoggerMessage(2007, LogLevel.Warning, "Job {JobId} of {Path} is no longer this worker's: it was silent for too long. Its run here is ended, what it still gives is refused")]
    private partial void LogLost(JobId jobId, string path);

    [LoggerMessage(2009, LogLevel.Warning, "Worker {Worker} was silent and cannot see which of its jobs others were given; what it still gives of those is refused")]
    private partial void LogNotKnown(WorkerId worker, Exception exception);
}
