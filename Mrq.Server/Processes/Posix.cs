using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Mrq.Server.Processes;

/// <summary>What .NET does not offer of signals, sessions and descriptors; for Linux and macOS.</summary>
internal static partial class Posix
{
    public const int Hangup = 1;
    public const int Interrupt = 2;
    public const int Kill = 9;
    public const int Terminate = 15;

    /// <summary>False on systems without signals, where no process can be supervised.</summary>
    public static bool IsHere { get; } = !OperatingSystem.IsWindows();

    /// <summary>Sends a signal. Nothing happens when the process has ended.</summary>
    public static void Send(Process process, int signal)
    {
        try
        {
            // While it has not been waited for, its number cannot be given to another.
            if (!process.HasExited)
            {
                _ = SendSignal(process.Id, signal);
            }
        }
        catch (InvalidOperationException)
        {
            // It has ended, and was put away just now.
        }
    }

    /// <summary>Ends this process now, whatever its threads do.</summary>
    public static void KillSelf() => _ = SendSignal(Environment.ProcessId, Kill);

    /// <summary>Leaves the terminal and the group of the parent, whose Ctrl+C then does not come here. Nothing happens when this process leads a group already.</summary>
    public static void LeaveTerminal() => _ = NewSession();

    /// <summary>Takes the standard input away from everything else in this process, which from now on finds it empty.</summary>
    /// <exception cref="Win32Exception">The system refuses.</exception>
    public static SafeFileHandle TakeStandardInput()
    {
        const int StandardInput = 0;
        var taken = Duplicate(StandardInput);
        if (taken < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }

        using var empty = File.OpenHandle("/dev/null");
        if (DuplicateTo((int)empty.DangerousGetHandle(), StandardInput) < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }

        return new SafeFileHandle(taken, ownsHandle: true);
    }

    /// <summary>For example <c>SIGKILL</c>; a number when it has no common name.</summary>
    public static string NameOf(int signal) => signal switch
    {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => signal.ToString(CultureInfo.InvariantCulture),
    };

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int processId, int signal);

    [LibraryImport("libc", EntryPoint = "setsid")]
    private static partial int NewSession();

    [LibraryImport("libc", EntryPoint = "dup", SetLastError = true)]
    private static partial int Duplicate(int descriptor);

    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    private static partial int DuplicateTo(int descriptor, int target);
}
