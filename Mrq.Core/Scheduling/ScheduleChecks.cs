using Mrq.Jobs;

namespace Mrq.Scheduling;

/// <summary>What can be wrong with a schedule beyond the path of its task.</summary>
internal static class ScheduleChecks
{
    public static IEnumerable<FieldError> Of(Schedule schedule, JobFactory factory)
    {
        Occurrences.TryMake(schedule, out _, out var errors);
        return errors.Concat(OfJob(schedule, factory));
    }

    /// <summary>What could not be read of a schedule, and what else is wrong with it; nothing that only follows from the former.</summary>
    public static IEnumerable<FieldError> Together(IReadOnlyCollection<FieldError> unread, IEnumerable<FieldError> wrong)
    {
        var isTimeUnread = unread.Any(e => e.Field is "interval" or "dailytime" or "cron");
        return unread.Concat(wrong.Where(e => !unread.Any(u => u.Field == e.Field) && !(isTimeUnread && Occurrences.SaysMissing(e))));
    }

    private static IReadOnlyList<FieldError> OfJob(Schedule schedule, JobFactory factory)
    {
        try
        {
            factory.Make(RequestOf(schedule));
            return [];
        }
        catch (InvalidJobException e)
        {
            return e.Errors;
        }
    }

    /// <summary>What a person who runs the schedule by hand asks for.</summary>
    public static JobRequest RequestOf(Schedule schedule) => new() { Path = schedule.Path, Params = schedule.Params, Queue = schedule.Queue };
}
