using Mrq.Scheduling;

namespace Mrq.Tests.Scheduling;

public sealed class TimesOfASchedule
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Schedule Plain = new() { Path = "task" };

    [Fact]
    public void An_interval_begins_when_it_was_added_and_goes_on_in_real_time()
    {
        var every = Make(Plain with { Interval = TimeSpan.FromSeconds(90), TimeZone = "Europe/Berlin" });
        var entry = new ScheduleEntry { Id = default, Schedule = Plain, Origin = ScheduleOrigin.Api, Hash = "", Created = Noon };

        Assert.Equal(Noon, every.Next(every.StartOf(entry)));
        Assert.Equal(Noon.AddSeconds(90), every.Next(every.StartOf(entry with { HandledUntil = Noon })));
    }

    [Fact]
    public void A_time_of_day_waits_for_its_next_time()
    {
        var daily = Make(Plain with { DailyTime = new TimeOnly(11, 0) });
        var entry = new ScheduleEntry { Id = default, Schedule = Plain, Origin = ScheduleOrigin.Api, Hash = "", Created = Noon };

        Assert.Equal(Noon.AddHours(23), daily.Next(daily.StartOf(entry)));
    }

    [Fact]
    public void A_day_of_the_week_is_one_of_the_zone()
    {
        // Sunday 12:00 UTC: in Auckland it is Monday already.
        var mondays = Make(Plain with { DailyTime = new TimeOnly(2, 0), Weekday = DayOfWeek.Monday, TimeZone = "Pacific/Auckland" });

        Assert.Equal(new DateTimeOffset(2026, 3, 2, 2, 0, 0, TimeSpan.FromHours(13)), mondays.Next(Noon));
    }

    [Fact]
    public void A_day_of_the_month_leaves_out_months_without_it()
    {
        var daily = Make(Plain with { DailyTime = new TimeOnly(8, 0), MonthDay = 31 });

        Assert.Equal(new DateTimeOffset(2026, 3, 31, 8, 0, 0, TimeSpan.Zero), daily.Next(Noon));
        Assert.Equal(new DateTimeOffset(2026, 5, 31, 8, 0, 0, TimeSpan.Zero), daily.Next(new DateTimeOffset(2026, 3, 31, 8, 0, 0, TimeSpan.Zero)));
    }

    [Fact]
    public void Both_days_mean_days_that_are_both()
    {
        var friday13th = Make(Plain with { DailyTime = new TimeOnly(8, 0), MonthDay = 13, Weekday = DayOfWeek.Friday });

        Assert.Equal(new DateTimeOffset(2026, 3, 13, 8, 0, 0, TimeSpan.Zero), friday13th.Next(Noon));
        Assert.Equal(new DateTimeOffset(2026, 11, 13, 8, 0, 0, TimeSpan.Zero), friday13th.Next(new DateTimeOffset(2026, 3, 13, 8, 0, 0, TimeSpan.Zero)));
    }

    [Fact]
    public void The_last_of_many_are_found_without_counting_them_all()
    {
        var longAgo = Noon.AddYears(-56);

        Assert.Equal([Noon.AddSeconds(-1), Noon], Make(Plain with { Cron = "* * * * * *" }).Last(longAgo, Noon, 2));
        Assert.Equal([Noon.AddSeconds(-1), Noon], Make(Plain with { Interval = TimeSpan.FromSeconds(1) }).Last(longAgo, Noon, 2));
        Assert.Equal([Noon], Make(Plain with { Cron = "0 12 1 3 *" }).Last(Noon.AddDays(-1), Noon, 2));
        Assert.Empty(Make(Plain with { Cron = "0 12 1 3 *" }).Last(Noon, Noon.AddDays(1), 2));
        Assert.Empty(Make(Plain with { Interval = TimeSpan.FromSeconds(1) }).Last(Noon, Noon.AddDays(-1), 2));
        Assert.Empty(Make(Plain with { Cron = "* * * * *" }).Last(Noon, Noon.AddDays(-1), 2));
    }

    [Fact]
    public void All_that_is_wrong_is_said_at_once()
    {
        var schedule = Plain with { Weekday = DayOfWeek.Monday, MonthDay = 32, Cron = "x", Interval = TimeSpan.FromSeconds(0.5), TimeZone = "Europe/Berlni", MisfireLimit = 0 };

        Assert.False(Occurrences.TryMake(schedule, out _, out var errors));

        Assert.Equal(
            ["interval", "interval", "weekday", "monthday", "monthday", "timezone", "cron", "misfire_limit"],
            errors.Select(error => error.Field));
    }

    [Fact]
    public void A_schedule_without_a_time_is_none()
    {
        Assert.False(Occurrences.TryMake(Plain, out _, out var errors));

        Assert.Equal("interval", Assert.Single(errors).Field);
    }

    private static Occurrences Make(Schedule schedule)
    {
        Assert.True(Occurrences.TryMake(schedule, out var occurrences, out var errors), string.Join(' ', errors));
        return occurrences;
    }
}
