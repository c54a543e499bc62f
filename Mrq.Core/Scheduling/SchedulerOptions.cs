using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Tasks;

namespace Mrq.Scheduling;

/// <summary>Whether this process schedules.</summary>
public sealed class SchedulerOptions
{
    /// <summary>
    /// True (default): this process brings the schedules of its configuration into the store, and enqueues what is due whenever it leads. False: it does
    /// neither; people may still look at and change schedules through it.
    /// </summary>
    public bool Enabled { get; set; } = true;
}

/// <summary>Checks the schedules of configuration and C# at start and names every error at once.</summary>
internal sealed class SchedulerOptionsValidator(ConfiguredSchedules configured, TaskRegistry tasks, JobFactory factory, IOptions<MrqOptions> engine)
    : IValidateOptions<SchedulerOptions>
{
    public ValidateOptionsResult Validate(string? name, SchedulerOptions options)
    {
        var errors = new ValidateOptionsResultBuilder();
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (source, schedule, unread) in configured.All ?? [])
        {
            var wrong = unread.Concat(Check(schedule)).Distinct().ToList();
            foreach (var error in wrong)
            {
                errors.AddError($"{source}: {error.Field}: {error.Error}");
            }

            if (wrong.Count == 0 && !seen.TryAdd(ScheduleHash.Of(schedule, ScheduleOrigin.Config), source))
            {
                errors.AddError($"{source}: says the same as {seen[ScheduleHash.Of(schedule, ScheduleOrigin.Config)]}. Give one of them another name, if both are meant.");
            }
        }

        return errors.Build();
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
