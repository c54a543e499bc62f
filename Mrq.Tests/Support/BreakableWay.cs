using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Mrq.Tests.Support;

/// <summary>A way to a server on this machine that a test can cut and mend, while the server itself runs on and keeps what it holds.</summary>
internal sealed class BreakableWay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<TcpClient, bool> _open = new();
    private readonly int _target;
    private readonly Task _accepting;
    private volatile bool _isCut;
    private volatile int _passesLeft = int.MaxValue;

    public BreakableWay(int target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Breaks every connection; new ones are closed as soon as they are made.</summary>
    public void Cut()
    {
        _isCut = true;
        foreach (var connection in _open.Keys)
        {
            Break(connection);
        }
    }

    /// <summary>Lets so many more connections pass; those that come after are closed as soon as they are made.</summary>
    public void Pass(int connections) => _passesLeft = connections;

    public void Mend() => (_isCut, _passesLeft) = (false, int.MaxValue);

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        Cut();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        var passing = new List<Task>();
        try
        {
            while (true)
            {
                passing.Add(PassAsync(await _listener.AcceptTcpClientAsync()));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It was stopped.
        }

        await Task.WhenAll(passing);
    }

    private async Task PassAsync(TcpClient near)
    {
        using var far = new TcpClient();
        _open[near] = true;
        try
        {
            if (!_isCut && Interlocked.Decrement(ref _passesLeft) >= 0)
            {
                near.NoDelay = far.NoDelay = true;
                await far.ConnectAsync(IPAddress.Loopback, _target);
                await await Task.WhenAny(near.GetStream().CopyToAsync(far.GetStream()), far.GetStream().CopyToAsync(near.GetStream()));
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Either side has gone, or it was cut.
        }

        _open.TryRemove(near, out _);
        Break(near);
    }

    // With a reset, as a machine that is gone gives it.
    private static void Break(TcpClient connection)
    {
        try
        {
            connection.Client?.Close(0);
        }
        catch (ObjectDisposedException)
        {
            // It is.
        }

        connection.Dispose();
    }
}
