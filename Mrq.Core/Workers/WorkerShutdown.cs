namespace Mrq.Workers;

/// <summary>The way to end this process's workers without waiting for their jobs, as a second signal asks for.</summary>
public sealed class WorkerShutdown : IDisposable
{
    private readonly CancellationTokenSource _interrupt = new();

    internal CancellationToken Interrupted => _interrupt.Token;

    /// <summary>Interrupts the jobs in hand at once; they go back to their queues.</summary>
    public void InterruptNow() => _interrupt.Cancel();

    public void Dispose() => _interrupt.Dispose();
}
