using System.Net;
using Mrq.Server.Commands;
using Mrq.Server.Configuration;
using Mrq.Server.Hosting;
using Mrq.Workers;

namespace Mrq.Server.Processes;

/// <summary>A process that does nothing but keep worker processes running.</summary>
internal static class SupervisorProcess
{
    /// <summary>Runs until it is told to stop, or its processes have nothing left to do.</summary>
    public static async Task<int> RunAsync(ServerSettings settings, SettingsSource source, ManagedProcess managed)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        EngineHost.AddLogging(builder, settings.ConsoleLevel);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSettingsReload(source);
        WorkerProcesses.Register(builder.Services, settings, source);
        using var host = builder.Build();
        await HostedProcess.RunAsync(host, managed, () => $"MRQ {CommandLine.Version}: supervisor, {HostedProcess.WorkOf(settings)}. Ctrl+C stops.");
        return host.Services.GetRequiredService<WorkerProcesses>().ExitCode;
    }

    /// <summary>What is wrong with the settings as far as processes go; empty: nothing.</summary>
    /// <param name="settings">Null: they could not be read.</param>
    /// <param name="hasDashboard">True: the process listens on <c>dashboard_port</c>, too.</param>
    public static IEnumerable<string> Check(ServerSettings? settings, bool hasDashboard)
    {
        if (settings is { Processes: > 0 } && !Posix.IsHere)
        {
            yield return "processes: worker processes need the signals of Linux or macOS; on this system the jobs run in one process (0).";
        }

        // 0 is any free port.
        if (settings is not { Workers: true, AdminPort: { } first and > 0 })
        {
            yield break;
        }

        var count = Math.Max(settings.Processes, 1);
        var last = first + count - 1;
        if (last > IPEndPoint.MaxPort)
        {
            yield return $"admin_port: each of {count} worker processes takes one port, from {first} on, and the last port there is is {IPEndPoint.MaxPort}. Choose {IPEndPoint.MaxPort - count + 1} or less.";
        }
        else if (hasDashboard && settings.DashboardPort >= first && settings.DashboardPort <= last && AreOne(settings.AdminIp, settings.DashboardIp))
        {
            var ports = count == 1 ? $"{first} is" : $"{first} to {last}, one for each of {count} worker processes, has";
            yield return $"admin_port: {ports} the dashboard's own, dashboard_port {settings.DashboardPort}. Choose another for one of them.";
        }
    }

    private static bool AreOne(IPAddress one, IPAddress other) =>
        one.Equals(other) || IsAny(one) || IsAny(other);

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
}
