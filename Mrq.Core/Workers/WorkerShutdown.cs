using Mrq.Hosting;

namespace Mrq.Workers;

/// <summary>How this process's workers end.</summary>
public sealed class WorkerShutdown : IDisposable
{
    // For the last reports and the store.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _interrupt = new();

    /// <param name="pools">The workers of the process.</param>
    public WorkerShutdown(IReadOnlyList<WorkerOptions> pools, MrqOptions options)
    {
        LongestInterrupt = options.AbortGrace + WorkerPool.RecordTimeout + Margin;
        LongestStop = pools.Select(p => p.ShutdownTimeout).DefaultIfEmpty().Max() + LongestInterrupt;
    }

    /// <summary>
    /// Time that the workers may need from the first signal to their end. A host whose <c>ShutdownTimeout</c> is shorter loses patience
    /// before the ends of their jobs are recorded; these jobs then run again when the workers have been silent for three reports.
    /// </summary>
    public TimeSpan LongestStop { get; }

    /// <summary>Time that the workers may need from <see cref="InterruptNow"/> to their end.</summary>
    public TimeSpan LongestInterrupt { get; }

    /// <summary>Why they ended, and the application with them, before anybody told this to stop; null: they have not.</summary>
    public EndReason? EndReason { get; internal set; }

    /// <summary>True: one of them has failed, by a fault that stands in the log, and stops the application; its process should answer an exit code other than 0.</summary>
    public bool HasFailed { get; internal set; }

    internal CancellationToken Interrupted => _interrupt.Token;

    /// <summary>Interrupts the jobs in hand at once, as a second signal asks for; they go back to their queues.</summary>
    public void InterruptNow() => _interrupt.Cancel();

    public void Dispose() => _interrupt.Dispose();
}
