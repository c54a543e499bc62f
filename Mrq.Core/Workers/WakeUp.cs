using System.Threading.Channels;

namespace Mrq.Workers;

/// <summary>A signal for one waiting loop. Signals that come while nobody waits are kept as one; a wait may end without one.</summary>
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
        if (cancellationToken.IsCancellationRequested || _signal.Reader.TryRead(out _))
        {
            return;
        }

        // The end of the time and the stop are signals, too: an idle loop throws nothing.
        await using var timer = time.CreateTimer(static w => ((WakeUp)w!).Set(), this, atMost, Timeout.InfiniteTimeSpan);
        await using var stop = cancellationToken.UnsafeRegister(static w => ((WakeUp)w!).Set(), this);
        await _signal.Reader.ReadAsync(CancellationToken.None);
    }
}
