using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Mrq.Scheduling;

/// <summary>
/// A cron expression as crontab(5) has it: <c>minute hour day month weekday</c>, or with seconds first; lists, ranges, steps, names of months and days, 0 and 7 are
/// Sunday, <c>@daily</c> and its like. It knows what a clock on the wall shows, and nothing of zones.
/// </summary>
/// <remarks>
/// Ours, and not a package's: those at hand want both of day and weekday to match where cron is content with either, know no 7 for Sunday, and read
/// <c>22-2</c> as <c>2-22</c> and <c>*/0</c> as <c>*</c> without a word.
/// </remarks>
public sealed class CronExpression
{
    private const int MostYears = 40;

    private static readonly CronField Second = new("second", 0, 59, []);
    private static readonly CronField Minute = new("minute", 0, 59, []);
    private static readonly CronField Hour = new("hour", 0, 23, []);
    private static readonly CronField Day = new("day", 1, 31, []);
    private static readonly CronField Month = new("month", 1, 12, ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]);
    private static readonly CronField Weekday = new("weekday", 0, 7, ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]);
    private static readonly CronField[] Fields = [Second, Minute, Hour, Day, Month, Weekday];

    private static readonly Dictionary<string, string> Short = new(StringComparer.OrdinalIgnoreCase)
    {
        ["@hourly"] = "0 * * * *",
        ["@daily"] = "0 0 * * *",
        ["@midnight"] = "0 0 * * *",
        ["@weekly"] = "0 0 * * 0",
        ["@monthly"] = "0 0 1 * *",
        ["@yearly"] = "0 0 1 1 *",
        ["@annually"] = "0 0 1 1 *",
    };

    // A bit for each number, in the order of the fields.
    private readonly ulong[] _allowed;
    private readonly bool _eitherDay;

    private CronExpression(ulong[] allowed, bool eitherDay, bool followsClock) => (_allowed, _eitherDay, FollowsClock) = (allowed, eitherDay, followsClock);

    /// <summary>
    /// True: its second, minute or hour begins with <c>*</c>, so that it comes whenever the clock shows it, also twice. False: it names fixed times, each of which
    /// comes once a day, also where daylight saving skips or repeats it.
    /// </summary>
    public bool FollowsClock { get; }

    /// <summary>Reads an expression. All that is wrong with it is said in one text.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out CronExpression? expression, [NotNullWhen(false)] out string? error)
    {
        expression = null;
        var plain = text.Trim();
        if (plain.StartsWith('@') && !Short.TryGetValue(plain, out plain))
        {
            error = $"'{ScheduleText.Shown(text)}' is not known: {string.Join(", ", Short.Keys)} are.";
            return false;
        }

        var parts = plain.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length is not (5 or 6))
        {
            error = $"'{ScheduleText.Shown(text)}' has {parts.Length} fields; a cron expression has five (minute hour day month weekday), or six with seconds first.";
            return false;
        }

        string[] all = parts.Length == 6 ? parts : ["0", .. parts];
        var errors = new List<string>();
        var allowed = Fields.Select((field, i) => field.Read(all[i], errors)).ToArray();
        allowed[5] = (allowed[5] | allowed[5] >> 7) & 0x7F;
        if (errors.Count > 0)
        {
            error = string.Join(" ", errors);
            return false;
        }

        var read = new CronExpression(allowed, eitherDay: !IsStar(all[3]) && !IsStar(all[5]), IsStar(all[0]) || IsStar(all[1]) || IsStar(all[2]));
        error = read.Next(new DateTime(2000, 1, 1)) is null ? $"'{ScheduleText.Shown(text)}' never comes: no month of its has such a day." : null;
        expression = error is null ? read : null;
        return error is null;
    }

    /// <summary>A time of day, each day or only on days that are all that is given.</summary>
    public static CronExpression Daily(TimeOnly time, DayOfWeek? weekday, int? monthDay) => new(
        [
            1UL << time.Second, 1UL << time.Minute, 1UL << time.Hour, monthDay is { } day ? 1UL << day : Day.All, Month.All,
            weekday is { } only ? 1UL << (int)only : 0x7F,
        ],
        eitherDay: false,
        followsClock: false);

    /// <summary>The first time at or after another, which is in whole seconds, that the clock shows and that matches; null: none in 40 years.</summary>
    public DateTime? Next(DateTime from)
    {
        var last = from.Year + MostYears;
        for (var time = from; time.Year <= last && time.Year < 9990;)
        {
            if (!IsAllowed(4, time.Month))
            {
                time = new DateTime(time.Year, time.Month, 1).AddMonths(1);
            }
            else if (!IsDayAllowed(time))
            {
                time = time.Date.AddDays(1);
            }
            else if (!IsAllowed(2, time.Hour))
            {
                time = time.Date.AddHours(time.Hour + 1);
            }
            else if (!IsAllowed(1, time.Minute))
            {
                time = time.AddSeconds(60 - time.Second);
            }
            else if (!IsAllowed(0, time.Second))
            {
                time = time.AddSeconds(1);
            }
            else
            {
                return time;
            }
        }

        return null;
    }

    private static bool IsStar(string part) => part.StartsWith('*');

    private bool IsAllowed(int field, int number) => (_allowed[field] >> number & 1) != 0;

    private bool IsDayAllowed(DateTime time)
    {
        var (day, weekday) = (IsAllowed(3, time.Day), IsAllowed(5, (int)time.DayOfWeek));
        return _eitherDay ? day || weekday : day && weekday;
    }

    /// <summary>One field: its bounds, and how its text becomes a set of numbers.</summary>
    private sealed class CronField(string name, int least, int most, string[] names)
    {
        public ulong All => Bits(least, most, 1);

        public ulong Read(string text, List<string> errors)
        {
            var bits = 0UL;
            foreach (var item in text.Split(','))
            {
                if (TryReadItem(item, out var read, out var wrong))
                {
                    bits |= read;
                }
                else
                {
                    errors.Add($"{name} '{ScheduleText.Shown(text)}': {wrong}");
                    return 0;
                }
            }

            return bits;
        }

        private bool TryReadItem(string item, out ulong bits, [NotNullWhen(false)] out string? wrong)
        {
            bits = 0;
            var (range, step) = Cut(item, '/');
            var every = 1;
            if (step is not null && (!int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out every) || every == 0))
            {
                wrong = $"the step '{step}' must be a whole number above 0.";
                return false;
            }

            var (first, second) = Cut(range, '-');
            // Seven is Sunday again: it is meant only where it is written.
            var (from, to) = (least, Math.Min(most, names.Length > 0 ? least + names.Length - 1 : most));
            if (first != "*" && !TryReadNumber(first, out from, out wrong))
            {
                return false;
            }

            if (second is not null && first == "*")
            {
                wrong = "a range is two numbers, as in 1-5.";
                return false;
            }

            if (second is not null && !TryReadNumber(second, out to, out wrong))
            {
                return false;
            }

            // "fri-sun": Sunday is 7 as well.
            to = second is not null && to == 0 && from > 0 && most == 7 ? 7
                : first != "*" && second is null && step is null ? from : to;
            if (to < from)
            {
                wrong = $"the range {range} runs backwards; write {first}-{(names.Length > 0 ? names[^1] : most)},{(names.Length > 0 ? names[0] : least)}-{second}.";
                return false;
            }

            bits = Bits(from, to, every);
            wrong = null;
            return true;
        }

        private bool TryReadNumber(string text, out int number, [NotNullWhen(false)] out string? wrong)
        {
            number = Array.FindIndex(names, known => known.Equals(text, StringComparison.OrdinalIgnoreCase));
            wrong = null;
            if (number >= 0)
            {
                number += least;
                return true;
            }

            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= least && number <= most)
            {
                return true;
            }

            wrong = $"'{text}' must be {least} to {most}{(names.Length > 0 ? $" or {names[0]} to {names[^1]}" : "")}.";
            return false;
        }

        private static (string First, string? Second) Cut(string text, char at)
        {
            var place = text.IndexOf(at, StringComparison.Ordinal);
            return place < 0 ? (text, null) : (text[..place], text[(place + 1)..]);
        }

        private static ulong Bits(int from, int to, int every)
        {
            var bits = 0UL;
            for (var number = from; number <= to; number += every)
            {
                bits |= 1UL << number;
            }

            return bits;
        }
    }
}
