using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Mrq.Storage.Redis;

/// <summary>
/// Signals by publish and subscribe. A message is <c>sender:flags</c>; who published has told its own subscribers already and passes
/// over the echo. What is published while a message is on its way goes out as one with the next. That a connection hears is not
/// taken on the driver's word: a message <c>sender:echo number</c> must come back.
/// </summary>
internal sealed partial class RedisSignals : IAsyncDisposable
{
    private const string Echo = "echo ";

    private static readonly TimeSpan EchoPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryListening = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();
    private readonly RedisConnection _connection;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _sender = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    private readonly CancellationTokenSource _stop = new();
    private readonly ChangeSubscribers _subscribers;
    private Task _subscribed = Task.CompletedTask;
    private Task _sending = Task.CompletedTask;
    private Changes _pending;
    private volatile ConnectionMultiplexer? _heard;
    private volatile TaskCompletionSource _echoed = new();
    private volatile int _echo;
    private bool _isSending;
    private bool _closed;

    public RedisSignals(RedisConnection connection, TimeProvider time, ILogger logger) =>
        (_connection, _time, _logger, _subscribers) = (connection, time, logger, new ChangeSubscribers(logger));

    /// <summary>Tells this process at once and the others as soon as Redis takes it.</summary>
    public void Publish(Changes changes)
    {
        _subscribers.Tell(changes);
        lock (_gate)
        {
            _pending |= changes;
            if (_isSending || _closed)
            {
                return;
            }

            _isSending = true;
            _sending = SendAsync();
        }
    }

    public IDisposable Subscribe(Action<Changes> callback) => _subscribers.Add(callback);

    /// <summary>Listens on a connection that is new or was away, and then tells everyone of everything: signals may have been missed.</summary>
    public void Listen(ConnectionMultiplexer multiplexer)
    {
        lock (_gate)
        {
            if (!_closed)
            {
                _heard = multiplexer;
                _subscribed = ListenAsync(_subscribed, multiplexer);
            }
        }
    }

    /// <summary>Waits until signals of other processes reach this one.</summary>
    public Task ReadyAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return _subscribed.WaitAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task sending, subscribed;
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            (sending, subscribed) = (_sending, _subscribed);
        }

        // A server that is away must not hold up the end.
        _stop.CancelAfter(TimeSpan.FromSeconds(1));
        await Task.WhenAll(sending, subscribed);
        _stop.Dispose();
    }

    private async Task ListenAsync(Task before, ConnectionMultiplexer multiplexer)
    {
        // Away from the driver's thread, which this waits for.
        await before.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        while (_heard == multiplexer && !_stop.IsCancellationRequested)
        {
            try
            {
                await ListenOnceAsync(multiplexer.GetSubscriber());
                _subscribers.Tell(Changes.All);
                return;
            }
            catch (Exception e) when (e is StorageUnavailableException or RedisException or TimeoutException or ObjectDisposedException or OperationCanceledException)
            {
                LogNotHeard(e);
                await Task.Delay(RetryListening, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ListenOnceAsync(ISubscriber subscriber)
    {
        // The driver subscribes only while its other connection is there too, and says so to nobody when it is not.
        await _connection.RunAsync("ping", static database => database.PingAsync(), _stop.Token);
        var channel = _connection.Keys.Notify;
        await subscriber.UnsubscribeAsync(channel).WaitAsync(EchoPatience, _time, _stop.Token);
        await subscriber.SubscribeAsync(channel, (_, message) => OnMessage(message)).WaitAsync(EchoPatience, _time, _stop.Token);
        var echoed = _echoed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var text = string.Create(CultureInfo.InvariantCulture, $"{_sender}:{Echo}{Interlocked.Increment(ref _echo)}");
        await _connection.RunAsync("listen", database => database.PublishAsync(channel, text), _stop.Token);
        await echoed.Task.WaitAsync(EchoPatience, _time, _stop.Token);
    }

    private async Task SendAsync()
    {
        while (true)
        {
            Changes changes;
            lock (_gate)
            {
                (changes, _pending) = (_pending, Changes.None);
                if (changes == Changes.None)
                {
                    _isSending = false;
                    return;
                }
            }

            await SendAsync(changes);
        }
    }

    private async Task SendAsync(Changes changes)
    {
        try
        {
            var message = string.Create(CultureInfo.InvariantCulture, $"{_sender}:{(int)changes}");
            await _connection.RunAsync("publish", database => database.PublishAsync(_connection.Keys.Notify, message), _stop.Token);
        }
        catch (Exception e) when (e is StorageUnavailableException or OperationCanceledException or ObjectDisposedException)
        {
            LogNotSent(e);
        }
    }

    private void OnMessage(string? message)
    {
        var (sender, text) = message?.Split(':', 2) is [var from, var what] ? (from, what) : ("", "");
        if (text.StartsWith(Echo, StringComparison.Ordinal))
        {
            if (sender == _sender && text[Echo.Length..] == _echo.ToString(CultureInfo.InvariantCulture))
            {
                _echoed.TrySetResult();
            }
        }
        else if (sender != _sender)
        {
            _subscribers.Tell(int.TryParse(text, CultureInfo.InvariantCulture, out var changes) ? (Changes)changes : Changes.All);
        }
    }

    [LoggerMessage(3212, LogLevel.Debug, "A signal was not sent; other processes see the change at their next look")]
    private partial void LogNotSent(Exception cause);

    [LoggerMessage(3213, LogLevel.Debug, "Signals of other processes do not come yet; it is tried again")]
    private partial void LogNotHeard(Exception cause);
}
