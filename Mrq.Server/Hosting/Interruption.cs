using System.Runtime.InteropServices;

namespace Mrq.Server.Hosting;

/// <summary>Ctrl+C (SIGINT) and SIGTERM of a command that ends by itself: the first asks it to end, a second ends the process at once.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<int> _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] _registrations;

    public Interruption() =>
        _registrations = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Note), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Note)];

    /// <summary>Runs something to its end and answers its exit code; after a signal 130 or 143, at the latest when the grace is over.</summary>
    /// <param name="isLeftBySignal">True: a signal is a usual way to leave it. If it ends well within the grace, its own exit code counts.</param>
    public static async Task<int> RunAsync(Func<CancellationToken, Task<int>> run, TimeSpan grace, bool isLeftBySignal = false)
    {
        using var interruption = new Interruption();
        // On another thread: opening a store may block, and the signal is to be heard meanwhile.
        var running = Task.Run(() => run(interruption.Token), CancellationToken.None);
        if (await Task.WhenAny(running, interruption.Asked) == running)
        {
            return await running;
        }

        await Task.WhenAny(running, Task.Delay(grace, TimeProvider.System, CancellationToken.None));
        return await (isLeftBySignal && running.IsCompletedSuccessfully ? running : interruption.Asked);
    }

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>Ends at the first signal, with the exit code that shells give for it: 128 and its number.</summary>
    public Task<int> Asked => _asked.Task;

    // The token source is left to the collector: who was told to end may look at it yet.
    public void Dispose() => Array.ForEach(_registrations, r => r.Dispose());

    private void Note(PosixSignalContext context)
    {
        context.Cancel = _asked.TrySetResult(context.Signal == PosixSignal.SIGINT ? 130 : 143);
        if (context.Cancel)
        {
            _stop.Cancel();
        }
    }
}
