using System.Buffers;
using System.Text;
using System.Text.Json;
using Mrq.Jobs;

namespace Mrq.Batches;

/// <summary>Batches and their counts as JSON.</summary>
public static class BatchJson
{
    /// <summary>What a batch leaves to the jobs that wait for it.</summary>
    internal static string Summary(Batch batch, IReadOnlyDictionary<JobStatus, long> counts) => Text(json =>
    {
        json.WriteStartObject();
        json.WriteString("id", batch.Id.ToString());
        json.WriteString("name", batch.Name);
        json.WriteNumber("total", counts.Values.Sum());
        WriteCounts(json, counts);
        json.WriteEndObject();
    });

    public static void Write(Utf8JsonWriter json, BatchView view)
    {
        var batch = view.Batch;
        json.WriteStartObject();
        json.WriteString("id", batch.Id.ToString());
        json.WriteString("name", batch.Name);
        json.WriteString("state", BatchView.NameOf(view.State));
        json.WriteNumber("total", view.Total);
        json.WriteNumber("done", view.Done);
        json.WriteNumber("progress", Math.Round(view.Progress, 6));
        WriteCounts(json, view.Counts);
        json.WriteString("created", batch.Created);
        WriteTime(json, "finished", batch.FinishedAt);
        WriteTime(json, "cancelled", batch.CancelledAt);
        json.WriteString("on_complete", batch.OnComplete?.ToString());
        json.WriteString("on_success", batch.OnSuccess?.ToString());
        json.WriteString("tag", batch.Tag);
        json.WriteEndObject();
    }

    /// <summary>Counts as a JSON object, for stores.</summary>
    internal static string WriteCounts(IReadOnlyDictionary<JobStatus, long> counts) => Text(json => WriteValues(json, counts));

    /// <summary>Reads what <see cref="WriteCounts(IReadOnlyDictionary{JobStatus, long})"/> wrote.</summary>
    internal static IReadOnlyDictionary<JobStatus, long> ReadCounts(string? text)
    {
        var counts = new Dictionary<JobStatus, long>();
        using var document = JsonDocument.Parse(text ?? "{}");
        foreach (var field in document.RootElement.EnumerateObject())
        {
            if (JobStatuses.TryParseOne(field.Name, out var status))
            {
                counts[status] = field.Value.GetInt64();
            }
        }

        return counts;
    }

    private static void WriteCounts(Utf8JsonWriter json, IReadOnlyDictionary<JobStatus, long> counts)
    {
        json.WritePropertyName("counts");
        WriteValues(json, counts);
    }

    private static void WriteValues(Utf8JsonWriter json, IReadOnlyDictionary<JobStatus, long> counts)
    {
        json.WriteStartObject();
        foreach (var (status, count) in counts.OrderBy(one => one.Key))
        {
            json.WriteNumber(JobStatuses.NameOf(status), count);
        }

        json.WriteEndObject();
    }

    private static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset? time)
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

    private static string Text(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            write(json);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
