using System.Globalization;
using Mrq.Scheduling;

namespace Mrq.Tests.Scheduling;

public sealed class ReadingACronExpression
{
    [Theory]
    [InlineData("*/15 * * * *", "2026-03-01 00:00", "2026-03-01 00:15", "2026-03-01 00:30")]
    [InlineData("5,10-12 3 * * *", "2026-03-01 03:05", "2026-03-01 03:10", "2026-03-01 03:11")]
    [InlineData("5/20 0 * * *", "2026-03-01 00:05", "2026-03-01 00:25", "2026-03-01 00:45")]
    [InlineData("10-40/15 0 * * *", "2026-03-01 00:10", "2026-03-01 00:25", "2026-03-01 00:40")]
    [InlineData("0 0 * * 0", "2026-03-01 00:00", "2026-03-08 00:00", "2026-03-15 00:00")]
    [InlineData("0 0 * * 7", "2026-03-01 00:00", "2026-03-08 00:00", "2026-03-15 00:00")]
    [InlineData("0 0 * * 6-7", "2026-03-01 00:00", "2026-03-07 00:00", "2026-03-08 00:00")]
    [InlineData("0 0 * * fri-sun", "2026-03-01 00:00", "2026-03-06 00:00", "2026-03-07 00:00")]
    [InlineData("0 0 * * MON", "2026-03-02 00:00", "2026-03-09 00:00", "2026-03-16 00:00")]
    [InlineData("0 0 * * 1/3", "2026-03-02 00:00", "2026-03-05 00:00", "2026-03-09 00:00")]
    [InlineData("0 12 1 jan-mar *", "2026-03-01 12:00", "2027-01-01 12:00", "2027-02-01 12:00")]
    [InlineData("0 0 13 * 5", "2026-03-06 00:00", "2026-03-13 00:00", "2026-03-20 00:00")]
    [InlineData("0 0 13 4 5", "2026-04-03 00:00", "2026-04-10 00:00", "2026-04-13 00:00")]
    [InlineData("0 0 */13 * 5", "2026-03-27 00:00", "2026-05-01 00:00", "2026-08-14 00:00")]
    [InlineData("0 0 31 * *", "2026-03-31 00:00", "2026-05-31 00:00", "2026-07-31 00:00")]
    [InlineData("0 0 29 2 *", "2028-02-29 00:00", "2032-02-29 00:00", "2036-02-29 00:00")]
    [InlineData(" @weekly ", "2026-03-01 00:00", "2026-03-08 00:00", "2026-03-15 00:00")]
    [InlineData("@Hourly", "2026-03-01 00:00", "2026-03-01 01:00", "2026-03-01 02:00")]
    [InlineData("30 59 23 * * *", "2026-03-01 23:59:30", "2026-03-02 23:59:30", "2026-03-03 23:59:30")]
    [InlineData("*/25 0 0 1 * *", "2026-03-01 00:00:00", "2026-03-01 00:00:25", "2026-03-01 00:00:50")]
    public void It_comes_when_crontab_says(string text, params string[] expected)
    {
        Assert.True(CronExpression.TryParse(text, out var expression, out var error), error);

        var from = new DateTime(2026, 3, 1);
        foreach (var time in expected)
        {
            var next = expression.Next(from);
            Assert.Equal(DateTime.Parse(time, CultureInfo.InvariantCulture), next);
            from = next!.Value.AddSeconds(1);
        }
    }

    [Theory]
    [InlineData("", "has 0 fields", "five", "six")]
    [InlineData("* * * *", "has 4 fields")]
    [InlineData("60 24 * * *", "minute '60'", "0 to 59", "hour '24'", "0 to 23")]
    [InlineData("0 0 0 * *", "day '0'", "1 to 31")]
    [InlineData("0 0 * 13 8", "month '13'", "1 to 12 or jan to dec", "weekday '8'", "0 to 7 or sun to sat")]
    [InlineData("0 22-2 * * *", "22-2 runs backwards", "22-23,0-2")]
    [InlineData("0 0 * nov-feb *", "nov-feb runs backwards", "nov-dec,jan-feb")]
    [InlineData("*/0 * * * *", "the step '0' must be a whole number above 0")]
    [InlineData("*-5 * * * *", "a range is two numbers")]
    [InlineData("1- * * * *", "'' must be 0 to 59")]
    [InlineData("+1 * * * *", "'+1' must be")]
    [InlineData("0 0 ? * 1", "day '?'")]
    [InlineData("0 0 L * *", "day 'L'")]
    [InlineData("0 0 30 2 *", "never comes")]
    [InlineData("@never", "is not known", "@daily")]
    public void What_cannot_be_meant_is_said(string text, params string[] words)
    {
        Assert.False(CronExpression.TryParse(text, out _, out var error));

        foreach (var word in words)
        {
            Assert.Contains(word, error, StringComparison.Ordinal);
        }
    }
}
