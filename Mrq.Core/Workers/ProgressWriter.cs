using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Mrq.Storage;

namespace Mrq.Workers;

/// <summary>Stores the progress of running jobs a few times a second, however often the tasks report it.</summary>
internal sealed partial class ProgressWriter(
    WorkerId worker, IJobStore jobs, ICoordination coordination, ILogger<ProgressWriter> logger, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private readonly ConcurrentDictionary<JobRun, bool> _changed = new();
    private readonly WakeUp _reported = new(time);

    public void Report(JobRun run, double progress, string? text)
    {
        run.SetProgress(progress, text);
        if (_changed.TryAdd(run, true))
        {
            _reported.Set();
        }
    }

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await _reported.WaitAsync(TimeSpan.FromMinutes(1), stop);
            await WriteAsync();
            await new WakeUp(time).WaitAsync(Pause, stop);
        }
    }

    private async Task WriteAsync()
    {
        var batch = new List<JobProgress>();
        foreach (var run in _changed.Keys)
        {
            _changed.TryRemove(run, out _);
            if (run.TakeProgress(worker) is { } progress)
            {
                batch.Add(progress);
            }
        }

        if (batch.Count == 0)
        {
            return;
        }

        try
        {
            await jobs.SetProgressAsync(batch, CancellationToken.None);
            coordination.Publish(Changes.Jobs);
        }
        catch (Exception e)
        {
            // The next report of each task brings the newer number; the end of the job brings the last.
            LogNotStored(batch.Count, e);
        }
    }

    [LoggerMessage(2401, LogLevel.Warning, "The progress of {Count} jobs was not stored; their next report will be")]
    private partial void LogNotStored(int count, Exception exception);
}
