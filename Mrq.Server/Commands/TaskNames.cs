using Mrq.Server.Configuration;
using Mrq.Server.Hosting;
using Mrq.Tasks;

namespace Mrq.Server.Commands;

/// <summary>The tasks that this program has.</summary>
internal static class TaskNames
{
    /// <summary>Their paths, by name. Nothing is opened for it but the folder of tasks.</summary>
    public static IReadOnlyList<string> Of(ServerSettings settings)
    {
        using var host = MrqWorkerApp.Build(settings with { Workers = false });
        return [.. host.Services.GetRequiredService<TaskRegistry>().Paths.Order(StringComparer.Ordinal)];
    }
}
