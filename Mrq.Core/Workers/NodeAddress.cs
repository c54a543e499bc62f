using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Mrq.Workers;

/// <summary>The address of this machine, found without asking anybody.</summary>
internal static class NodeAddress
{
    /// <summary>That of the first interface that is up and not the loopback, IPv4 before IPv6; else 127.0.0.1.</summary>
    public static IPAddress Find()
    {
        try
        {
            var addresses = NetworkInterface.GetAllNetworkInterfaces()
                .Where(network => network is { OperationalStatus: OperationalStatus.Up, NetworkInterfaceType: not NetworkInterfaceType.Loopback })
                .SelectMany(network => network.GetIPProperties().UnicastAddresses)
                .Select(unicast => unicast.Address)
                .Where(address => !IPAddress.IsLoopback(address) && !address.IsIPv6LinkLocal)
                .ToList();
            return addresses.Find(address => address.AddressFamily == AddressFamily.InterNetwork) ?? addresses.FirstOrDefault() ?? IPAddress.Loopback;
        }
        catch (Exception e) when (e is NetworkInformationException or PlatformNotSupportedException)
        {
            return IPAddress.Loopback;
        }
    }
}
