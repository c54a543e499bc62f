using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mrq.Storage;

namespace Mrq.Diagnostics;

/// <summary>A store that is away.</summary>
/// <param name="Store">Which, for people; without a password.</param>
/// <param name="Reason">What is wrong, a sentence for people.</param>
/// <param name="Since">When the first look that did not find it began.</param>
public sealed record StoreAway(string Store, string Reason, DateTimeOffset Since);

/// <summary>Looks every two seconds whether the stores can be used, once for all who want to know, and remembers since when not.</summary>
public sealed partial class StorageHealth(IStorage storage, TimeProvider time, ILogger<StorageHealth> logger) : IHostedService, IDisposable
{
    /// <summary>Time between two looks. Longer tells later, shorter costs each store a question more.</summary>
    public static readonly TimeSpan Pace = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private ITimer? _clock;
    private Task<IReadOnlyList<StoreAway>>? _looking;
    private Task<IReadOnlyList<StoreAway>>? _next;
    private volatile IReadOnlyList<StoreAway> _away = [];

    /// <summary>Raised, on any thread, after <see cref="Away"/> has changed.</summary>
    public event EventHandler? Changed;

    /// <summary>What was away at the last look; empty: nothing.</summary>
    public IReadOnlyList<StoreAway> Away => _away;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _clock = time.CreateTimer(_ => LookSoon(), null, Pace, Pace);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _clock?.Dispose();
        await _stop.CancelAsync();
        Task[] looks;
        lock (_gate)
        {
            looks = [_looking ?? Task.CompletedTask, _next ?? Task.CompletedTask];
        }

        await Task.WhenAll(looks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Looks without being waited for, unless it does already.</summary>
    public void LookSoon()
    {
        lock (_gate)
        {
            if (_looking is null or { IsCompleted: true })
            {
                _ = Begin();
            }
        }
    }

    /// <summary>Looks and answers what is away. Callers that come during a look share the next one, which sees what they have seen.</summary>
    public Task<IReadOnlyList<StoreAway>> LookAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var look = _looking is null or { IsCompleted: true } ? Begin() : _next ??= BeginAfterAsync(_looking);
            return look.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _clock?.Dispose();
        _stop.Dispose();
    }

    private Task<IReadOnlyList<StoreAway>> Begin() => _looking = RunAsync();

    private async Task<IReadOnlyList<StoreAway>> BeginAfterAsync(Task before)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Task<IReadOnlyList<StoreAway>> look;
        lock (_gate)
        {
            // One that has begun meanwhile began after the callers came.
            _next = null;
            look = _looking is { IsCompleted: false } other ? other : Begin();
        }

        return await look;
    }

    private async Task<IReadOnlyList<StoreAway>> RunAsync()
    {
        // Away from the caller: a store may answer on the thread that asks, and a page's must never wait.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var began = time.GetUtcNow();
        var before = _away;
        var away = (await AskAsync()).Select(problem => new StoreAway(problem.Store, problem.Reason, SinceWhen(problem.Store) ?? began)).ToList();
        if (_stop.IsCancellationRequested || away.SequenceEqual(before))
        {
            return before;
        }

        _away = away;
        Tell(before, away, began);
        return away;

        DateTimeOffset? SinceWhen(string store) => before.FirstOrDefault(other => other.Store == store)?.Since;
    }

    private async Task<IReadOnlyList<StorageProblem>> AskAsync()
    {
        try
        {
            return await storage.CheckAsync(_stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return [];
        }
        catch (Exception e)
        {
            LogFailed(e);
            return [new StorageProblem(storage.Description, $"{e.GetType().Name}: {e.Message}")];
        }
    }

    private void Tell(IReadOnlyList<StoreAway> before, IReadOnlyList<StoreAway> away, DateTimeOffset now)
    {
        foreach (var lost in away.Where(store => !before.Any(other => other.Store == store.Store)))
        {
            LogAway(lost.Store, lost.Reason);
        }

        foreach (var back in before.Where(store => !away.Any(other => other.Store == store.Store)))
        {
            LogBack(back.Store, Math.Round((now - back.Since).TotalSeconds));
        }

        Changed?.Invoke(this, EventArgs.Empty);
    }

    [LoggerMessage(2601, LogLevel.Error, "{Store} is away: {Reason} Everything goes on when it is back")]
    private partial void LogAway(string store, string reason);

    [LoggerMessage(2602, LogLevel.Information, "{Store} is back after {Seconds} s")]
    private partial void LogBack(string store, double seconds);

    [LoggerMessage(2603, LogLevel.Error, "A store failed when it was asked how it is; it counts as away")]
    private partial void LogFailed(Exception cause);
}
