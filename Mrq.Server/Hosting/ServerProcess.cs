using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Mrq.Server.Commands;
using Mrq.Server.Configuration;
using Mrq.Server.Processes;

namespace Mrq.Server.Hosting;

/// <summary>Dashboard, API and, where the settings say so, workers as a process.</summary>
internal static class ServerProcess
{
    /// <summary>Runs until the process is told to stop.</summary>
    /// <exception cref="ServerStartException">It could not be started; each reason is a line.</exception>
    public static async Task<int> RunAsync(ServerSettings settings, SettingsSource source, ManagedProcess managed)
    {
        var address = new IPEndPoint(settings.DashboardIp, settings.DashboardPort);
        // Before anything else: a second server started by mistake must not touch the jobs of the first.
        TryBind(address);
        var hasProcesses = settings is { Workers: true, Processes: > 0 };
        await using var app = MrqServerApp.Build(hasProcesses ? settings with { Workers = false } : settings, host: builder =>
        {
            builder.Services.AddSettingsReload(source);
            if (hasProcesses)
            {
                WorkerProcesses.Register(builder.Services, settings, source);
            }
        });
        return await HostedProcess.RunAsync(
            app,
            managed,
            () => $"MRQ {CommandLine.Version}: dashboard {app.Urls.First()} (API {app.Urls.First()}/docs), {HostedProcess.Describe(app, settings)}",
            e => SocketErrorOf(e) is { } error ? Explain(address, error) : null);
    }

    private static void TryBind(IPEndPoint address)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(address);
            socket.Listen();
        }
        catch (SocketException e)
        {
            throw new ServerStartException([Explain(address, e.SocketErrorCode)], e);
        }
    }

    private static SocketError? SocketErrorOf(Exception exception) => exception switch
    {
        // It has said what it means.
        ServerStartException => null,
        SocketException e => e.SocketErrorCode,
        AddressInUseException => SocketError.AddressAlreadyInUse,
        { InnerException: { } inner } => SocketErrorOf(inner),
        _ => null,
    };

    private static string Explain(IPEndPoint address, SocketError error) => error switch
    {
        SocketError.AddressAlreadyInUse => $"Port {address.Port} on {address.Address} is taken by another process. Stop that one, or choose another with --dashboard_port.",
        SocketError.AddressNotAvailable => $"{address.Address} is not an address of this machine. Choose one with --dashboard_ip, for example 127.0.0.1.",
        SocketError.AccessDenied => $"Port {address.Port} may not be opened by this user. Choose one above 1023 with --dashboard_port.",
        _ => $"{address} cannot be listened on: {error}.",
    };
}
