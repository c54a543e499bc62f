using System.Net.Sockets;
using System.Text;

namespace Mrq.Server.Processes;

/// <summary>Where one process tells its supervisor how it is, by the protocol of sd_notify (<see cref="NotifySocket"/>).</summary>
internal sealed class NoticeInbox : IDisposable
{
    private const int LongestNotice = 4096;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly byte[] _buffer = new byte[LongestNotice];

    /// <summary>Listens at this path, which must not be there yet.</summary>
    /// <exception cref="SocketException">It cannot be made.</exception>
    public NoticeInbox(string path)
    {
        Path = path;
        try
        {
            _socket.Bind(new UnixDomainSocketEndPoint(path));
        }
        catch (Exception)
        {
            _socket.Dispose();
            throw;
        }
    }

    public string Path { get; }

    /// <summary>Waits for the next notice: the assignments in it.</summary>
    public async Task<IReadOnlyList<string>> ReceiveAsync(CancellationToken cancellationToken)
    {
        var length = await _socket.ReceiveAsync(_buffer.AsMemory(), cancellationToken);
        return Encoding.UTF8.GetString(_buffer, 0, length).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>True: what a process said before its end still lies here.</summary>
    public bool HasMore => _socket.Available > 0;

    public void Dispose()
    {
        _socket.Dispose();
        File.Delete(Path);
    }
}
