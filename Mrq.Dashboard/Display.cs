using System.Text.Json;
using Mrq.Batches;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Dashboard;

/// <summary>How things are called and written for people.</summary>
internal static class Display
{
    // Readable text: it is never put into a page as markup.
    private static readonly JsonSerializerOptions Indented = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = true };

    public static string Label(JobStatus status) => status switch
    {
        JobStatus.Started => "Running",
        JobStatus.Success => "Succeeded",
        JobStatus.Retry => "Will retry",
        JobStatus.MaxRetries => "Max retries",
        JobStatus.Timeout => "Timed out",
        JobStatus.Interrupt => "Interrupted",
        JobStatus.Cancel => "Cancelled",
        JobStatus.Abort => "Aborted",
        JobStatus.MaxConcurrency => "Max concurrency",
        JobStatus.Deferred => "Waits for another",
        _ => status.ToString(),
    };

    /// <summary>The colour class of a status.</summary>
    public static string Kind(JobStatus status) => status switch
    {
        JobStatus.Success => "ok",
        JobStatus.Started => "run",
        JobStatus.Queued => "que",
        JobStatus.Scheduled or JobStatus.Deferred => "sch",
        JobStatus.Retry => "warn",
        JobStatus.Cancel or JobStatus.Abort => "dim",
        _ => "bad",
    };

    /// <summary>The limits of a queue, for example <c>at most 5 at once, 10 in 1.00 s</c>.</summary>
    public static string Limits(QueueLimit limit) => string.Join(", ", new[]
    {
        limit.MaxConcurrency is { } most ? $"at most {most:N0} at once" : null,
        limit.RateLimit is { } rate ? $"{rate.Count:N0} in {Duration(rate.Per)}" : null,
    }.OfType<string>());

    public static string Label(BatchState state) => state switch
    {
        BatchState.Storing => "Being stored",
        BatchState.Success => "Succeeded",
        BatchState.Failed => "Has failures",
        _ => state.ToString(),
    };

    /// <summary>The colour class of a batch's state.</summary>
    public static string Kind(BatchState state) => state switch
    {
        BatchState.Storing => "que",
        BatchState.Running => "run",
        BatchState.Success => "ok",
        BatchState.Failed => "bad",
        BatchState.Incomplete => "warn",
        _ => "dim",
    };

    /// <summary>How many jobs of a batch have ended badly.</summary>
    public static long FailedOf(BatchView batch) => batch.Counts.Where(one => Kind(one.Key) == "bad").Sum(one => one.Value);

    /// <summary>Machine, addresses and process of a worker.</summary>
    public static string Where(WorkerReport worker) =>
        string.Join(", ", new[] { worker.Node, worker.LocalIp, worker.ExternalIp, $"pid {worker.ProcessId}" }.Where(part => !string.IsNullOrEmpty(part)));

    public static string Label(WorkerStatus status) => status switch
    {
        WorkerStatus.Init => "Starting",
        WorkerStatus.Wait => "Idle",
        WorkerStatus.Spawn => "Working",
        WorkerStatus.Full => "Full",
        WorkerStatus.Join => "Draining",
        WorkerStatus.Killing => "Interrupting",
        _ => "Stopped",
    };

    public static string Label(DequeueStrategy strategy) => strategy switch
    {
        DequeueStrategy.Sequential => "first queue first",
        DequeueStrategy.Parallel => "in equal shares",
        DequeueStrategy.Weighted => "in shares by weight",
        _ => "until they are empty",
    };

    public static string Kind(WorkerStatus status) => status switch
    {
        WorkerStatus.Spawn or WorkerStatus.Full => "run",
        WorkerStatus.Wait => "ok",
        WorkerStatus.Join or WorkerStatus.Killing or WorkerStatus.Init => "warn",
        _ => "dim",
    };

    /// <summary>Which process of its supervisor a worker's is, and what became of those before it.</summary>
    public static string Place(Supervision supervision) =>
        $"Process {supervision.Index} of {supervision.Count}, kept running by pid {supervision.Supervisor}"
        + (supervision.Restarts == 0 ? "." : $"; started again {Times(supervision.Restarts)}, the one before ended: {supervision.LastEnd}.");

    /// <summary>A process that does not stay up, as its siblings tell.</summary>
    public static string Failing(string node, Supervision told, FailingProcess process) =>
        $"Worker process {process.Index} of {told.Count} on {node} does not stay up: it was started again {Times(process.Restarts)} and ended with {process.LastEnd}. "
        + $"The log of pid {told.Supervisor} tells more.";

    /// <summary>A number of times in words.</summary>
    public static string Times(int count) => count switch
    {
        0 => "never yet",
        1 => "once",
        _ => $"{count:N0} times",
    };

    public static string Number(long number) => number.ToString("N0");

    public static string Jobs(long number) => number == 1 ? "1 job" : $"{number:N0} jobs";

    public static string Entries(long number) => number == 1 ? "1 entry" : $"{number:N0} entries";

    /// <summary>What waits in a queue: of a timed set with entries that are not due both, as "3 due (200)".</summary>
    public static string Waiting(QueueOverview queue) => queue.Raw is { } raw ? Waiting(raw) : Number(queue.Waiting);

    /// <inheritdoc cref="Waiting(QueueOverview)"/>
    public static string Waiting(RawQueueSize raw) => raw.Due == raw.Size ? Number(raw.Size) : $"{Number(raw.Due)} due ({Number(raw.Size)})";

    /// <summary>What a raw queue of a kind gives.</summary>
    public static (string Name, string Gives) Kind(RawQueueKind kind) => kind switch
    {
        RawQueueKind.List => ("List", "in the order in which they were put; the same text may wait many times"),
        RawQueueKind.Set => ("Set", "each text once, in no order"),
        RawQueueKind.SortedSet => ("Sorted set", "each text once, lowest score first"),
        _ => ("Timed set", "each text once, when its time has come, earliest first"),
    };

    /// <summary>A time for the browser to write out.</summary>
    public static string? Iso(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ");

    /// <summary>How long something has gone on; 0 where the clock of the machine that began it is ahead of ours.</summary>
    public static string Since(DateTimeOffset begun, DateTimeOffset now) => Duration(begun < now ? now - begun : TimeSpan.Zero);

    public static string Duration(TimeSpan span) => Duration(span.TotalSeconds);

    public static string Duration(double seconds) => seconds switch
    {
        < 0.001 => "<1 ms",
        < 0.0995 => $"{seconds * 1000:0.#} ms",
        < 0.9995 => $"{seconds * 1000:0} ms",
        < 9.995 => $"{seconds:0.00} s",
        < 59.95 => $"{seconds:0.0} s",
        < 3600 => $"{(int)seconds / 60}m {(int)seconds % 60:00}s",
        < 86400 => $"{(int)seconds / 3600}h {(int)seconds / 60 % 60:00}m",
        _ => $"{(int)(seconds / 86400)}d {(int)(seconds / 3600) % 24}h",
    };

    public static string Bytes(long bytes) => bytes switch
    {
        < 1024 => $"{bytes} B",
        < 1024 * 1024 => $"{bytes / 1024.0:0} KB",
        < 1024L * 1024 * 1024 => $"{bytes / 1048576.0:0} MB",
        _ => $"{bytes / 1073741824.0:0.0} GB",
    };

    /// <summary>What the last attempt used, as far as it was measured, behind the time it ran: <c>ran 2 s, 40 ms CPU</c>. Null: it has not ended.</summary>
    public static string? Ran(Job job) => job.TotalTime is not { } took ? null : string.Join(", ", new[]
    {
        $"ran {Duration(took)}",
        job.Usage?.CpuTime is { } cpu ? $"{Duration(cpu)} CPU" : null,
        job.Usage?.Switches is { } switches ? $"{Number(switches)} {(switches == 1 ? "switch" : "switches")}" : null,
        job.Usage?.Allocated is { } allocated ? $"{Bytes(allocated)} allocated" : null,
        job.Usage?.MemoryDiff is { } diff ? $"left {Bytes(Math.Abs(diff))} {(diff < 0 ? "less" : "more")} in memory" : null,
    }.Where(part => part is not null));

    public static string Percent(double part) => $"{Math.Clamp(part, 0, 1):0%}";

    /// <summary>The JSON with line breaks and indents; text that is not JSON as it is. Numbers keep all their digits.</summary>
    public static string Pretty(string json) => ReadableJson.Of(Indent(json));

    /// <summary>The begin of the JSON, without the escapes that some programs write for every special character: with them, a character is up to six.</summary>
    public static string Preview(string json, int length) => Cut(ReadableJson.Of(json.Length > 8 * length ? json[..(8 * length)] : json), length);

    private static string Indent(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return JsonSerializer.Serialize(document.RootElement, Indented);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            // Not JSON, or with half of a surrogate pair, which parses but cannot be written.
            return json;
        }
    }

    public static string Cut(string text, int length) => text.Length <= length ? text : $"{text.AsSpan(0, length - 1)}…";

    /// <summary>A worker's id without its last part, which only makes it unique.</summary>
    public static string Worker(string id) =>
        id.LastIndexOf('-') is > 0 and var at && id.Length - at > 10 && id[(at + 1)..].All(char.IsAsciiHexDigitLower) ? id[..at] : id;

    /// <summary>The last part of an exception's type name: what people call it.</summary>
    public static string ShortType(string type) => type[(type.LastIndexOf('.') + 1)..];
}
