namespace Mrq.Jobs;

/// <summary>What one attempt has used of the machine. Most of it is measured when asked for only (docs/tracing.md).</summary>
/// <param name="CpuTime">CPU time in seconds; null: not measured.</param>
/// <param name="Switches">How often a thread took up its code: at its begin and after waits. Null: not measured.</param>
/// <param name="Allocated">Bytes of objects that it made, most of them gone since. Null: not measured.</param>
/// <param name="MemoryDiff">Bytes of objects alive after it and not before, to some 10 kB, negative when there were fewer. Null: not measured.</param>
public sealed record JobUsage(double? CpuTime = null, long? Switches = null, long? Allocated = null, long? MemoryDiff = null)
{
    /// <summary>Null when nothing was measured.</summary>
    public static JobUsage? Of(double? cpuTime, long? switches, long? allocated, long? memoryDiff) =>
        (cpuTime, switches, allocated, memoryDiff) is (null, null, null, null) ? null : new(cpuTime, switches, allocated, memoryDiff);
}
