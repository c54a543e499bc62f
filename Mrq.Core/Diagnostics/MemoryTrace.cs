using System.Globalization;
using Microsoft.Extensions.Logging;
using Mrq.Jobs;

namespace Mrq.Diagnostics;

/// <summary>Measures what is alive before and after a job.</summary>
/// <param name="watch">Tells of which types it is; null: nobody does.</param>
internal sealed partial class MemoryTrace(IMemoryWatch? watch)
{
    private readonly Lock _gate = new();
    private int _running;

    // Since the first of those that run began.
    private bool _isShared;
    private long _before;

    /// <summary>A job is about to begin.</summary>
    public void Begin(ILogger log)
    {
        if (IsAlone())
        {
            watch?.BeforeJob(log);
            // Last, so that what the watch keeps is there before and after.
            _before = CountAlive();
        }

        bool IsAlone()
        {
            lock (_gate)
            {
                _isShared = _running++ > 0;
                return !_isShared;
            }
        }
    }

    /// <summary>That job has ended: bytes alive now and not before. Null: another ran beside it, and nobody can tell whose they are.</summary>
    /// <param name="result">What it returned, which lives until it is stored.</param>
    public long? End(Job job, string? result, ILogger log)
    {
        try
        {
            long? diff = IsShared() ? null : CountAlive() - _before - (result is null ? 0 : result.Length * sizeof(char));
            if (diff is not { } more || IsShared())
            {
                LogShared(log);
                return null;
            }

            LogDiff(log, string.Create(CultureInfo.InvariantCulture, $"{Math.Abs(more) / 1000.0:N1} kB {(more < 0 ? "less" : "more")}"));
            watch?.AfterJob(job, log);
            return more;
        }
        finally
        {
            // Not before all is measured: the watch is for one job at a time, and one that was forsaken ends while another begins.
            lock (_gate)
            {
                _running--;
            }
        }
    }

    private bool IsShared()
    {
        lock (_gate)
        {
            return _isShared;
        }
    }

    private static long CountAlive()
    {
        // Twice: objects with finalizers are gone after their second.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
        return GC.GetTotalMemory(forceFullCollection: false);
    }

    [LoggerMessage(2111, LogLevel.Information, "Memory: {Difference} is alive than before this job")]
    private static partial void LogDiff(ILogger logger, string difference);

    [LoggerMessage(2112, LogLevel.Warning, "Memory: not measured, for another job ran at the same time, or one goes on after its timeout or abort")]
    private static partial void LogShared(ILogger logger);
}
