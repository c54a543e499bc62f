using System.Runtime.InteropServices;

namespace Mrq.Server.Hosting;

/// <summary>The first SIGINT or SIGTERM lets running jobs end, the second one interrupts them. From its making on none of them ends the process at once.</summary>
internal sealed class SecondSignal : IDisposable
{
    private readonly Action _stop;
    private readonly Action _interrupt;
    private readonly PosixSignalRegistration[] _registrations;
    private int _count;

    /// <param name="stop">Called at the first. The host stops the application too, but does not listen before it has begun to start.</param>
    /// <param name="interrupt">Called at each that follows.</param>
    public SecondSignal(Action stop, Action interrupt)
    {
        (_stop, _interrupt) = (stop, interrupt);
        _registrations = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Note), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Note)];
    }

    public void Dispose() => Array.ForEach(_registrations, r => r.Dispose());

    internal void Note(PosixSignalContext context)
    {
        // The process must not end before the application has stopped.
        context.Cancel = true;
        (Interlocked.Increment(ref _count) == 1 ? _stop : _interrupt)();
    }
}
