using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;

namespace Mrq.Tasks;

/// <summary>
/// Runs the parts of a job at once, so many at a time: its sub-tasks. They are no jobs of their own: what they log is the job's, and they end with
/// it. Works outside a job as well.
/// </summary>
/// <remarks>
/// The first error, of a sub-task or of the input, is the error of all: the others are told to end by their token, waited for, and it is thrown with the
/// stack of where it happened. A token that is cancelled, as a job's is on timeout, abort or interrupt, ends them in the same way; one that does not heed its
/// token holds up the end. An input is read one item at a time, and only when a sub-task can begin.
/// </remarks>
public static class SubPool
{
    /// <summary>Most sub-tasks at once.</summary>
    public const int MostAtOnce = 10_000;

    /// <summary>Runs a sub-task for each item and returns their results in the order of the items.</summary>
    /// <param name="size">Most at once, 1 to 10,000: with 1 one after the other. 0, as in the original, is the same as 1.</param>
    /// <param name="run">The sub-task; its token is cancelled when it should end.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is out of range; nothing was run.</exception>
    public static async Task<IReadOnlyList<TResult>> MapAsync<TItem, TResult>(
        IEnumerable<TItem> items, int size, Func<TItem, CancellationToken, Task<TResult>> run, CancellationToken cancellationToken)
    {
        var results = new List<TResult>();
        // Nobody waits for a single result: those that are ready hold up none that could run.
        await foreach (var result in RunAsync(items.ToAsyncEnumerable(), CheckSize(size), mostUnread: null, run, cancellationToken))
        {
            results.Add(result);
        }

        return results;
    }

    /// <summary>
    /// Runs a sub-task for each item and gives each result when it and those of all items before it are ready. For inputs that are long or without end:
    /// at most <paramref name="size"/> results wait to be read before no further sub-task begins. Who stops reading ends the sub-tasks.
    /// </summary>
    /// <inheritdoc cref="MapAsync"/>
    public static IAsyncEnumerable<TResult> StreamAsync<TItem, TResult>(
        IEnumerable<TItem> items, int size, Func<TItem, CancellationToken, Task<TResult>> run, CancellationToken cancellationToken) =>
        StreamAsync(items.ToAsyncEnumerable(), size, run, cancellationToken);

    /// <inheritdoc cref="StreamAsync{TItem, TResult}(IEnumerable{TItem}, int, Func{TItem, CancellationToken, Task{TResult}}, CancellationToken)"/>
    public static IAsyncEnumerable<TResult> StreamAsync<TItem, TResult>(
        IAsyncEnumerable<TItem> items, int size, Func<TItem, CancellationToken, Task<TResult>> run, CancellationToken cancellationToken) =>
        RunAsync(items, CheckSize(size), mostUnread: CheckSize(size), run, cancellationToken);

    private static int CheckSize(int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, MostAtOnce);
        return Math.Max(1, size);
    }

    private static async IAsyncEnumerable<TResult> RunAsync<TItem, TResult>(
        IAsyncEnumerable<TItem> items, int size, int? mostUnread, Func<TItem, CancellationToken, Task<TResult>> run,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var begun = mostUnread is { } most ? Channel.CreateBounded<Task<TResult?>>(most) : Channel.CreateUnbounded<Task<TResult?>>();
        using var pool = new Pool<TItem, TResult>(items, size, begun.Writer, run, cancellationToken);
        var beginning = pool.BeginAllAsync();
        var isWhole = false;
        try
        {
            await foreach (var subTask in begun.Reader.ReadAllAsync(CancellationToken.None))
            {
                var result = await subTask;
                if (pool.HasFailed)
                {
                    break;
                }

                yield return result!;
            }

            isWhole = !pool.HasFailed;
        }
        finally
        {
            // Also when its reader has read enough.
            if (!isWhole)
            {
                pool.TellToEnd();
            }

            await beginning;
            await pool.WaitForAllAsync();
        }

        pool.ThrowFirst();
    }

    /// <summary>The sub-tasks of one call. Its methods throw nothing but what <see cref="ThrowFirst"/> does.</summary>
    /// <param name="begun">Gets each sub-task as it begins, in the order of the items. They never fail: the error is here, once.</param>
    private sealed class Pool<TItem, TResult>(
        IAsyncEnumerable<TItem> items, int size, ChannelWriter<Task<TResult?>> begun, Func<TItem, CancellationToken, Task<TResult>> run,
        CancellationToken cancellationToken) : IDisposable
    {
        private readonly CancellationTokenSource _ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        private readonly SemaphoreSlim _slots = new(size);
        private ExceptionDispatchInfo? _first;

        public bool HasFailed => Volatile.Read(ref _first) is not null;

        /// <summary>Begins a sub-task whenever a slot is free, until there are no more items.</summary>
        public async Task BeginAllAsync()
        {
            try
            {
                await using var item = items.GetAsyncEnumerator(_ending.Token);
                while (await TakeSlotAsync(item))
                {
                    var current = Current(item);
                    // On the pool: what a sub-task does before its first await must not hold up the next.
                    await begun.WriteAsync(Task.Run(() => RunOneAsync(current), CancellationToken.None), _ending.Token);
                }
            }
            catch (Exception e)
            {
                Fail(e);
            }

            begun.TryComplete();
        }

        private TItem Current(IAsyncEnumerator<TItem> item)
        {
            try
            {
                return item.Current;
            }
            catch
            {
                // Nobody else gives the slot back that was taken for it.
                _slots.Release();
                throw;
            }
        }

        public void TellToEnd()
        {
            try
            {
                _ending.Cancel();
            }
            catch (Exception e)
            {
                // What someone registered with the token has failed; they are told all the same, and are still to be waited for.
                Interlocked.CompareExchange(ref _first, ExceptionDispatchInfo.Capture(e), null);
            }
        }

        /// <summary>Waits for the sub-tasks that have begun: each holds a slot until it ends.</summary>
        public async Task WaitForAllAsync()
        {
            for (var i = 0; i < size; i++)
            {
                await _slots.WaitAsync(CancellationToken.None);
            }
        }

        public void ThrowFirst()
        {
            if (_first is { SourceException: OperationCanceledException })
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            _first?.Throw();
        }

        public void Dispose()
        {
            _ending.Dispose();
            _slots.Dispose();
        }

        private async Task<bool> TakeSlotAsync(IAsyncEnumerator<TItem> item)
        {
            await _slots.WaitAsync(_ending.Token);
            var isThere = false;
            try
            {
                isThere = await item.MoveNextAsync();
                return isThere;
            }
            finally
            {
                if (!isThere)
                {
                    _slots.Release();
                }
            }
        }

        private async Task<TResult?> RunOneAsync(TItem item)
        {
            try
            {
                _ending.Token.ThrowIfCancellationRequested();
                return await run(item, _ending.Token);
            }
            catch (Exception e)
            {
                Fail(e);
                return default;
            }
            finally
            {
                _slots.Release();
            }
        }

        // Of several the first: those after it are mostly the others' ends that it has asked for.
        private void Fail(Exception error)
        {
            if (Interlocked.CompareExchange(ref _first, ExceptionDispatchInfo.Capture(error), null) is null)
            {
                TellToEnd();
            }
        }
    }
}
