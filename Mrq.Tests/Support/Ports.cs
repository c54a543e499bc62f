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
    public static int Free() => FreeRow(1);

    /// <summary>The first of so many free ones that follow each other.</summary>
    public static int FreeRow(int count)
    {
        while (true)
        {
            var first = Random.Shared.Next(20_000, 32_000);
            var listeners = Enumerable.Range(first, count).Select(port => new TcpListener(IPAddress.Loopback, port)).ToList();
            try
            {
                listeners.ForEach(listener => listener.Start());
                return first;
            }
            catch (SocketException)
            {
                // Taken: others.
            }
            finally
            {
                listeners.ForEach(listener => listener.Dispose());
            }
        }
    }
}
