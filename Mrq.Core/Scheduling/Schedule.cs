using Mrq.Queues;

namespace Mrq.Scheduling;

/// <summary>What becomes of occurrences that came while no scheduler ran. It decides over all that are due at once.</summary>
public enum Misfire
{
    /// <summary>The latest is enqueued, earlier ones are not.</summary>
    RunOnce,

    /// <summary>The latest is enqueued if it is at most <see cref="Schedule.SkipAfter"/> late, else none.</summary>
    Skip,

    /// <summary>The last <see cref="Schedule.MisfireLimit"/> are enqueued, oldest first.</summary>
    RunAll,
}

/// <summary>
/// What to run and when. Exactly one of <see cref="Interval"/>, <see cref="DailyTime"/> and <see cref="Cron"/> is given; <see cref="Occurrences"/>
/// says what is wrong with one that is not so. docs/schedules.md has the rules.
/// </summary>
public sealed record Schedule
{
    /// <summary>An occurrence that is later than this is missed where <see cref="Misfire"/> is <see cref="Misfire.Skip"/>.</summary>
    public static readonly TimeSpan SkipAfter = TimeSpan.FromSeconds(60);

    /// <summary>For people; null: the task's path.</summary>
    public string? Name { get; init; }

    /// <summary>Path of the task.</summary>
    public required string Path { get; init; }

    /// <summary>A JSON object as text. Default <c>{}</c>.</summary>
    public string Params { get; init; } = "{}";

    /// <summary>Null: the task's own queue.</summary>
    public QueueName? Queue { get; init; }

    /// <summary>Real time from one occurrence to the next: 1 s to 10 years. The first is at once.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>Time of day in the zone, in whole seconds.</summary>
    public TimeOnly? DailyTime { get; init; }

    /// <summary>Only on this day of the week; needs <see cref="DailyTime"/>. Null: on any.</summary>
    public DayOfWeek? Weekday { get; init; }

    /// <summary>Only on this day of the month, 1 to 31; needs <see cref="DailyTime"/>. Months without it are left out. Null: on any.</summary>
    public int? MonthDay { get; init; }

    /// <summary>Five fields, or six with seconds first; see <see cref="CronExpression"/>.</summary>
    public string? Cron { get; init; }

    /// <summary>IANA name of the zone that days and times are of. Default <c>UTC</c>. It means nothing to an interval.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>Default <see cref="Misfire.RunOnce"/>.</summary>
    public Misfire Misfire { get; init; }

    /// <summary>Most occurrences that <see cref="Misfire.RunAll"/> makes up for at once: 1 to 1,000, default 100.</summary>
    public int MisfireLimit { get; init; } = 100;
}
