using System.Text.Json;
using Mrq.Tasks;

namespace Mrq.Jobs;

/// <summary>A job as JSON, with the field names of the original's documents. Times are ISO 8601 in UTC, spans are seconds.</summary>
public static class JobJson
{
    /// <summary>Writes one job as an object.</summary>
    /// <param name="withPayload">False leaves out result, traceback and its history, as in lists.</param>
    public static void Write(Utf8JsonWriter writer, Job job, bool withPayload)
    {
        writer.WriteStartObject();
        writer.WriteString("id", job.Id.ToString());
        writer.WriteString("path", job.Path);
        WriteRaw(writer, "params", job.Params);
        writer.WriteString("queue", job.Queue.Value);
        writer.WriteString("raw_queue", job.RawQueue?.Value);
        writer.WriteString("status", JobStatuses.NameOf(job.Status));
        writer.WriteString("datequeued", job.DateQueued);
        WriteTime(writer, "datestarted", job.DateStarted);
        writer.WriteString("dateupdated", job.DateUpdated);
        WriteTime(writer, "dateexpires", job.DateExpires);
        WriteTime(writer, "dateretry", job.DateRetry);
        WriteTime(writer, "run_at", job.RunAt);
        writer.WriteNumber("attempt", job.Attempt);
        writer.WriteNumber("postponed", job.Postponed);
        writer.WriteNumber("retry_count", job.RetryCount);
        writer.WriteString("worker", job.Worker?.Value);
        WriteNumber(writer, "progress", job.Progress);
        writer.WriteString("progress_text", job.ProgressText);
        WriteNumber(writer, "totaltime", job.TotalTime);
        WriteNumber(writer, "time", job.Usage?.CpuTime);
        WriteNumber(writer, "switches", job.Usage?.Switches);
        WriteNumber(writer, "allocated", job.Usage?.Allocated);
        WriteNumber(writer, "memory_diff", job.Usage?.MemoryDiff);
        writer.WriteString("exceptiontype", job.ExceptionType);
        writer.WriteString("exception", job.ExceptionMessage);
        WriteOptions(writer, job);
        if (withPayload)
        {
            WritePayload(writer, job);
        }

        writer.WriteEndObject();
    }

    private static void WriteOptions(Utf8JsonWriter writer, Job job)
    {
        writer.WriteString("unique_key", job.UniqueKey);
        writer.WriteStartArray("tags");
        foreach (var tag in job.OwnTags)
        {
            writer.WriteStringValue(tag);
        }

        writer.WriteEndArray();
        writer.WriteString("batch", job.Batch?.ToString());
        WriteNumber(writer, "timeout", job.Timeout?.TotalSeconds);
        WriteNumber(writer, "max_retries", job.MaxRetries);
        WriteNumber(writer, "result_ttl", job.ResultTtl?.TotalSeconds);
        writer.WriteNumber("priority", job.Priority);
        WriteTime(writer, "expires_at", job.ExpiresAt);
        writer.WriteString("after", job.After?.ToString());
        writer.WriteString("next", job.Next?.ToString());
        writer.WriteString("result_as", job.ResultAs);
        writer.WriteStartObject("options");
        TaskOptionsJson.WriteFields(writer, job.Options ?? new TaskOptions());
        writer.WriteEndObject();
        WriteTime(writer, "abort_requested", job.AbortRequested);
    }

    private static void WritePayload(Utf8JsonWriter writer, Job job)
    {
        WriteRaw(writer, "result", job.Result);
        writer.WriteString("traceback", job.Traceback);
        writer.WriteStartArray("traceback_history");
        foreach (var entry in job.TracebackHistory)
        {
            writer.WriteStartObject();
            writer.WriteString("date", entry.Date);
            writer.WriteString("status", JobStatuses.NameOf(entry.Status));
            writer.WriteString("exceptiontype", entry.ExceptionType);
            writer.WriteString("exception", entry.Message);
            writer.WriteString("traceback", entry.Traceback);
            writer.WriteString("worker", entry.Worker?.Value);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteRaw(Utf8JsonWriter writer, string name, string? json)
    {
        writer.WritePropertyName(name);
        if (json is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            writer.WriteRawValue(json);
        }
    }

    private static void WriteTime(Utf8JsonWriter writer, string name, DateTimeOffset? time)
    {
        if (time is { } known)
        {
            writer.WriteString(name, known);
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    private static void WriteNumber(Utf8JsonWriter writer, string name, double? number)
    {
        if (number is { } known)
        {
            writer.WriteNumber(name, known);
        }
        else
        {
            writer.WriteNull(name);
        }
    }
}
