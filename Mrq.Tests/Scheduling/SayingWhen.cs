using Mrq.Scheduling;

namespace Mrq.Tests.Scheduling;

public sealed class SayingWhen
{
    private static readonly Schedule Plain = new() { Path = "task" };

    [Theory]
    [InlineData("* * * * *", "every minute")]
    [InlineData("*/5 * * * *", "every 5 minutes")]
    [InlineData("*/7 * * * *", "*/7 * * * *")]
    [InlineData("5 * * * *", "hourly at :05")]
    [InlineData("30 2 * * *", "daily at 02:30")]
    [InlineData("30 2 * * 0", "Sundays at 02:30")]
    [InlineData("30 2 * * 7", "Sundays at 02:30")]
    [InlineData("30 2 * * mon", "Mondays at 02:30")]
    [InlineData("0 9 * * mon-fri", "Monday to Friday at 09:00")]
    [InlineData("0 9 1 * *", "on day 1 of the month at 09:00")]
    [InlineData("0 9 1 * 1", "0 9 1 * 1")]
    [InlineData("15 30 2 * * *", "15 30 2 * * *")]
    [InlineData("@Weekly", "Sundays at 00:00")]
    public void Common_expressions_are_said_in_words_and_others_stand_as_they_are(string cron, string words) =>
        Assert.Equal(words, ScheduleWords.Of(Plain with { Cron = cron }));

    [Theory]
    [InlineData(1, "every second")]
    [InlineData(90, "every 90 seconds")]
    [InlineData(1.5, "every 1.5 seconds")]
    [InlineData(300, "every 5 minutes")]
    [InlineData(3600, "every hour")]
    [InlineData(172800, "every 2 days")]
    public void Intervals_are_said_in_their_largest_unit(double seconds, string words) =>
        Assert.Equal(words, ScheduleWords.Of(Plain with { Interval = TimeSpan.FromSeconds(seconds) }));

    [Fact]
    public void Times_of_day_are_said_with_their_days()
    {
        var daily = Plain with { DailyTime = new TimeOnly(7, 30) };

        Assert.Equal("daily at 07:30", ScheduleWords.Of(daily));
        Assert.Equal("Mondays at 07:30", ScheduleWords.Of(daily with { Weekday = DayOfWeek.Monday }));
        Assert.Equal("on day 31 of the month at 07:30", ScheduleWords.Of(daily with { MonthDay = 31 }));
        Assert.Equal("Fridays that are day 13 of the month at 07:30", ScheduleWords.Of(daily with { Weekday = DayOfWeek.Friday, MonthDay = 13 }));
    }
}
