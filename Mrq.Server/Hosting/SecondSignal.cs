using System.Runtime.InteropServices;

namespace Mrq.Server.Hosting;

/// <summary>The first SIGINT or SIGTERM lets running jobs end; the second one calls what it is given.</summary>
internal sealed class SecondSignal : IDisposable
{
    private readonly Action _interrupt;
    private readonly PosixSignalRegistration[] _registrations;
    private int _count;

    public SecondSignal(Action interrupt)
    {
        _interrupt = interrupt;
        _registrations = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Note), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Note)];
    }

    public void Dispose() => Array.ForEach(_registrations, r => r.Dispose());

    private void Note(PosixSignalContext context)
    {
        // The host stops the application; the process must not end before it has.
        context.Cancel = true;
        if (Interlocked.Increment(ref _count) >= 2)
        {
            _interrupt();
        }
    }
}
