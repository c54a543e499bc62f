using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Mrq.Scheduling;

/// <summary>How the values of a schedule are written: in files, over the API, in documents.</summary>
public static class ScheduleText
{
    private static readonly string[] MisfireNames = ["run_once", "skip", "run_all"];
    private static readonly string[] DailyTimes = [@"hh\:mm", @"h\:mm", @"hh\:mm\:ss", @"h\:mm\:ss"];

    public static string NameOf(Misfire misfire) => MisfireNames[(int)misfire];

    public static string NameOf(ScheduleOrigin origin) => origin == ScheduleOrigin.Config ? "config" : "api";

    /// <summary>For example <c>monday</c>.</summary>
    public static string NameOf(DayOfWeek day) => day.ToString().ToLowerInvariant();

    /// <summary>For example <c>07:30</c> or, where it has seconds, <c>07:30:15</c>.</summary>
    public static string TextOf(TimeOnly time) => time.ToString(time.Second == 0 ? "HH:mm" : "HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>The number of a day as the original counts: 0 is Monday.</summary>
    public static int NumberOf(DayOfWeek day) => ((int)day + 6) % 7;

    /// <summary>The day of such a number, 0 to 6.</summary>
    public static DayOfWeek DayOf(int number) => (DayOfWeek)((number + 1) % 7);

    public static bool TryReadMisfire(string text, out Misfire misfire, [NotNullWhen(false)] out string? error)
    {
        var place = Array.IndexOf(MisfireNames, text.Trim().Replace('-', '_').ToLowerInvariant());
        misfire = place < 0 ? default : (Misfire)place;
        error = place < 0 ? $"'{Shown(text)}' must be {string.Join(", ", MisfireNames[..^1])} or {MisfireNames[^1]}." : null;
        return error is null;
    }

    public static bool TryReadDailyTime(string text, out TimeOnly time, [NotNullWhen(false)] out string? error)
    {
        // A span first: "24:00" and "7:30 pm" are refused, and no culture is asked.
        var isTime = TimeSpan.TryParseExact(text.Trim(), DailyTimes, CultureInfo.InvariantCulture, out var span) && span < TimeSpan.FromDays(1);
        time = isTime ? TimeOnly.FromTimeSpan(span) : default;
        error = isTime ? null : $"'{Shown(text)}' is not a time of day: 07:30 and 07:30:15 are.";
        return isTime;
    }

    /// <summary>Reads a name (<c>monday</c>, <c>mon</c>) or a number as the original counts (0 is Monday).</summary>
    public static bool TryReadWeekday(string text, out DayOfWeek day, [NotNullWhen(false)] out string? error)
    {
        var plain = text.Trim();
        error = null;
        if (int.TryParse(plain, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 6)
        {
            day = DayOf(number);
            return true;
        }

        foreach (var known in Enum.GetValues<DayOfWeek>())
        {
            var name = NameOf(known);
            if (plain.Equals(name, StringComparison.OrdinalIgnoreCase) || plain.Equals(name[..3], StringComparison.OrdinalIgnoreCase))
            {
                day = known;
                return true;
            }
        }

        day = default;
        error = $"'{Shown(text)}' is not a day: monday to sunday, mon to sun, or 0 (Monday) to 6 are.";
        return false;
    }

    internal static string Shown(string text) => text.Length <= 60 ? text : $"{text[..57]}...";
}
