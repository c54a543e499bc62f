using System.Threading.Channels;

namespace Mrq.Workers;

/// <summary>A signal for one waiting loop. Signals that come while nobody waits are kept as one.</summary>
internal sealed class WakeUp(TimeProvider time)
{
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1)
    {
        FullMode = BoundedChannelFullMode.DropWrite,
        SingleReader = true,
    });

    public void Set() => _signal.Writer.TryWrite(true);

    /// <summary>Waits for a signal, for <paramref name="atMost"/>, or until cancelled; never throws.</summary>
    public async Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        if (_signal.Reader.TryRead(out _))
        {
            return;
        }

        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var timer = time.CreateTimer(static e => ((CancellationTokenSource)e!).Cancel(), end, atMost, Timeout.InfiniteTimeSpan);
        try
        {
            await _signal.Reader.ReadAsync(end.Token);
        }
        catch (OperationCanceledException)
        {
            // Time is up, or the caller's token says so itself.
        }
    }
}
