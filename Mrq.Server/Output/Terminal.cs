using System.Globalization;
using System.Runtime.InteropServices;

namespace Mrq.Server.Output;

/// <summary>What stands behind the three streams of this process.</summary>
internal static partial class Terminal
{
    private const int Output = 1;
    private const int Errors = 2;
    private const int LeastWidth = 20;
    private const int MostWidth = 10_000;

    // What every terminal has at least.
    private const int UsualWidth = 80;

    // ioctl on Linux: the size of a terminal's window.
    private const nuint GetWindowSize = 0x5413;

    /// <summary>True: a person reads stdout.</summary>
    public static bool IsOutput => !Console.IsOutputRedirected;

    /// <summary>True: a person reads stderr, and sees a line that is written over and over.</summary>
    public static bool IsErrors => !Console.IsErrorRedirected && !IsDumb;

    /// <summary>True: a person can be asked.</summary>
    public static bool CanAsk => !Console.IsInputRedirected && !Console.IsErrorRedirected;

    /// <summary>True: stdout shows colours, and nobody has asked for none (NO_COLOR).</summary>
    public static bool HasColors => IsOutput && !IsDumb && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    /// <summary>Characters in a line of stdout: what COLUMNS says, else what the terminal says, 20 at least. In a pipe 120.</summary>
    public static int Width => IsOutput ? WidthOf(Output) : 120;

    /// <summary>The same of stderr.</summary>
    public static int ErrorWidth => Console.IsErrorRedirected ? 120 : WidthOf(Errors);

    private static bool IsDumb => Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb";

    private static int WidthOf(int file)
    {
        var said = int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), NumberStyles.None, CultureInfo.InvariantCulture, out var columns) ? columns : 0;
        var width = said > 0 ? said : Ask(file);
        return width > 0 ? Math.Clamp(width, LeastWidth, MostWidth) : UsualWidth;
    }

    // Console would tell it, too, and switch the terminal's keys for that: see StandardStream.
    private static int Ask(int file) => !OperatingSystem.IsLinux() ? Console.WindowWidth : Control(file, GetWindowSize, out var size) == 0 ? size.Columns : 0;

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Control(int file, nuint request, out WindowSize size);

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort PixelsAcross;
        public ushort PixelsDown;
    }
}
