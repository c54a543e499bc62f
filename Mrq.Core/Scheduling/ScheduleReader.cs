using System.Globalization;
using Mrq.Jobs;
using Mrq.Queues;

namespace Mrq.Scheduling;

/// <summary>Reads a schedule from texts, whoever wrote them: a file, a form, a request.</summary>
public static class ScheduleReader
{
    /// <summary>The names of all fields, as they are in files and over the API.</summary>
    public static readonly IReadOnlyList<string> Fields =
        ["name", "path", "params", "queue", "interval", "dailytime", "weekday", "monthday", "cron", "timezone", "misfire", "misfire_limit"];

    private const int MostNameLength = 100;

    /// <summary>The schedule as far as it could be read; what could not is added to <paramref name="errors"/>.</summary>
    /// <param name="field">The text of a field by its name; null or blank: not given.</param>
    public static Schedule Read(Func<string, string?> field, List<FieldError> errors)
    {
        var plain = new Schedule { Path = Given("path") ?? "" };
        return plain with
        {
            Name = ReadName(),
            Params = Given("params") ?? plain.Params,
            Queue = ReadQueue(),
            Interval = ReadSeconds(),
            DailyTime = Given("dailytime") is { } time ? Take<TimeOnly>("dailytime", ScheduleText.TryReadDailyTime(time, out var daily, out var wrong), daily, wrong) : null,
            Weekday = Given("weekday") is { } day ? Take<DayOfWeek>("weekday", ScheduleText.TryReadWeekday(day, out var weekday, out wrong), weekday, wrong) : null,
            MonthDay = ReadWhole("monthday"),
            Cron = Given("cron"),
            TimeZone = Given("timezone") ?? plain.TimeZone,
            Misfire = Given("misfire") is { } policy ? Take<Misfire>("misfire", ScheduleText.TryReadMisfire(policy, out var misfire, out wrong), misfire, wrong) ?? default : default,
            MisfireLimit = ReadWhole("misfire_limit") ?? plain.MisfireLimit,
        };

        string? Given(string name) => field(name)?.Trim() is { Length: > 0 } text ? text : null;

        T? Take<T>(string name, bool isRead, T value, string? wrong)
            where T : struct
        {
            if (isRead)
            {
                return value;
            }

            errors.Add(new FieldError(name, wrong ?? "cannot be read."));
            return null;
        }

        string? ReadName()
        {
            if (Given("name") is { Length: > MostNameLength } name)
            {
                errors.Add(new FieldError("name", $"{name.Length} characters; {MostNameLength} is the most."));
            }

            return Given("name");
        }

        QueueName? ReadQueue() =>
            Given("queue") is { } text ? Take<QueueName>("queue", QueueName.TryParse(text, out var queue, out var wrong), queue, wrong) : null;

        TimeSpan? ReadSeconds()
        {
            if (Given("interval") is not { } text)
            {
                return null;
            }

            var isNumber = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && Math.Abs(seconds) < 1e9;
            return Take<TimeSpan>("interval", isNumber, isNumber ? TimeSpan.FromMilliseconds(Math.Round(seconds * 1000)) : default, $"'{ScheduleText.Shown(text)}' must be a number of seconds.");
        }

        int? ReadWhole(string name) => Given(name) is { } text
            ? Take<int>(name, int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number), number, $"'{ScheduleText.Shown(text)}' must be a whole number.")
            : null;
    }
}
