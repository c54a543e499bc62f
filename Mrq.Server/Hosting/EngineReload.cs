using Mrq.Scheduling;
using Mrq.Server.Configuration;
using Mrq.Workers;

namespace Mrq.Server.Hosting;

/// <summary>Gives the engine of a running process other settings: its workers, and the schedules in the store.</summary>
internal sealed class EngineReload(ScheduleReload schedules, WorkerPools workers)
{
    /// <summary>Applies settings; nothing of them when something is wrong.</summary>
    /// <param name="before">Those that held until now; null: none.</param>
    /// <returns>What is wrong with them, a sentence each; empty: they hold.</returns>
    public async Task<IReadOnlyList<string>> ApplyAsync(ServerSettings settings, ServerSettings? before, CancellationToken stop)
    {
        var pools = PoolsOf(settings);
        var errors = workers.Check(pools);
        if (errors.Count == 0 && SectionOf(settings, FileSections.Schedules) != SectionOf(before, FileSections.Schedules))
        {
            errors = await schedules.ApplyAsync(new ConfigurationBuilder().AddInMemoryCollection(settings.Section).Build().GetSection(FileSections.Schedules), stop);
        }

        if (errors.Count == 0 && pools.Count > 0)
        {
            await workers.ReloadAsync(pools, stop);
        }

        return errors;
    }

    /// <summary>What the files say in a section of this name, to be compared. A setting may have the same name: <c>tasks</c>.</summary>
    public static string SectionOf(ServerSettings? settings, string name) => string.Join('\n', (settings?.Section ?? new Dictionary<string, string?>())
        .Where(entry => entry.Key.StartsWith($"{name}:", StringComparison.OrdinalIgnoreCase))
        .OrderBy(entry => entry.Key, StringComparer.OrdinalIgnoreCase).Select(entry => $"{entry.Key}={entry.Value}"));

    /// <summary>What the settings say of the worker of this process; empty: it has none, whatever they say.</summary>
    private List<WorkerOptions> PoolsOf(ServerSettings settings)
    {
        if (workers.Report().Count == 0)
        {
            return [];
        }

        var options = new WorkerOptions();
        settings.Worker(options);
        return [options];
    }
}
