using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Mrq.Server.Processes;

/// <summary>
/// Tells the one who manages this process how it is, by the protocol of sd_notify: assignments such as <c>READY=1</c>, one a line, in a datagram to the Unix
/// socket that <c>NOTIFY_SOCKET</c> names.
/// </summary>
internal sealed class NotifySocket : IDisposable
{
    private const string Address = "NOTIFY_SOCKET";
    private const string WatchdogTime = "WATCHDOG_USEC";
    private const string WatchdogProcess = "WATCHDOG_PID";

    private readonly Socket _socket;

    private NotifySocket(Socket socket, string path, TimeSpan? watchdog) => (_socket, Path, Watchdog) = (socket, path, watchdog);

    /// <summary>Where it is sent; begins with <c>@</c> when it is no file but a name of Linux's own.</summary>
    public string Path { get; }

    /// <summary>Silence of <c>WATCHDOG=1</c> after which this process is taken for hung; null: nobody waits for it.</summary>
    public TimeSpan? Watchdog { get; }

    /// <summary>
    /// Takes what the environment says out of it, so that programs which jobs start do not speak for this process. Null: nobody wants to hear of this process, or
    /// the address cannot be used.
    /// </summary>
    public static NotifySocket? Take()
    {
        var (path, time, process) = (TakeVariable(Address), TakeVariable(WatchdogTime), TakeVariable(WatchdogProcess));
        return Open(path, process is null || process == Environment.ProcessId.ToString(CultureInfo.InvariantCulture) ? time : null);
    }

    /// <param name="path">Of the socket; null, or none that can be reached: answers null.</param>
    /// <param name="watchdogMicroseconds">Null, or no positive number: nobody waits for <c>WATCHDOG=1</c>.</param>
    public static NotifySocket? Open(string? path, string? watchdogMicroseconds)
    {
        if (path is not ['/' or '@', _, ..] || OperatingSystem.IsWindows())
        {
            return null;
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path[0] == '@' ? $"\0{path[1..]}" : path));
            // It must not wait for a manager that does not read: its own loops would then hang.
            socket.Blocking = false;
            return new NotifySocket(
                socket, path, long.TryParse(watchdogMicroseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var time) && time > 0 ? TimeSpan.FromMicroseconds(time) : null);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            socket.Dispose();
            return null;
        }
    }

    /// <summary>Variables that a process has to be started without, so that it does not speak for this one.</summary>
    public static IEnumerable<string> Variables => [Address, WatchdogTime, WatchdogProcess];

    /// <summary>The variables that make a process speak to <paramref name="path"/>.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> VariablesFor(string path, TimeSpan watchdog) =>
    [
        new(Address, path),
        new(WatchdogTime, ((long)watchdog.TotalMicroseconds).ToString(CultureInfo.InvariantCulture)),
        new(WatchdogProcess, null),
    ];

    /// <summary>Sends assignments. When nobody takes them they are lost: the next ones say it again, or nobody is there to care.</summary>
    public void Send(params IEnumerable<string> assignments)
    {
        try
        {
            _socket.Send(Encoding.UTF8.GetBytes(string.Join('\n', assignments)));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
    }

    public void Dispose() => _socket.Dispose();

    private static string? TakeVariable(string name)
    {
        var value = Environment.GetEnvironmentVariable(name);
        Environment.SetEnvironmentVariable(name, null);
        return value is { Length: > 0 } ? value : null;
    }
}
