using Mrq.Jobs;

namespace Mrq.Diagnostics;

/// <summary>
/// What the asynchronous flow of one attempt uses, on whatever threads it runs: its code between awaits, work that it hands to the pool, parallel loops. .NET tells when a
/// thread takes up the flow and when it puts it down; in between the thread's own counters are the flow's.
/// </summary>
internal sealed class FlowUsage
{
    // Its handler is called at each switch of a flow that has a value, and only of such.
    private static readonly AsyncLocal<FlowUsage?> Flow = new(OnSwitch);

    [ThreadStatic]
    private static double? _cpuAtEnter;

    [ThreadStatic]
    private static long _allocatedAtEnter;

    private readonly Lock _gate = new();
    private double _cpu;
    private long _switches;
    private long _allocated;

    /// <summary>Measures the flow that calls it, from here on to the end of the calling method, and all that begins in it.</summary>
    public static FlowUsage Begin()
    {
        var usage = new FlowUsage();
        Flow.Value = usage;
        return usage;
    }

    /// <summary>What the threads that have put the flow down counted until now.</summary>
    public JobUsage Read()
    {
        lock (_gate)
        {
            return new JobUsage(ThreadCpuTime.Now() is null ? null : _cpu, _switches, _allocated);
        }
    }

    private static void OnSwitch(AsyncLocalValueChangedArgs<FlowUsage?> change)
    {
        if (ReferenceEquals(change.PreviousValue, change.CurrentValue))
        {
            return;
        }

        change.PreviousValue?.Leave();
        change.CurrentValue?.Enter();
    }

    private void Enter()
    {
        lock (_gate)
        {
            _switches++;
        }

        (_cpuAtEnter, _allocatedAtEnter) = (ThreadCpuTime.Now(), GC.GetAllocatedBytesForCurrentThread());
    }

    private void Leave()
    {
        var (cpu, allocated) = (ThreadCpuTime.Now() - _cpuAtEnter, GC.GetAllocatedBytesForCurrentThread() - _allocatedAtEnter);
        lock (_gate)
        {
            _cpu += cpu ?? 0;
            _allocated += allocated;
        }
    }
}
