using Mrq.Diagnostics;

namespace Mrq.Dashboard.Api;

/// <summary>
/// Notes who queued how many jobs of which task, once a second: an entry for each of ten thousand jobs a second would cost as
/// much as the jobs themselves and tell less. What is not yet noted when the process dies is missing from the log, not from the queues.
/// </summary>
internal sealed partial class EnqueueAudit(Audit audit, TimeProvider time, ILogger<EnqueueAudit> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // Also at the stop, whose own token may be cancelled already.
    private static readonly TimeSpan LongestWrite = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private Dictionary<(string Who, string Path), long> _counts = [];

    public void Note(string who, string path, long count = 1)
    {
        lock (_lock)
        {
            _counts[(who, path)] = _counts.GetValueOrDefault((who, path)) + count;
        }
    }

    /// <summary>Writes what was noted since the last time. What cannot be written is kept for the next. Never throws.</summary>
    internal async Task WriteAsync()
    {
        using var limit = new CancellationTokenSource(LongestWrite, time);
        Exception? failure = null;
        long kept = 0;
        foreach (var ((who, path), count) in Take())
        {
            failure ??= await TryAppendAsync(who, path, count, limit.Token);
            if (failure is not null)
            {
                Note(who, path, count);
                kept += count;
            }
        }

        if (failure is not null)
        {
            LogNotWritten(kept, failure);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await WriteAsync();
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
        await WriteAsync();
    }

    private Dictionary<(string Who, string Path), long> Take()
    {
        lock (_lock)
        {
            (var counts, _counts) = (_counts, []);
            return counts;
        }
    }

    /// <summary>Null: it is written. Whatever a store throws must not end the host.</summary>
    private async Task<Exception?> TryAppendAsync(string who, string path, long count, CancellationToken cancellationToken)
    {
        try
        {
            await audit.AppendAsync(who, AuditActions.Enqueue, path, count, cancellationToken);
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    [LoggerMessage(4010, LogLevel.Warning, "The audit log misses until the next try, or for good at a stop, that {Count} jobs were queued")]
    private partial void LogNotWritten(long count, Exception exception);
}
