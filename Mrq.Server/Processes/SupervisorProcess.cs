using Mrq.Server.Commands;
using Mrq.Server.Configuration;
using Mrq.Server.Hosting;
using Mrq.Workers;

namespace Mrq.Server.Processes;

/// <summary>A process that does nothing but keep worker processes running.</summary>
internal static class SupervisorProcess
{
    /// <summary>Runs until it is told to stop, or its processes have nothing left to do.</summary>
    public static async Task<int> RunAsync(ServerSettings settings, ManagedProcess managed)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        EngineHost.AddLogging(builder, settings.LogLevel);
        WorkerProcesses.Register(builder.Services, settings);
        using var host = builder.Build();
        await HostedProcess.RunAsync(host, managed, () => $"MRQ {CommandLine.Version}: supervisor, {Describe(settings)}. Ctrl+C stops.");
        return host.Services.GetRequiredService<WorkerProcesses>().ExitCode;
    }

    /// <summary>What is wrong with the settings as far as processes go; empty: nothing.</summary>
    /// <param name="settings">Null: they could not be read.</param>
    public static IEnumerable<string> Check(ServerSettings? settings) =>
        settings is { Processes: > 0 } && !Posix.IsHere ? ["processes: worker processes need the signals of Linux or macOS; on this system the jobs run in one process (0)."] : [];

    /// <summary>What the worker processes do, for the first line.</summary>
    public static string Describe(ServerSettings settings)
    {
        var worker = new WorkerOptions();
        settings.Worker(worker);
        return $"runs {worker.Concurrency} jobs at once in each of {settings.Processes} worker processes from {string.Join(", ", worker.Queues)}";
    }
}
