using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;

namespace Mrq.Scheduling;

/// <summary>What stands for the content of a schedule: the same content is the same entry, however its file is written.</summary>
internal static class ScheduleHash
{
    /// <summary>The hash of a schedule whose params are JSON.</summary>
    public static string Of(Schedule schedule, ScheduleOrigin origin)
    {
        var content = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(content))
        {
            Write(json, schedule);
        }

        return $"{ScheduleText.NameOf(origin)}:{Convert.ToHexStringLower(SHA256.HashData(content.WrittenSpan))}";
    }

    private static void Write(Utf8JsonWriter json, Schedule schedule)
    {
        json.WriteStartArray();
        json.WriteStringValue(schedule.Name);
        json.WriteStringValue(schedule.Path);
        using (var parameters = JsonDocument.Parse(schedule.Params))
        {
            WriteSorted(json, parameters.RootElement);
        }

        json.WriteStringValue(schedule.Queue?.Value);
        json.WriteStringValue(schedule.Interval?.ToString("c"));
        json.WriteStringValue(schedule.DailyTime is { } time ? ScheduleText.TextOf(time) : null);
        json.WriteStringValue(schedule.Weekday?.ToString());
        json.WriteNumberValue(schedule.MonthDay ?? 0);
        json.WriteStringValue(schedule.Cron);
        json.WriteStringValue(schedule.TimeZone);
        json.WriteStringValue(ScheduleText.NameOf(schedule.Misfire));
        json.WriteNumberValue(schedule.MisfireLimit);
        json.WriteEndArray();
    }

    private static void WriteSorted(Utf8JsonWriter json, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                json.WriteStartObject();
                foreach (var member in element.EnumerateObject().OrderBy(m => m.Name, StringComparer.Ordinal))
                {
                    json.WritePropertyName(member.Name);
                    WriteSorted(json, member.Value);
                }

                json.WriteEndObject();
                break;
            case JsonValueKind.Array:
                json.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                {
                    WriteSorted(json, item);
                }

                json.WriteEndArray();
                break;
            default:
                element.WriteTo(json);
                break;
        }
    }
}
