using System.Globalization;
using System.Net.Sockets;

namespace Mrq.Storage.Mongo;

/// <summary>
/// A look at the ports after the driver has found no server in its time: for a port where nobody listens and for one where another program does, it has
/// nearly the same words.
/// </summary>
internal static class MongoProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>The first of these servers, <c>host:port</c>, whose port takes a connection; null: none does, or their ports are not known.</summary>
    public static async Task<string?> FindListenerAsync(string servers, TimeProvider time, CancellationToken cancellationToken)
    {
        foreach (var server in servers.Split(','))
        {
            var colon = server.LastIndexOf(':');
            if (colon > 0 && int.TryParse(server[(colon + 1)..], CultureInfo.InvariantCulture, out var port)
                && await IsTakenAsync(server[..colon].Trim('[', ']'), port, time, cancellationToken))
            {
                return server;
            }
        }

        return null;
    }

    private static async Task<bool> IsTakenAsync(string host, int port, TimeProvider time, CancellationToken cancellationToken)
    {
        using var expired = new CancellationTokenSource(Patience, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(expired.Token, cancellationToken);
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(host, port, stop.Token);
            return true;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
