using System.Diagnostics;

namespace Mrq.Workers;

/// <summary>What this process uses of the machine, and who it is.</summary>
internal sealed class ProcessUsage(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Process _process = Process.GetCurrentProcess();
    private TimeSpan _lastCpu;
    private long _lastRead;

    /// <summary>
    /// What the numbers of processes are unique in. Not the machine's name: containers that were given the same one, or the network of their machine,
    /// each count from 1, and would take each other's processes for gone. Null: it cannot be known.
    /// </summary>
    public static string? Space { get; } = OperatingSystem.IsLinux() ? ReadSpace("/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid") : Environment.MachineName;

    public static int ProcessId => Environment.ProcessId;

    public DateTimeOffset ProcessStarted { get; } = StartOf(Process.GetCurrentProcess());

    /// <summary>CPU seconds since the process began, the use since the last call (1 is one core), and resident bytes.</summary>
    public (double User, double System, double Use, long Memory) Read()
    {
        lock (_gate)
        {
            _process.Refresh();
            var now = time.GetTimestamp();
            var total = _process.TotalProcessorTime;
            var elapsed = _lastRead == 0 ? TimeSpan.Zero : time.GetElapsedTime(_lastRead, now);
            var use = elapsed > TimeSpan.Zero ? (total - _lastCpu) / elapsed : 0;
            (_lastCpu, _lastRead) = (total, now);
            return (_process.UserProcessorTime.TotalSeconds, _process.PrivilegedProcessorTime.TotalSeconds, use, _process.WorkingSet64);
        }
    }

    /// <summary>False when this <see cref="Space"/> has no such process any more; true also when it cannot be known.</summary>
    public static bool MayBeAlive(int processId, DateTimeOffset started)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            // The start time of a process is read back with a jitter of some 10 ms.
            return (StartOf(process) - started).Duration() < TimeSpan.FromSeconds(2);
        }
        catch (ArgumentException)
        {
            return false;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return true;
        }
    }

    private static string? ReadSpace(string boot, string space)
    {
        try
        {
            // The second is a link to a name such as pid:[4026531836], which lasts as long as a process is in there.
            return new FileInfo(space).LinkTarget is { } name ? $"{File.ReadAllText(boot).Trim()}/{name}" : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static DateTimeOffset StartOf(Process process) => new(process.StartTime.ToUniversalTime(), TimeSpan.Zero);
}
