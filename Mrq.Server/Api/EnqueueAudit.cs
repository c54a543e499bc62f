using Mrq.Diagnostics;
using Mrq.Storage;

namespace Mrq.Server.Api;

/// <summary>
/// Notes who queued how many jobs of which task, once a second: an entry for each of ten thousand jobs a second would cost as
/// much as the jobs themselves and tell less. What is not yet noted when the process dies is missing from the log, not from the queues.
/// </summary>
internal sealed partial class EnqueueAudit(Audit audit, TimeProvider time, ILogger<EnqueueAudit> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private readonly Lock _lock = new();
    private Dictionary<(string Who, string Path), long> _counts = [];

    public void Note(string who, string path, long count = 1)
    {
        lock (_lock)
        {
            _counts[(who, path)] = _counts.GetValueOrDefault((who, path)) + count;
        }
    }

    /// <summary>Writes what was noted since the last time.</summary>
    internal async Task WriteAsync(CancellationToken cancellationToken)
    {
        Dictionary<(string Who, string Path), long> counts;
        lock (_lock)
        {
            (counts, _counts) = (_counts, []);
        }

        try
        {
            foreach (var ((who, path), count) in counts)
            {
                await audit.RecordAsync(who, "job.enqueue", path, count, cancellationToken);
            }
        }
        catch (StorageUnavailableException e)
        {
            LogNotWritten(counts.Values.Sum(), e);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await WriteAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The stop writes the rest.
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await WriteAsync(cancellationToken);
    }

    [LoggerMessage(4010, LogLevel.Warning, "The audit log misses that {Count} jobs were queued: the storage is away")]
    private partial void LogNotWritten(long count, Exception exception);
}
