using Mrq.Tasks;

namespace Mrq.Tests.Tasks;

/// <summary>Nothing is asked of these tasks.</summary>
public sealed record Nothing;

/// <summary>Computes for ever, and does not heed its token.</summary>
[MrqTask("tests.spin", Cpu = true)]
public sealed class Spin : IJobTask<Nothing, int>
{
    public Task<int> RunAsync(Nothing parameters, JobContext context, CancellationToken cancellationToken)
    {
        var turns = 0;
        while (Volatile.Read(ref turns) >= 0)
        {
            turns = (turns + 1) & int.MaxValue;
        }

        return Task.FromResult(turns);
    }
}

/// <summary>Takes all threads of the pool for ever: nothing that needs one goes on in its process.</summary>
[MrqTask("tests.block_pool")]
public sealed class BlockPool : IJobTask<Nothing, int>
{
    private const int MoreThanItGrows = 2_000;

    public async Task<int> RunAsync(Nothing parameters, JobContext context, CancellationToken cancellationToken)
    {
        using var never = new ManualResetEvent(initialState: false);
        for (var i = 0; i < MoreThanItGrows; i++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static never => never.WaitOne(), never, preferLocal: false);
        }

        await new TaskCompletionSource().Task;
        return 0;
    }
}
