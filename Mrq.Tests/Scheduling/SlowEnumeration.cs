using Mrq.Scheduling;

namespace Mrq.Tests.Scheduling;

/// <summary>One field of a random cron expression: its text, and the numbers that it stands for, which no parser has seen.</summary>
public sealed record RandomField(string Text, IReadOnlySet<int> Numbers)
{
    public bool IsStar => Text[0] == '*';
}

/// <summary>
/// A random cron expression and a slow, obviously right way to its times: walk over every step of UTC, look at the clock of the zone, compare each field.
/// </summary>
/// <param name="Seconds">Null: five fields.</param>
public sealed record RandomCron(
    RandomField? Seconds, RandomField Minutes, RandomField Hours, RandomField Days, RandomField Months, RandomField Weekdays, TimeZoneInfo Zone)
{
    private static readonly HashSet<int> OnTheMinute = [0];

    public string Text => string.Join(' ', new[] { Seconds, Minutes, Hours, Days, Months, Weekdays }.OfType<RandomField>().Select(part => part.Text));

    private bool FollowsClock => Minutes.IsStar || Hours.IsStar || Seconds is { IsStar: true };

    private bool EitherDay => !Days.IsStar && !Weekdays.IsStar;

    /// <summary>Its times after one moment and up to another.</summary>
    public IEnumerable<DateTime> Walk(DateTime after, DateTime until)
    {
        var step = TimeSpan.FromSeconds(Seconds is null ? 60 : 1);
        // Two days before: so that what the clock has shown already is known.
        var latest = DateTime.MinValue;
        var before = DateTime.MinValue;
        for (var time = after.AddDays(-2); time <= until; time += step)
        {
            var clock = time + Zone.GetUtcOffset(time);
            if (time > after && Comes(clock, before, latest, step))
            {
                yield return time;
            }

            before = clock;
            latest = clock > latest ? clock : latest;
        }
    }

    public override string ToString() => $"'{Text}' in {Zone.Id}";

    private bool Comes(DateTime clock, DateTime before, DateTime latest, TimeSpan step)
    {
        if (FollowsClock)
        {
            return Matches(clock);
        }

        // Shown for the second time.
        if (clock <= latest)
        {
            return false;
        }

        // What the clock has skipped just now comes now.
        for (var skipped = latest == before ? before + step : clock; skipped < clock; skipped += step)
        {
            if (Matches(skipped))
            {
                return true;
            }
        }

        return Matches(clock);
    }

    private bool Matches(DateTime clock)
    {
        var day = Days.Numbers.Contains(clock.Day);
        var weekday = Weekdays.Numbers.Contains((int)clock.DayOfWeek);
        return Minutes.Numbers.Contains(clock.Minute) && Hours.Numbers.Contains(clock.Hour) && Months.Numbers.Contains(clock.Month)
            && (EitherDay ? day || weekday : day && weekday) && (Seconds?.Numbers ?? OnTheMinute).Contains(clock.Second);
    }
}
