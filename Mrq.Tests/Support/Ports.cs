using System.Net;
using System.Net.Sockets;

namespace Mrq.Tests.Support;

/// <summary>Ports for servers that a test stops and starts again.</summary>
internal static class Ports
{
    /// <summary>
    /// One that is free, below the ports that the system gives to outgoing connections: one of those could take the port of a server that is down for a
    /// moment. A Redis Cluster needs the port ten thousand above its own.
    /// </summary>
    public static int Free()
    {
        while (true)
        {
            using var listener = new TcpListener(IPAddress.Loopback, Random.Shared.Next(20_000, 32_000));
            try
            {
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException)
            {
                // Taken: another one.
            }
        }
    }
}
