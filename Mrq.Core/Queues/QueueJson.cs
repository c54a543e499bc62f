using System.Text.Json;
using Mrq.Jobs;

namespace Mrq.Queues;

/// <summary>A queue as JSON.</summary>
public static class QueueJson
{
    /// <summary>Writes one queue as an object.</summary>
    /// <param name="factory">Of a raw queue: how this process makes its jobs; null: it does not.</param>
    /// <param name="defaultQueue">Where its jobs go that are tried again, unless the factory says.</param>
    public static void Write(Utf8JsonWriter json, QueueOverview queue, RawQueue? factory, string defaultQueue)
    {
        json.WriteStartObject();
        json.WriteString("name", queue.Name.Value);
        json.WriteNumber("size", queue.Waiting);
        json.WriteBoolean("paused", queue.Paused);
        if (queue.Oldest is { } oldest)
        {
            json.WriteString("oldest", oldest);
        }
        else
        {
            json.WriteNull("oldest");
        }

        if (queue.Raw is { } raw)
        {
            json.WriteString("raw", KindOf(queue.Name));
            json.WriteNumber("due", raw.Due);
            json.WriteNumber("rejected", raw.Rejected);
            json.WritePropertyName("factory");
            WriteFactory(json, factory, defaultQueue);
        }

        json.WriteStartObject("statuses");
        foreach (var (status, count) in queue.Counts.OrderBy(c => c.Key))
        {
            json.WriteNumber(JobStatuses.NameOf(status), count);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteFactory(Utf8JsonWriter json, RawQueue? raw, string defaultQueue)
    {
        if (raw is null)
        {
            json.WriteNullValue();
            return;
        }

        json.WriteStartObject();
        json.WriteString("path", raw.Path);
        json.WriteString("parser", raw.Parser);
        json.WriteString("retry_queue", raw.Options.RetryQueue?.Value ?? defaultQueue);
        if (raw.Options.Pushback is { } pushback)
        {
            json.WriteNumber("pushback_seconds", pushback.TotalSeconds);
        }
        else
        {
            json.WriteNull("pushback_seconds");
        }

        json.WriteStartArray("statuses_no_storage");
        foreach (var status in raw.Options.NoStorage)
        {
            json.WriteStringValue(JobStatuses.NameOf(status));
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string KindOf(QueueName queue) => queue.RawKind switch
    {
        RawQueueKind.Set => "set",
        RawQueueKind.SortedSet => "sorted_set",
        RawQueueKind.TimedSet => "timed_set",
        _ => "list",
    };
}
