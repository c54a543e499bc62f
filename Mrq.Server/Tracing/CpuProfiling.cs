using Mrq.Server.Configuration;

namespace Mrq.Server.Tracing;

/// <summary>A profile of a process that starts no host: from its begin until it is disposed.</summary>
/// <param name="profiler">Null: none was asked for.</param>
internal sealed class CpuProfiling(CpuProfiler? profiler) : IAsyncDisposable
{
    /// <summary>Begins, where the settings ask for it (<see cref="ServerSettings.Profile"/>).</summary>
    public static async Task<CpuProfiling> BeginAsync(ServerSettings settings, IServiceProvider services, CancellationToken cancellationToken)
    {
        if (!settings.Profile)
        {
            return new CpuProfiling(profiler: null);
        }

        var profiler = new CpuProfiler(settings.ProfileOutputDir, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<CpuProfiler>>());
        await profiler.StartAsync(cancellationToken);
        await profiler.Begun;
        return new CpuProfiling(profiler);
    }

    /// <summary>Writes what was seen, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        if (profiler is not null)
        {
            await profiler.StopAsync(CancellationToken.None);
            profiler.Dispose();
        }
    }
}
