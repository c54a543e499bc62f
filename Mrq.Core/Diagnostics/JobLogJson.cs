using System.Text.Json;
using Mrq.Storage;

namespace Mrq.Diagnostics;

/// <summary>A log line of a job as JSON.</summary>
public static class JobLogJson
{
    public static void Write(Utf8JsonWriter json, JobLogLine line)
    {
        json.WriteStartObject();
        json.WriteNumber("number", line.Number);
        json.WriteNumber("attempt", line.Attempt);
        json.WriteString("time", line.Time);
        json.WriteString("level", line.Level.ToString().ToLowerInvariant());
        json.WriteString("category", line.Category);
        json.WriteString("message", line.Message);
        json.WriteEndObject();
    }
}
