using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Tasks;

namespace Mrq.Scheduling;

/// <summary>What is wrong with the schedules of configuration and C#.</summary>
internal sealed class ConfiguredScheduleChecks(TaskRegistry tasks, JobFactory factory, IOptions<MrqOptions> engine)
{
    /// <summary>Every error, a line each; empty: nothing is wrong.</summary>
    public IReadOnlyList<string> Of(ConfiguredSchedules configured)
    {
        var errors = new List<string>();
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (source, schedule, unread) in configured.All ?? [])
        {
            var wrong = ScheduleChecks.Together(unread, Check(schedule)).Distinct().ToList();
            foreach (var error in wrong)
            {
                errors.Add($"{source}: {error.Field}: {error.Error}");
            }

            if (wrong.Count == 0 && !seen.TryAdd(ScheduleHash.Of(schedule, ScheduleOrigin.Config), source))
            {
                errors.Add($"{source}: says the same as {seen[ScheduleHash.Of(schedule, ScheduleOrigin.Config)]}. Give one of them another name, if both are meant.");
            }
        }

        return errors;
    }

    private IEnumerable<FieldError> Check(Schedule schedule)
    {
        if (schedule.Path.Length == 0)
        {
            yield return new FieldError("path", "is required: the path of a task.");
        }
        else if (tasks.Find(schedule.Path) is null && !engine.Value.AcceptUnknownTasks)
        {
            var hint = Suggestion.Closest(schedule.Path, tasks.Paths) is { } closest ? $" Did you mean '{closest}'?" : " accept_unknown_tasks accepts tasks of other processes.";
            yield return new FieldError("path", $"this process has no task '{ScheduleText.Shown(schedule.Path)}'.{hint}");
        }

        foreach (var error in ScheduleChecks.Of(schedule, factory))
        {
            yield return error;
        }
    }
}
