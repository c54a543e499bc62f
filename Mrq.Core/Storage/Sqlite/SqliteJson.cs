using System.Text.Json;
using System.Text.Json.Serialization;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Workers;

namespace Mrq.Storage.Sqlite;

/// <summary>What is kept as JSON text inside columns. Names are stored: renaming a member loses its data.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    Converters = [typeof(JobIdConverter), typeof(QueueNameConverter), typeof(WorkerIdConverter)])]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(TracebackEntry[]))]
[JsonSerializable(typeof(WorkerReport))]
internal sealed partial class SqliteJson : JsonSerializerContext;
