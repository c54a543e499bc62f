using System.Threading.Channels;

namespace Mrq.Tests.Support;

/// <summary>Lets a test and its task meet: the task says that it is there, and waits until the test lets it go on.</summary>
internal sealed class Gate
{
    private readonly Channel<bool> _arrived = Channel.CreateUnbounded<bool>();
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _arrivals;

    public int Arrivals => Volatile.Read(ref _arrivals);

    /// <summary>Called by the task; cancellable.</summary>
    public async Task PassAsync(CancellationToken cancellationToken)
    {
        Arrive();
        await _open.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Called by a task that ignores its token.</summary>
    public async Task PassStubbornlyAsync()
    {
        Arrive();
        await _open.Task;
    }

    /// <summary>Called by the test: waits for so many more tasks.</summary>
    public async Task WaitForArrivalsAsync(int count = 1)
    {
        for (var i = 0; i < count; i++)
        {
            await _arrived.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TestEngine.Patience, TestContext.Current.CancellationToken);
        }
    }

    public void Open() => _open.TrySetResult();

    private void Arrive()
    {
        Interlocked.Increment(ref _arrivals);
        _arrived.Writer.TryWrite(true);
    }
}
