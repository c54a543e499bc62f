using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Mrq.Storage.Redis;

/// <summary>
/// Signals by publish and subscribe. A message is <c>sender:flags</c>; who published has told its own subscribers already and passes
/// over the echo. What is published while a message is on its way goes out as one with the next.
/// </summary>
internal sealed partial class RedisSignals : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly RedisConnection _connection;
    private readonly TimeProvider _time;
    private readonly TimeSpan _deadline;
    private readonly ILogger _logger;
    private readonly string _sender = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    private readonly CancellationTokenSource _stop = new();
    private volatile Subscription[] _subscriptions = [];
    private Task _subscribed = Task.CompletedTask;
    private Task _sending = Task.CompletedTask;
    private Changes _pending;
    private bool _isSending;
    private bool _closed;

    public RedisSignals(RedisConnection connection, TimeProvider time, TimeSpan deadline, ILogger logger) =>
        (_connection, _time, _deadline, _logger) = (connection, time, deadline, logger);

    /// <summary>Tells this process at once and the others as soon as Redis takes it.</summary>
    public void Publish(Changes changes)
    {
        Tell(changes);
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

    public IDisposable Subscribe(Action<Changes> callback)
    {
        var subscription = new Subscription(this, callback);
        lock (_gate)
        {
            _subscriptions = [.. _subscriptions, subscription];
        }

        return subscription;
    }

    /// <summary>Listens on a new connection.</summary>
    public void Attach(ConnectionMultiplexer multiplexer) => Follow(multiplexer, ListenAsync);

    /// <summary>The connection was away and so may have missed signals; the driver has asked for the channel again.</summary>
    public void OnRestored(ConnectionMultiplexer multiplexer) => Follow(multiplexer, static subscriber => subscriber.PingAsync());

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

    private Task ListenAsync(ISubscriber subscriber) => subscriber.SubscribeAsync(_connection.Keys.Notify, (_, message) => OnMessage(message));

    private void Follow(ConnectionMultiplexer multiplexer, Func<ISubscriber, Task> step)
    {
        lock (_gate)
        {
            if (!_closed)
            {
                _subscribed = FollowAsync(_subscribed, multiplexer, step);
            }
        }
    }

    private async Task FollowAsync(Task before, ConnectionMultiplexer multiplexer, Func<ISubscriber, Task> step)
    {
        // Away from the driver's thread, which this waits for.
        await before.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            await step(multiplexer.GetSubscriber()).WaitAsync(_deadline, _time, _stop.Token);
        }
        catch (Exception e) when (e is RedisException or TimeoutException or ObjectDisposedException or OperationCanceledException)
        {
            // The driver keeps the subscription in mind and asks again when it has connected; that is told as restored.
            LogNotHeard(e);
        }

        Tell(Changes.All);
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
        var colon = message?.IndexOf(':', StringComparison.Ordinal) ?? -1;
        if (message is null || colon < 0 || !int.TryParse(message.AsSpan(colon + 1), CultureInfo.InvariantCulture, out var changes))
        {
            Tell(Changes.All);
        }
        else if (!message.AsSpan(0, colon).SequenceEqual(_sender))
        {
            Tell((Changes)changes);
        }
    }

    private void Tell(Changes changes)
    {
        foreach (var subscription in _subscriptions)
        {
            try
            {
                subscription.Callback(changes);
            }
            catch (Exception e)
            {
                LogCallbackFailed(e);
            }
        }
    }

    private void Unsubscribe(Subscription subscription)
    {
        lock (_gate)
        {
            _subscriptions = Array.FindAll(_subscriptions, other => other != subscription);
        }
    }

    [LoggerMessage(3211, LogLevel.Error, "A subscriber failed on a signal; the others were told")]
    private partial void LogCallbackFailed(Exception cause);

    [LoggerMessage(3212, LogLevel.Debug, "A signal was not sent; other processes see the change at their next look")]
    private partial void LogNotSent(Exception cause);

    [LoggerMessage(3213, LogLevel.Debug, "Redis has not confirmed that signals will come; they will after the next connect")]
    private partial void LogNotHeard(Exception cause);

    private sealed class Subscription(RedisSignals owner, Action<Changes> callback) : IDisposable
    {
        public Action<Changes> Callback => callback;

        public void Dispose() => owner.Unsubscribe(this);
    }
}
