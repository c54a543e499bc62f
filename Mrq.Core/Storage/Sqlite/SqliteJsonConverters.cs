using System.Text.Json;
using System.Text.Json.Serialization;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Workers;

namespace Mrq.Storage.Sqlite;

/// <summary>A JobId as 24 hexadecimal digits.</summary>
internal sealed class JobIdConverter : JsonConverter<JobId>
{
    public override JobId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JobId.Parse(reader.GetString() ?? "");

    public override void Write(Utf8JsonWriter writer, JobId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}

/// <summary>A QueueName as its text.</summary>
internal sealed class QueueNameConverter : JsonConverter<QueueName>
{
    public override QueueName Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetString() ?? "");

    public override void Write(Utf8JsonWriter writer, QueueName value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}

/// <summary>A WorkerId as its text.</summary>
internal sealed class WorkerIdConverter : JsonConverter<WorkerId>
{
    public override WorkerId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetString() ?? "");

    public override void Write(Utf8JsonWriter writer, WorkerId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}
