using System.Globalization;

namespace Mrq.Scheduling;

/// <summary>Says in words when a schedule comes.</summary>
public static class ScheduleWords
{
    private static readonly (TimeSpan Span, string One, string Many)[] Units =
    [
        (TimeSpan.FromDays(1), "day", "days"), (TimeSpan.FromHours(1), "hour", "hours"), (TimeSpan.FromMinutes(1), "minute", "minutes"), (TimeSpan.FromSeconds(1), "second", "seconds"),
    ];

    private static readonly Dictionary<string, string> Named = new(StringComparer.OrdinalIgnoreCase)
    {
        ["@hourly"] = "hourly at :00",
        ["@daily"] = "daily at 00:00",
        ["@midnight"] = "daily at 00:00",
        ["@weekly"] = "Sundays at 00:00",
        ["@monthly"] = "on day 1 of the month at 00:00",
        ["@yearly"] = "yearly on 1 January at 00:00",
        ["@annually"] = "yearly on 1 January at 00:00",
    };

    /// <summary>For example <c>every 5 minutes</c>, <c>Mondays at 07:30</c>; of a cron expression that is not among the common ones the expression itself.</summary>
    public static string Of(Schedule schedule) =>
        schedule.Interval is { } interval ? Of(interval)
        : schedule.DailyTime is { } time ? Of(time, schedule.Weekday, schedule.MonthDay)
        : schedule.Cron is { } cron ? OfCron(cron.Trim())
        : "never";

    private static string Of(TimeSpan interval)
    {
        var (span, one, many) = Units.FirstOrDefault(unit => interval.Ticks % unit.Span.Ticks == 0, Units[^1]);
        var count = interval / span;
        return count == 1 ? $"every {one}" : $"every {count.ToString("#,0.###", CultureInfo.InvariantCulture)} {many}";
    }

    private static string Of(TimeOnly time, DayOfWeek? weekday, int? monthDay) => (weekday, monthDay) switch
    {
        (null, null) => $"daily at {ScheduleText.TextOf(time)}",
        ({ } day, null) => $"{day}s at {ScheduleText.TextOf(time)}",
        (null, { } number) => $"on day {number} of the month at {ScheduleText.TextOf(time)}",
        ({ } day, { } number) => $"{day}s that are day {number} of the month at {ScheduleText.TextOf(time)}",
    };

    private static string OfCron(string cron)
    {
        if (Named.TryGetValue(cron, out var words))
        {
            return words;
        }

        var parts = cron.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        return parts switch
        {
            ["*", "*", "*", "*", "*"] => "every minute",
            [['*', '/', .. var step], "*", "*", "*", "*"] when int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var minutes) && minutes > 1 && 60 % minutes == 0 => $"every {minutes} minutes",
            [var minute, "*", "*", "*", "*"] when TryRead(minute, out var m) => $"hourly at :{m:00}",
            [var minute, var hour, "*", "*", "*"] when TryRead(minute, out var m) && TryRead(hour, out var h) => $"daily at {h:00}:{m:00}",
            [var minute, var hour, "*", "*", var day] when TryRead(minute, out var m) && TryRead(hour, out var h) && DayOf(day) is { } days => $"{days} at {h:00}:{m:00}",
            [var minute, var hour, var day, "*", "*"] when TryRead(minute, out var m) && TryRead(hour, out var h) && TryRead(day, out var d) => $"on day {d} of the month at {h:00}:{m:00}",
            _ => cron,
        };
    }

    private static string? DayOf(string day) =>
        day is "1-5" || day.Equals("mon-fri", StringComparison.OrdinalIgnoreCase) ? "Monday to Friday"
        : TryRead(day, out var number) && number <= 7 ? $"{(DayOfWeek)(number % 7)}s"
        : day.Length == 3 && char.IsAsciiLetter(day[0]) && ScheduleText.TryReadWeekday(day, out var named, out _) ? $"{named}s"
        : null;

    private static bool TryRead(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
