using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Mrq.Diagnostics;
using StackExchange.Redis;

namespace Mrq.Storage.Redis;

/// <summary>
/// The one connection of a process to Redis. Every call has a deadline; a connection that has stopped answering is thrown away and made anew.
/// </summary>
public sealed partial class RedisConnection : IStorage, IAsyncDisposable
{
    // How soon a call that could not be sent is tried again. The driver itself reconnects after 0.5 to 1.5 s.
    private static readonly TimeSpan RetryUnsent = TimeSpan.FromMilliseconds(100);

    // The driver gives up after 2 s and goes on in the background. One that has said nothing by then never will.
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(5);

    // A machine that starts many programs at once may keep the driver from its first connection for longer than a call may take.
    private const int FirstTries = 3;

    private readonly Lock _gate = new();
    private readonly RedisOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<RedisConnection> _logger;
    private readonly List<Task> _closing = [];
    private Task<ConnectionMultiplexer>? _current;
    private volatile int _timeouts;
    private int _rebuilds;
    private bool _closed;

    public RedisConnection(RedisOptions options, TimeProvider time, ILogger<RedisConnection> logger)
    {
        (_options, _time, _logger) = (options, time, logger);
        Keys = new RedisKeys(options.Prefix);
        Signals = new RedisSignals(this, time, logger);
    }

    /// <inheritdoc/>
    public string Description => $"Redis {_options.Address}, keys {_options.Prefix}:*";

    internal RedisKeys Keys { get; }

    internal RedisSignals Signals { get; }

    /// <summary>How often the connection was thrown away.</summary>
    internal int Rebuilds => Volatile.Read(ref _rebuilds);

    /// <inheritdoc/>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        var server = await RedisProbe.AskAsync(_options.Address, _options.Deadline, _time, cancellationToken);
        server.ThrowIfUnusable(_options);
        if (server.EvictionPolicy is { } policy and not "noeviction")
        {
            LogEviction(_options.Address, policy);
        }

        await ConnectFirstAsync(cancellationToken);
        try
        {
            await Signals.ReadyAsync(cancellationToken).WaitAsync(_options.Deadline, _time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new StorageUnavailableException(
                $"Redis at {_options.Address} does not deliver messages on the channel {Keys.Notify}. Check that its user may publish and subscribe.", e);
        }
    }

