namespace Mrq.Storage.Mongo.Driver;

/// <summary>
/// A fixed number of threads that run blocking calls, so that these never hold a thread of the pool. What does not fit into the queue waits
/// asynchronously for room.
/// </summary>
internal sealed class MongoThreads : IAsyncDisposable
{
    private readonly object _gate = new();
    private readonly Queue<IWork> _queue = [];
    private readonly SemaphoreSlim _room;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running;
    private bool _closing;

    /// <param name="waiting">Most operations that wait for a thread.</param>
    public MongoThreads(int threads, int waiting)
    {
        _room = new SemaphoreSlim(waiting);
        _running = threads;
        for (var i = 0; i < threads; i++)
        {
            new Thread(Run) { IsBackground = true, Name = $"mrq-mongo-{i}" }.Start();
        }
    }

    private interface IWork
    {
        void Run();
    }

    /// <summary>Runs an operation on one of the threads. The token is heeded until it begins.</summary>
    /// <exception cref="StorageUnavailableException">The threads have been closed.</exception>
    public async Task<T> RunAsync<T>(Func<T> operation, CancellationToken cancellationToken)
    {
        await _room.WaitAsync(cancellationToken);
        var work = new Work<T>(operation, cancellationToken);
        lock (_gate)
        {
            if (_closing)
            {
                _room.Release();
                throw new StorageUnavailableException("The connection to MongoDB has been closed.");
            }

            _queue.Enqueue(work);
            Monitor.Pulse(_gate);
        }

        return await work.Task;
    }

    /// <summary>Takes nothing more, runs what waits, and ends the threads.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _closing = true;
            Monitor.PulseAll(_gate);
        }

        await _ended.Task;
    }

    private void Run()
    {
        while (TakeNext() is { } work)
        {
            _room.Release();
            work.Run();
        }

        if (Interlocked.Decrement(ref _running) == 0)
        {
            _ended.SetResult();
        }
    }

    /// <summary>Waits for an operation; null: the end.</summary>
    private IWork? TakeNext()
    {
        lock (_gate)
        {
            while (_queue.Count == 0 && !_closing)
            {
                Monitor.Wait(_gate);
            }

            return _queue.TryDequeue(out var next) ? next : null;
        }
    }

    private sealed class Work<T>(Func<T> operation, CancellationToken cancellationToken) : IWork
    {
        private readonly TaskCompletionSource<T> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Task => _result.Task;

        public void Run()
        {
            if (cancellationToken.IsCancellationRequested)
            {
                _result.SetCanceled(cancellationToken);
                return;
            }

            try
            {
                _result.SetResult(operation());
            }
            catch (Exception e)
            {
                _result.SetException(e);
            }
        }
    }
}
