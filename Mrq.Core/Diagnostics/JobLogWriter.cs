using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mrq.Storage;

namespace Mrq.Diagnostics;

/// <summary>Stores the log lines of all jobs of this process, in order, many in one write. Tasks never wait for it.</summary>
internal sealed partial class JobLogWriter(IJobLogStore store, ICoordination coordination, ILogger<JobLogWriter> logger, TimeProvider time) : IHostedService
{
    private const int BatchSize = 1000;
    private const int MostWaiting = 100_000;
    private const int Tries = 5;
    private static readonly TimeSpan AfterError = TimeSpan.FromMilliseconds(500);

    private readonly Channel<JobLogLine> _lines = Channel.CreateUnbounded<JobLogLine>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Lock _gate = new();
    private readonly PriorityQueue<TaskCompletionSource, long> _waiters = new();
    private Task _writing = Task.CompletedTask;
    private long _accepted;
    private long _settled;
    private long _dropped;
    private volatile bool _isStopping;

    /// <summary>Hands a line over. Returns its number in the count of all lines of this process.</summary>
    public long Write(JobLogLine line)
    {
        lock (_gate)
        {
            // When the store is away for long, the newest lines are lost rather than the process's memory.
            if (_accepted - _settled >= MostWaiting)
            {
                _dropped++;
                return _accepted;
            }

            _lines.Writer.TryWrite(line);
            return ++_accepted;
        }
    }

    /// <summary>Completes when all lines of the sink are stored, or given up.</summary>
    public Task WaitWrittenAsync(JobLogSink sink)
    {
        lock (_gate)
        {
            if (sink.LastWritten <= _settled)
            {
                return Task.CompletedTask;
            }

            var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Enqueue(waiter, sink.LastWritten);
            return waiter.Task;
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _writing = RunAsync();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _isStopping = true;
        _lines.Writer.TryComplete();
        await _writing.WaitAsync(cancellationToken);
    }

    private async Task RunAsync()
    {
        var batch = new List<JobLogLine>(BatchSize);
        while (await _lines.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < BatchSize && _lines.Reader.TryRead(out var line))
            {
                batch.Add(line);
            }

            await StoreAsync(batch);
            Settle(batch.Count);
            coordination.Publish(Changes.Logs);
        }
    }

    // A store that is away comes back, and what waits meanwhile is bounded; what it refuses, or what is left when the process ends, is tried a few times.
    private async Task StoreAsync(List<JobLogLine> batch)
    {
        for (var failed = 0; failed < Tries;)
        {
            try
            {
                await store.AppendAsync(batch, CancellationToken.None);
                return;
            }
            catch (StorageUnavailableException e) when (e.Failure is not StorageFailure.ServerError && !_isStopping)
            {
                LogStoreAway(batch.Count, e);
            }
            catch (Exception e)
            {
                LogNotStored(batch.Count, ++failed, Tries, e);
            }

            await Task.Delay(AfterError, time, CancellationToken.None);
        }
    }

    private void Settle(int count)
    {
        lock (_gate)
        {
            _settled += count;
            while (_waiters.TryPeek(out var waiter, out var number) && number <= _settled)
            {
                _waiters.Dequeue();
                waiter.SetResult();
            }

            if (_dropped > 0 && _settled == _accepted)
            {
                LogDropped(_dropped);
                _dropped = 0;
            }
        }
    }

    [LoggerMessage(3001, LogLevel.Warning, "{Count} log lines of jobs were not stored (try {Attempt} of {Tries}); after the last they are lost")]
    private partial void LogNotStored(int count, int attempt, int tries, Exception exception);

    [LoggerMessage(3003, LogLevel.Warning, "{Count} log lines of jobs wait for the store, which is away; it is tried until they are stored")]
    private partial void LogStoreAway(int count, Exception exception);

    [LoggerMessage(3002, LogLevel.Error, "{Count} log lines of jobs were lost while the store was away")]
    private partial void LogDropped(long count);
}
