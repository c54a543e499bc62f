using System.Text.Json;

namespace Mrq.Scheduling;

/// <summary>A schedule as JSON, with the field names of the original's documents. Times are ISO 8601 in UTC, spans are seconds.</summary>
public static class ScheduleJson
{
    /// <summary>Writes one entry as an object.</summary>
    public static void Write(Utf8JsonWriter json, ScheduleOverview overview)
    {
        var (entry, next, error) = overview;
        var schedule = entry.Schedule;
        json.WriteStartObject();
        json.WriteString("id", entry.Id.ToString());
        json.WriteString("name", schedule.Name);
        json.WriteString("path", schedule.Path);
        json.WritePropertyName("params");
        json.WriteRawValue(schedule.Params);
        json.WriteString("queue", schedule.Queue?.Value);
        Write(json, "interval", schedule.Interval?.TotalSeconds);
        json.WriteString("dailytime", schedule.DailyTime is { } time ? ScheduleText.TextOf(time) : null);
        json.WriteString("weekday", schedule.Weekday is { } day ? ScheduleText.NameOf(day) : null);
        Write(json, "monthday", schedule.MonthDay);
        json.WriteString("cron", schedule.Cron);
        json.WriteString("timezone", schedule.TimeZone);
        json.WriteString("misfire", ScheduleText.NameOf(schedule.Misfire));
        json.WriteNumber("misfire_limit", schedule.MisfireLimit);
        json.WriteString("when", ScheduleWords.Of(schedule));
        json.WriteString("origin", ScheduleText.NameOf(entry.Origin));
        json.WriteBoolean("paused", entry.Paused);
        json.WriteString("datecreated", entry.Created);
        Write(json, "datelastqueued", entry.HandledUntil);
        Write(json, "next_run", next);
        Write(json, "last_run", entry.LastRun);
        json.WriteString("last_job", entry.LastJob?.ToString());
        json.WriteString("last_error", entry.LastError);
        json.WriteString("error", error);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, double? number)
    {
        if (number is { } known)
        {
            json.WriteNumber(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void Write(Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is { } known)
        {
            json.WriteString(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
