using System.Globalization;
using Mrq.Scheduling;

namespace Mrq.Tests.Scheduling;

/// <summary>The table of docs/schedules.md: what daylight saving does to a schedule. Times are those that the clock of the zone shows, with its offset.</summary>
public sealed class ChangingTheClock
{
    [Theory]
    // The clock skips 02:00 to 03:00.
    [InlineData("02:30", "Europe/Berlin", "2026-03-28 12:00 +1", "2026-03-29 03:00 +2", "2026-03-30 02:30 +2")]
    [InlineData("03:00", "Europe/Berlin", "2026-03-28 12:00 +1", "2026-03-29 03:00 +2", "2026-03-30 03:00 +2")]
    [InlineData("02:30", "America/New_York", "2026-03-07 12:00 -5", "2026-03-08 03:00 -4", "2026-03-09 02:30 -4")]
    [InlineData("30 2 * * *", "Europe/Berlin", "2026-03-28 12:00 +1", "2026-03-29 03:00 +2", "2026-03-30 02:30 +2")]
    [InlineData("0,30 2,3 * * *", "Europe/Berlin", "2026-03-29 00:00 +1", "2026-03-29 03:00 +2", "2026-03-29 03:30 +2", "2026-03-30 02:00 +2")]
    [InlineData("30 2 29 3 *", "Europe/Berlin", "2026-03-28 12:00 +1", "2026-03-29 03:00 +2", "2027-03-29 02:30 +2")]
    [InlineData("30 * * * *", "Europe/Berlin", "2026-03-29 01:00 +1", "2026-03-29 01:30 +1", "2026-03-29 03:30 +2")]
    [InlineData("*/30 2 * * *", "Europe/Berlin", "2026-03-28 12:00 +1", "2026-03-30 02:00 +2", "2026-03-30 02:30 +2")]
    [InlineData("15 30 2 * * *", "Europe/Berlin", "2026-03-28 12:00 +1", "2026-03-29 03:00 +2", "2026-03-30 02:30:15 +2")]
    // The clock repeats 02:00 to 03:00.
    [InlineData("02:30", "Europe/Berlin", "2026-10-24 12:00 +2", "2026-10-25 02:30 +2", "2026-10-26 02:30 +1")]
    [InlineData("02:30", "Europe/Berlin", "2026-10-25 02:15 +1", "2026-10-26 02:30 +1")]
    [InlineData("03:00", "Europe/Berlin", "2026-10-24 12:00 +2", "2026-10-25 03:00 +1", "2026-10-26 03:00 +1")]
    [InlineData("01:30", "America/New_York", "2026-10-31 12:00 -4", "2026-11-01 01:30 -4", "2026-11-02 01:30 -5")]
    [InlineData("30 1-3 * * *", "Europe/Berlin", "2026-10-25 00:00 +2", "2026-10-25 01:30 +2", "2026-10-25 02:30 +2", "2026-10-25 03:30 +1")]
    [InlineData("30 * * * *", "Europe/Berlin", "2026-10-25 01:00 +2", "2026-10-25 01:30 +2", "2026-10-25 02:30 +2", "2026-10-25 02:30 +1", "2026-10-25 03:30 +1")]
    [InlineData("*/30 2 * * *", "Europe/Berlin", "2026-10-25 00:00 +2", "2026-10-25 02:00 +2", "2026-10-25 02:30 +2", "2026-10-25 02:00 +1", "2026-10-25 02:30 +1", "2026-10-26 02:00 +1")]
    // Half an hour, and a whole day.
    [InlineData("02:15", "Australia/Lord_Howe", "2026-10-03 12:00 +10.5", "2026-10-04 02:30 +11", "2026-10-05 02:15 +11")]
    [InlineData("01:45", "Australia/Lord_Howe", "2026-04-04 12:00 +11", "2026-04-05 01:45 +11", "2026-04-06 01:45 +10.5")]
    [InlineData("08:00", "Pacific/Apia", "2011-12-29 12:00 -10", "2011-12-31 00:00 +14", "2011-12-31 08:00 +14")]
    // No daylight saving, and another day than in UTC.
    [InlineData("00:30", "Asia/Kathmandu", "2026-03-29 00:00 +5.75", "2026-03-29 00:30 +5.75", "2026-03-30 00:30 +5.75")]
    public void Fixed_times_come_once_a_day_and_what_follows_the_clock_follows_it(string when, string zone, string after, params string[] expected)
    {
        var plain = new Schedule { Path = "task", TimeZone = zone };
        var schedule = when.Length == 5 ? plain with { DailyTime = TimeOnly.Parse(when, CultureInfo.InvariantCulture) } : plain with { Cron = when };
        Assert.True(Occurrences.TryMake(schedule, out var occurrences, out var errors), string.Join(' ', errors));

        var at = Read(after);
        foreach (var time in expected.Select(Read))
        {
            var next = occurrences.Next(at);
            Assert.Equal(time.UtcDateTime, next?.UtcDateTime);
            at = time;
        }
    }

    [Fact]
    public void A_year_has_as_many_nights_as_days()
    {
        Assert.True(Occurrences.TryMake(new Schedule { Path = "task", Cron = "30 2 * * *", TimeZone = "Europe/Berlin" }, out var nightly, out _));
        Assert.True(Occurrences.TryMake(new Schedule { Path = "task", Cron = "*/10 * * * *", TimeZone = "Europe/Berlin" }, out var often, out _));
        var (first, last) = (Read("2026-01-01 00:00 +1"), Read("2027-01-01 00:00 +1"));

        Assert.Equal(365, nightly.Last(first, last, 10_000).Count);
        Assert.Equal(365 * 144, often.Last(first, last, 100_000).Count);
    }

    private static DateTimeOffset Read(string text)
    {
        var cut = text.LastIndexOf(' ');
        return new DateTimeOffset(
            DateTime.Parse(text[..cut], CultureInfo.InvariantCulture), TimeSpan.FromHours(double.Parse(text[(cut + 1)..], CultureInfo.InvariantCulture)));
    }
}