    /// <inheritdoc/>
    public Task OpenToReadAsync(CancellationToken cancellationToken) => OpenAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<StorageProblem>> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RunAsync("ping", static database => database.PingAsync(), cancellationToken);
            return [];
        }
        catch (StorageUnavailableException e)
        {
            return [new StorageProblem(Description, e.Message)];
        }
    }

    /// <summary>Sends what is still to be announced, and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        await Signals.DisposeAsync();
        Task<ConnectionMultiplexer>? last;
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            last = _current;
            _current = null;
        }

        if (last is not null)
        {
            await CloseAsync(last);
        }

        await Task.WhenAll(_closing);
    }

    /// <summary>Runs a script, once more when the server has forgotten it.</summary>
    internal Task<RedisResult> EvaluateAsync(
        RedisScript script, RedisKey[] keys, RedisValue[] arguments, CancellationToken cancellationToken) =>
        RunAsync(
            script.Name,
            async database =>
            {
                try
                {
                    return await database.ScriptEvaluateAsync(script.Text, keys, arguments);
                }
                catch (RedisServerException e) when (RedisFaults.IsScriptUnknown(e))
                {
                    // A restarted server or SCRIPT FLUSH. The driver now knows, and sends the script itself.
                    return await database.ScriptEvaluateAsync(script.Text, keys, arguments);
                }
            },
            cancellationToken);

    /// <summary>
    /// Makes one call. It waits for a connection, up to the deadline, as nothing has been sent by then; a call that was sent is never repeated.
    /// </summary>
    /// <exception cref="StorageUnavailableException">See its <see cref="StorageUnavailableException.Failure"/>.</exception>
    internal async Task<T> RunAsync<T>(string operation, Func<IDatabase, Task<T>> call, CancellationToken cancellationToken)
    {
        using var io = JobIo.Current?.Begin($"redis.{operation}", $"{_options.Address}");
        if (_options.AddedLatency is { } latency)
        {
            await latency.WaitAsync(_time, cancellationToken);
        }

        var began = _time.GetTimestamp();
        while (true)
        {
            var connecting = Current();
            try
            {
                // Never keep the database: it belongs to a multiplexer that may be gone by the next call.
                var database = (await ConnectedAsync(connecting, TimeLeft(began), cancellationToken)).GetDatabase();
                var result = await WithinAsync(call(database), TimeLeft(began), cancellationToken);
                _timeouts = 0;
                return result;
            }
            catch (Exception e) when ((RedisFaults.IsNotSent(e) || RedisFaults.IsLoading(e)) && TimeLeft(began) > RetryUnsent)
            {
                await Task.Delay(RetryUnsent, _time, cancellationToken);
            }
            catch (Exception e) when (e is RedisException or TimeoutException or IOException
                or OperationCanceledException && !cancellationToken.IsCancellationRequested || RedisFaults.IsNotSent(e))
            {
                if (e is TimeoutException || RedisFaults.IsNotSent(e))
                {
                    OnTimeout(connecting);
                }

                throw RedisFaults.Explain(e, operation, _options.Address, _options.Deadline);
            }
        }
    }

    private static async Task CloseAsync(Task<ConnectionMultiplexer> connecting)
    {
        // Away from the caller: closing takes locks of a connection that may hang.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            (await connecting).Close(allowCommandsToComplete: false);
        }
        catch (Exception e) when (e is RedisException or IOException or ObjectDisposedException or SocketException)
        {
            // It was never open, or is closed already.
        }
    }

    // The server has just answered a first look: what keeps the driver from it is on the way, or this machine, and may pass.
    private async Task ConnectFirstAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await RunAsync("connect", static database => database.PingAsync(), cancellationToken);
                return;
            }
            catch (StorageUnavailableException e) when (e.Failure is StorageFailure.NotSent && attempt < FirstTries)
            {
                LogConnectAgain(_options.Address, attempt, FirstTries, e);
            }
            catch (StorageUnavailableException e) when (e.Failure is StorageFailure.NotSent)
            {
                throw new StorageUnavailableException(
                    $"Redis at {_options.Address} answered a first look, but within {(_options.Deadline * FirstTries).TotalSeconds:0.###} s no connection to it could be made. " +
                    "Check the server's maxclients and log, and the load of both machines.", e)
                {
                    Failure = e.Failure,
                };
            }
        }
    }

    private async Task<ConnectionMultiplexer> ConnectedAsync(
        Task<ConnectionMultiplexer> connecting, TimeSpan time, CancellationToken cancellationToken)
    {
        try
        {
            return await connecting.WaitAsync(time, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Nothing was sent yet: not the timeout of a call.
            throw new SocketException((int)SocketError.TimedOut);
        }
    }

    private async Task<T> WithinAsync<T>(Task<T> call, TimeSpan time, CancellationToken cancellationToken)
    {
        try
        {
            return await call.WaitAsync(time, _time, cancellationToken);
        }
        catch when (!call.IsCompleted)
        {
            // Nobody waits for it any more; a failure that comes later was told as a timeout now.
            _ = call.ContinueWith(static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw;
        }
    }

    private TimeSpan TimeLeft(long began)
    {
        var left = _options.Deadline - _time.GetElapsedTime(began);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private Task<ConnectionMultiplexer> Current()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            return _current is null or { IsFaulted: true } or { IsCanceled: true } ? _current = ConnectAsync() : _current;
        }
    }

    private async Task<ConnectionMultiplexer> ConnectAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var connecting = RedisDriver.ConnectAsync(_options.Address);
        // Never the clock of a test, which skips hours at once: that would end a connection that is being made.
        if (await Task.WhenAny(connecting, Task.Delay(ConnectLimit, TimeProvider.System)) != connecting)
        {
            // Whoever calls next begins anew. Not among those that our end waits for: what has said nothing by now may never.
            _ = CloseAsync(connecting);
            throw new SocketException((int)SocketError.TimedOut);
        }

        var multiplexer = await connecting;
        multiplexer.ConnectionFailed += (_, e) => LogLost(_options.Address, e.ConnectionType, e.FailureType);
        multiplexer.ConnectionRestored += (_, e) =>
        {
            LogRestored(_options.Address, e.ConnectionType);
            if (e.ConnectionType == ConnectionType.Subscription)
            {
                Signals.Listen(multiplexer);
            }
        };
        Signals.Listen(multiplexer);
        return multiplexer;
    }

    // A half-open socket never answers and says that it is connected: only the missing answers tell.
    private void OnTimeout(Task<ConnectionMultiplexer> connecting)
    {
        lock (_gate)
        {
            // Calls that began on an older connection tell nothing of this one, and one that is being made has its own time.
            if (_closed || _current != connecting || ++_timeouts < _options.TimeoutsBeforeRebuild || !connecting.IsCompleted)
            {
                return;
            }

            _timeouts = 0;
            _rebuilds++;
            _current = ConnectAsync();
            _closing.RemoveAll(task => task.IsCompleted);
            _closing.Add(CloseAsync(connecting));
        }

        LogRebuild(_options.Address, _options.TimeoutsBeforeRebuild);
    }

    [LoggerMessage(3201, LogLevel.Warning, "The connection to Redis at {Address} is lost ({Connection}: {Failure}); it is being made again")]
    private partial void LogLost(RedisAddress address, ConnectionType connection, ConnectionFailureType failure);

    [LoggerMessage(3202, LogLevel.Information, "The connection to Redis at {Address} is back ({Connection})")]
    private partial void LogRestored(RedisAddress address, ConnectionType connection);

    [LoggerMessage(3203, LogLevel.Warning, "Redis at {Address} left {Count} calls in a row without an answer; the connection is thrown away and made anew")]
    private partial void LogRebuild(RedisAddress address, int count);

    [LoggerMessage(3205, LogLevel.Warning, "Redis at {Address} answered a first look and took no connection yet; try {Attempt} of {Count}")]
    private partial void LogConnectAgain(RedisAddress address, int attempt, int count, Exception failure);

    [LoggerMessage(3204, LogLevel.Critical, "Redis at {Address} deletes keys when its memory is full (maxmemory-policy {Policy}): whole queues can vanish until maintenance finds their jobs again. Set maxmemory-policy noeviction")]
    private partial void LogEviction(RedisAddress address, string policy);
}
