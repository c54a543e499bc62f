using Mrq.Server.Commands;
using Mrq.Server.Configuration;
using Mrq.Server.Processes;

namespace Mrq.Server.Hosting;

/// <summary>A worker as a process of its own.</summary>
internal static class WorkerProcess
{
    /// <summary>Runs until the process is told to stop, or its work is done.</summary>
    /// <exception cref="ServerStartException">It could not be started; each reason is a line.</exception>
    public static async Task<int> RunAsync(ServerSettings settings, SettingsSource source, ManagedProcess managed)
    {
        using var host = MrqWorkerApp.Build(settings, services =>
        {
            managed.Register(services);
            services.AddSettingsReload(source);
        });
        return await HostedProcess.RunAsync(host, managed, () => $"MRQ {CommandLine.Version}: worker, {HostedProcess.Describe(host, settings)}");
    }
}
