namespace Mrq.Workers;

/// <summary>That a worker is to end, and why. The first reason counts.</summary>
internal sealed class WorkerEnd : IDisposable
{
    private const int None = -1;

    private readonly CancellationTokenSource _asked = new();
    private int _reason = None;

    /// <summary>Null: it goes on.</summary>
    public EndReason? Reason => Volatile.Read(ref _reason) is var reason && reason == None ? null : (EndReason)reason;

    /// <summary>Cancelled when there is a reason: the worker takes no more jobs.</summary>
    public CancellationToken Asked => _asked.Token;

    public void Ask(EndReason reason)
    {
        if (Interlocked.CompareExchange(ref _reason, (int)reason, None) == None)
        {
            _asked.Cancel();
        }
    }

    public void Dispose() => _asked.Dispose();
}
