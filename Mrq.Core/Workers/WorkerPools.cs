using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mrq.Queues;

namespace Mrq.Workers;

/// <summary>
/// The workers of this process: begun with it, changed while they run, ended with it. When nobody is left who could take a job, because all have ended
/// by themselves (<see cref="DequeueStrategy.Burst"/>, a limit), the application stops; in a process that does nothing else, also when people have ended them.
/// </summary>
public sealed partial class WorkerPools : BackgroundService
{
    private readonly bool _stopsWithThem;
    private readonly Func<WorkerOptions, WorkerPool> _make;
    private readonly RawQueueRegistry _rawQueues;
    private readonly WorkerShutdown _shutdown;
    private readonly IHostApplicationLifetime _application;
    private readonly ILogger<WorkerPools> _logger;
    private readonly SemaphoreSlim _reloading = new(1);
    private readonly Lock _gate = new();
    private readonly List<WorkerPool> _pools;
    private readonly List<Task> _lives = [];
    private CancellationToken? _stop;
    private EndReason? _limit;

    /// <param name="stopsWithThem">The application stops also when people have ended all of them.</param>
    internal WorkerPools(
        IReadOnlyList<WorkerOptions> pools, bool stopsWithThem, Func<WorkerOptions, WorkerPool> make, RawQueueRegistry rawQueues, WorkerShutdown shutdown, IHostApplicationLifetime application,
        ILogger<WorkerPools> logger)
    {
        (_stopsWithThem, _make, _rawQueues, _shutdown, _application, _logger) = (stopsWithThem, make, rawQueues, shutdown, application, logger);
        _pools = [.. pools.Select(make)];
    }

    private IReadOnlyList<WorkerPool> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _pools];
            }
        }
    }

    /// <summary>What the workers do and hold at this moment, in the order of their options; without that of bulk actions.</summary>
    public IReadOnlyList<WorkerReport> Report() => [.. All.Where(pool => !pool.IsSystem).Select(pool => pool.Report())];

    /// <summary>What is wrong with options for the workers, a sentence each; empty: <see cref="ReloadAsync"/> takes them.</summary>
    public IReadOnlyList<string> Check(IReadOnlyList<WorkerOptions> workers) =>
        [.. workers.SelectMany(options => options.Validate()), .. _rawQueues.ExplainUnmade(workers.SelectMany(options => options.Queues))];

    /// <summary>
    /// Gives the workers other options without ending them: queues and their order, weights and strategy, lists of tasks, concurrency, prefetch, latency, limits,
    /// time between reports, name. What runs runs on, what is held ahead goes back to its queue, so that no job is lost or interrupted. With a lower concurrency
    /// nothing begins until fewer jobs run. <see cref="WorkerOptions.ShutdownTimeout"/> and the id stay as they were at the start.
    /// </summary>
    /// <param name="workers">
    /// The first is for the first worker of the process, and so on; one that has ended stays so. Further ones begin, those that none is for finish their
    /// jobs and end. The worker of bulk actions is not counted, and stays.
    /// </param>
    /// <returns>Completes when all work by their options. While the store is away, that is when it is back.</returns>
    /// <exception cref="OptionsValidationException">Something is wrong; each error is named, and nothing has changed.</exception>
    public async Task ReloadAsync(IReadOnlyList<WorkerOptions> workers, CancellationToken cancellationToken)
    {
        if (Check(workers) is { Count: > 0 } errors)
        {
            throw new OptionsValidationException(nameof(WorkerOptions), typeof(WorkerOptions), errors);
        }

        await _reloading.WaitAsync(cancellationToken);
        try
        {
            var present = All.Where(pool => !pool.IsSystem).ToList();
            var changed = present.Zip(workers, (pool, options) => pool.ReloadAsync(options, cancellationToken)).ToList();
            foreach (var pool in present.Skip(workers.Count))
            {
                pool.End.Ask(EndReason.Removed);
            }

            foreach (var options in workers.Skip(present.Count))
            {
                Add(_make(options));
            }

            await Task.WhenAll(changed);
        }
        finally
        {
            _reloading.Release();
        }
    }

    /// <summary>
    /// Waits until no job is in hand and the queues have nothing to give to the workers of this process. What is due later, paused, or for others does not
    /// count.
    /// </summary>
    public async Task WaitForIdleAsync(CancellationToken cancellationToken)
    {
        long taken;
        do
        {
            // One worker's job may have queued another's behind its back: only a round in which nobody took anything tells.
            var pools = All;
            taken = pools.Sum(pool => pool.Taken);
            await Task.WhenAll(pools.Select(pool => pool.WaitForIdleAsync(cancellationToken)));
        }
        while (All.Sum(pool => pool.Taken) != taken);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var pool in All)
        {
            pool.Dispose();
        }

        _reloading.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        lock (_gate)
        {
            _stop = stoppingToken;
            _pools.ForEach(Begin);
        }

        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = stoppingToken.UnsafeRegister(static s => ((TaskCompletionSource)s!).SetResult(), stopped);
        await stopped.Task;
        Task[] lives;
        lock (_gate)
        {
            lives = [.. _lives];
        }

        await Task.WhenAll(lives);
    }

    private void Add(WorkerPool pool)
    {
        lock (_gate)
        {
            _pools.Add(pool);
            if (_stop is { IsCancellationRequested: false })
            {
                Begin(pool);
            }
        }
    }

    private void Begin(WorkerPool pool)
    {
        pool.End.Asked.UnsafeRegister(_ => OnEndAsked(pool), null);
        if (_limit is { } limit)
        {
            pool.End.Ask(limit);
        }

        _lives.RemoveAll(life => life.IsCompleted);
        _lives.Add(LiveAsync(pool, _stop!.Value));
    }

    private async Task LiveAsync(WorkerPool pool, CancellationToken stop)
    {
        await Task.Yield();
        try
        {
            await pool.RunAsync(stop);
        }
        catch (Exception e)
        {
            LogFailed(pool.Id, e);
            _shutdown.HasFailed = true;
            _application.StopApplication();
        }

        OnEnded(pool);
    }

    // A limit is the process's: a worker that went on beside one that has come to its end would keep the process from it.
    private void OnEndAsked(WorkerPool pool)
    {
        if (pool.End.Reason is not { } reason || !EndReasons.IsLimit(reason))
        {
            return;
        }

        lock (_gate)
        {
            _limit ??= reason;
        }

        foreach (var other in All.Where(other => !other.IsSystem))
        {
            other.End.Ask(reason);
        }
    }

    private void OnEnded(WorkerPool pool)
    {
        bool isOver;
        lock (_gate)
        {
            if (pool.End.Reason == EndReason.Removed)
            {
                _pools.Remove(pool);
                pool.Dispose();
            }

            // The worker of bulk actions waits for people: it is no reason to go on.
            isOver = pool.End.Reason is { } reason && (EndReasons.IsByItself(reason) || (_stopsWithThem && reason == EndReason.Told))
                && _pools.All(other => other.IsSystem || other.HasEnded);
        }

        if (isOver)
        {
            _shutdown.EndReason = pool.End.Reason;
            // Not before it has started: a host that is stopped while it starts ends with an error.
            _application.ApplicationStarted.Register(_application.StopApplication);
        }
    }

    [LoggerMessage(2011, LogLevel.Critical, "Worker {Worker} has failed; the application stops")]
    private partial void LogFailed(WorkerId worker, Exception exception);
}
