using Microsoft.Extensions.Options;
using Mrq.Dashboard;
using Mrq.Hosting;
using Mrq.Queues;
using Mrq.Scheduling;
using Mrq.Server.Configuration;
using Mrq.Tasks;

namespace Mrq.Server.Commands.Checking;

/// <summary>What a start reads before it opens anything: tasks, raw queues, limits, schedules.</summary>
internal static class SetupChecks
{
    public static IEnumerable<Finding> Of(IServiceProvider services, ServerSettings settings)
    {
        var tasks = services.GetRequiredService<TaskRegistry>();
        yield return Tasks(tasks, settings);
        foreach (var broken in tasks.Broken)
        {
            yield return new Finding(FindingLevel.Bad, "tasks", $"{broken.Source}: {broken.Error}", "Mend or remove the assembly; everything else runs.");
        }

        foreach (var path in ConfiguredInVain(tasks, settings))
        {
            var meant = Suggestion.Closest(path, tasks.Paths) is { } closest ? $" Did you mean '{closest}'?" : "";
            yield return new Finding(FindingLevel.Notice, "tasks", $"Tasks:{path} has options, but this program has no such task.{meant}");
        }

        foreach (var finding in Options<MrqOptions>(services, "settings").Concat(Options<SchedulerOptions>(services, "schedules")))
        {
            yield return finding;
        }

        if (services.GetRequiredService<RawQueueRegistry>().All.Count() is > 0 and var raw)
        {
            yield return Finding.Good("raw queues", $"{raw} have a factory");
        }
    }

    private static Finding Tasks(TaskRegistry tasks, ServerSettings settings)
    {
        var (folder, count) = (Path.GetFullPath(settings.Tasks), tasks.PathsForPeople.Count());
        return Directory.Exists(folder) || count > 0
            ? Finding.Good("tasks", $"{count} {(count == 1 ? "is" : "are")} known{(Directory.Exists(folder) ? $", with those of {folder}" : "")}")
            : new Finding(FindingLevel.Notice, "tasks", $"none are known: there is no folder {folder}", "Put assemblies with tasks there, or name another with --tasks.");
    }

    private static IEnumerable<string> ConfiguredInVain(TaskRegistry tasks, ServerSettings settings) => settings.Section.Keys
        .Select(key => key.Split(':')).Where(parts => parts.Length > 1 && parts[0].Equals("Tasks", StringComparison.OrdinalIgnoreCase)).Select(parts => parts[1])
        .Distinct(StringComparer.OrdinalIgnoreCase).Where(path => !tasks.Paths.Contains(path, StringComparer.OrdinalIgnoreCase));

    private static List<Finding> Options<T>(IServiceProvider services, string about)
        where T : class
    {
        try
        {
            _ = services.GetRequiredService<IOptions<T>>().Value;
            return [Finding.Good(about, "are right")];
        }
        catch (OptionsValidationException e)
        {
            return [.. e.Failures.Select(error => new Finding(FindingLevel.Fatal, about, error))];
        }
        catch (InvalidOperationException e)
        {
            return [.. e.Message.Split(Environment.NewLine).Select(error => new Finding(FindingLevel.Fatal, about, error))];
        }
    }
}
