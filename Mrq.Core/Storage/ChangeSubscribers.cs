using Microsoft.Extensions.Logging;

namespace Mrq.Storage;

/// <summary>Who in this process wants to hear of changes. One that fails keeps nothing from the others.</summary>
internal sealed partial class ChangeSubscribers(ILogger logger)
{
    private readonly Lock _gate = new();
    private volatile Subscription[] _subscriptions = [];

    /// <summary>Calls back on every change from now on, on any thread. Dispose to end.</summary>
    public IDisposable Add(Action<Changes> callback)
    {
        var subscription = new Subscription(this, callback);
        lock (_gate)
        {
            _subscriptions = [.. _subscriptions, subscription];
        }

        return subscription;
    }

    public void Tell(Changes changes)
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

    private void Remove(Subscription subscription)
    {
        lock (_gate)
        {
            _subscriptions = Array.FindAll(_subscriptions, other => other != subscription);
        }
    }

    [LoggerMessage(3051, LogLevel.Error, "A subscriber failed on a signal; the others were told")]
    private partial void LogCallbackFailed(Exception cause);

    private sealed class Subscription(ChangeSubscribers owner, Action<Changes> callback) : IDisposable
    {
        public Action<Changes> Callback => callback;

        public void Dispose() => owner.Remove(this);
    }
}
