using Mrq.Server.Configuration;
using Mrq.Workers;

namespace Mrq.Server.Hosting;

/// <summary>Builds the engine as a process without pages: a worker, or what commands look at the store with.</summary>
internal static class MrqWorkerApp
{
    /// <summary>Builds it; nothing is opened or started yet.</summary>
    /// <param name="more">Services beyond the settings; null: none.</param>
    /// <exception cref="ServerStartException">Tasks or their options are wrong; each is named.</exception>
    public static IHost Build(ServerSettings settings, Action<IServiceCollection>? more = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings
        {
            ApplicationName = typeof(MrqWorkerApp).Assembly.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory,
        });
        (settings.Files ?? new ConfigurationFiles()).AddTo(builder.Configuration, Path.Combine(AppContext.BaseDirectory, "appsettings.json"));
        EngineHost.Add(builder, settings, mrq => mrq.StopWithWorkers());
        builder.Services.AddOptions<HostOptions>().PostConfigure<WorkerShutdown>((host, workers) => host.ShutdownTimeout = workers.LongestStop);
        more?.Invoke(builder.Services);
        return EngineHost.Build(builder.Build);
    }
}
