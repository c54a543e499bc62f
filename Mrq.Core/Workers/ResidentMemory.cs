namespace Mrq.Workers;

/// <summary>Compares what this process uses of memory with a limit.</summary>
internal static class ResidentMemory
{
    private const long Megabyte = 1 << 20;

    /// <summary>True: it is above the limit also when the collector has given back what it can.</summary>
    /// <param name="limit">In MB.</param>
    /// <param name="used">In bytes, read just now.</param>
    public static bool IsAbove(int limit, long used)
    {
        if (used <= limit * Megabyte)
        {
            return false;
        }

        // The runtime keeps memory that nobody uses any more until the machine runs short: a process that could give it back need not end.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return process.WorkingSet64 > limit * Megabyte;
    }
}
