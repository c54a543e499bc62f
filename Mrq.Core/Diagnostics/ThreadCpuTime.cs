using System.Runtime.InteropServices;

namespace Mrq.Diagnostics;

/// <summary>CPU time of the calling thread, where the system tells it.</summary>
internal static partial class ThreadCpuTime
{
    // CLOCK_THREAD_CPUTIME_ID of Linux's time.h.
    private const int ThreadClock = 3;

    /// <summary>Seconds since the thread began; null on systems other than 64-bit Linux.</summary>
    public static double? Now() =>
        OperatingSystem.IsLinux() && Environment.Is64BitProcess && GetTime(ThreadClock, out var time) == 0
            ? time.Seconds + (time.Nanoseconds / 1e9)
            : null;

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetTime(int clock, out Timespec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
