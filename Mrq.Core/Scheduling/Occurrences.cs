using System.Diagnostics.CodeAnalysis;
using Mrq.Jobs;

namespace Mrq.Scheduling;

/// <summary>The times of a schedule: they follow from it alone, so that whoever looks at it names the same ones.</summary>
public sealed class Occurrences
{
    /// <summary>Most that <see cref="Misfire.RunAll"/> may make up for at once.</summary>
    public const int MostMissed = 1000;

    private const string OneIsNeeded = "give exactly one of interval, dailytime (alone, or with weekday or monthday) and cron.";
    private const string DailyTimeIsNeeded = "needs a dailytime.";

    private static readonly TimeSpan LongestInterval = TimeSpan.FromDays(3650);

    private readonly TimeSpan? _interval;
    private readonly ZonedTimes? _times;

    private Occurrences(TimeSpan interval) => _interval = interval;

    private Occurrences(CronExpression expression, TimeZoneInfo zone) => _times = new ZonedTimes(expression, zone);

    /// <summary>The times of a schedule, or everything that is wrong with when it says.</summary>
    /// <param name="errors">What is wrong, by the names of the fields on the wire.</param>
    public static bool TryMake(Schedule schedule, [NotNullWhen(true)] out Occurrences? occurrences, out IReadOnlyList<FieldError> errors)
    {
        var found = new List<FieldError>();
        CheckKind(schedule, found);
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(schedule.TimeZone, out var zone))
        {
            found.Add(new FieldError("timezone", $"'{ScheduleText.Shown(schedule.TimeZone)}' is not a time zone that this machine knows; UTC and Europe/Berlin are such."));
        }

        var expression = schedule.DailyTime is { } time ? CronExpression.Daily(time, schedule.Weekday, InMonth(schedule.MonthDay)) : ReadCron(schedule, found);
        if (schedule.MisfireLimit is < 1 or > MostMissed)
        {
            found.Add(new FieldError("misfire_limit", $"must be 1 to {MostMissed:N0}."));
        }

        errors = found;
        occurrences = found.Count > 0 ? null
            : schedule.Interval is { } interval ? new Occurrences(interval)
            : expression is not null && zone is not null ? new Occurrences(expression, zone)
            : null;
        return occurrences is not null;
    }

    /// <summary>Whether an error only says that a time is missing: nothing new of a schedule whose time is there and could not be read.</summary>
    internal static bool SaysMissing(FieldError error) => error.Error is OneIsNeeded or DailyTimeIsNeeded;

    /// <summary>The moment after which an entry's next occurrence lies.</summary>
    public DateTimeOffset StartOf(ScheduleEntry entry) =>
        // The first occurrence of an interval is when it was added.
        entry.HandledUntil ?? (_interval is { } interval ? entry.Created - interval : entry.Created);

    /// <summary>The first occurrence after a moment, which for an interval is an occurrence itself; null: none in 40 years.</summary>
    public DateTimeOffset? Next(DateTimeOffset after) =>
        _interval is { } interval ? after + interval
        : _times?.Next(after.UtcDateTime) is { } next ? new DateTimeOffset(next) : null;

    /// <summary>The last occurrences after a moment and up to another, oldest first.</summary>
    /// <param name="count">Most that are named.</param>
    public IReadOnlyList<DateTimeOffset> Last(DateTimeOffset after, DateTimeOffset until, int count)
    {
        if (_interval is { } interval)
        {
            var due = until < after ? 0 : (until - after).Ticks / interval.Ticks;
            var named = (int)Math.Min(due, count);
            return [.. Enumerable.Range(0, named).Select(i => after + interval * (due - named + 1 + i))];
        }

        // Looked for from the end in growing spans: after a long time away there may be millions.
        for (var span = TimeSpan.FromMinutes(1); ; span *= 4)
        {
            var isAll = span > until - after;
            var found = Between(isAll ? after : until - span, until);
            if (isAll || found.Count >= count)
            {
                return found.Count <= count ? found : found[^count..];
            }
        }
    }

    private List<DateTimeOffset> Between(DateTimeOffset after, DateTimeOffset until)
    {
        var found = new List<DateTimeOffset>();
        for (var next = Next(after); next <= until; next = Next(next.Value))
        {
            found.Add(next.Value);
        }

        return found;
    }

    private static void CheckKind(Schedule schedule, List<FieldError> errors)
    {
        if ((schedule.Interval is null ? 0 : 1) + (schedule.DailyTime is null ? 0 : 1) + (schedule.Cron is null ? 0 : 1) != 1)
        {
            errors.Add(new FieldError("interval", OneIsNeeded));
        }

        if (schedule.Interval < TimeSpan.FromSeconds(1) || schedule.Interval > LongestInterval)
        {
            errors.Add(new FieldError("interval", $"must be 1 to {LongestInterval.TotalSeconds:N0} seconds (10 years)."));
        }

        if (schedule.Weekday is not null && schedule.DailyTime is null)
        {
            errors.Add(new FieldError("weekday", DailyTimeIsNeeded));
        }

        if (schedule.MonthDay is not null && schedule.DailyTime is null)
        {
            errors.Add(new FieldError("monthday", DailyTimeIsNeeded));
        }

        if (schedule.MonthDay is < 1 or > 31)
        {
            errors.Add(new FieldError("monthday", "must be 1 to 31."));
        }
    }

    private static int? InMonth(int? day) => day is { } given ? Math.Clamp(given, 1, 31) : null;

    private static CronExpression? ReadCron(Schedule schedule, List<FieldError> errors)
    {
        if (schedule.Cron is null)
        {
            return null;
        }

        if (!CronExpression.TryParse(schedule.Cron, out var expression, out var error))
        {
            errors.Add(new FieldError("cron", error));
        }

        return expression;
    }
}
