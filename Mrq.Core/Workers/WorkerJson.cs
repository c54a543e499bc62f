using System.Text.Json;

namespace Mrq.Workers;

/// <summary>What a worker says of itself as JSON: the same in the API, at the admin endpoint and in the report file. Times are ISO 8601 in UTC, spans are seconds.</summary>
public static class WorkerJson
{
    /// <summary>Writes an object with these as its member <c>workers</c>.</summary>
    /// <param name="now">By which clock a worker is alive.</param>
    public static void Write(Utf8JsonWriter json, IEnumerable<WorkerReport> workers, DateTimeOffset now)
    {
        json.WriteStartObject();
        json.WriteStartArray("workers");
        foreach (var worker in workers)
        {
            Write(json, worker, now);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Writes one as an object.</summary>
    /// <param name="now">By which clock it is alive.</param>
    public static void Write(Utf8JsonWriter json, WorkerReport worker, DateTimeOffset now)
    {
        json.WriteStartObject();
        json.WriteString("id", worker.Id.Value);
        json.WriteString("name", worker.Name);
        json.WriteString("node", worker.Node);
        json.WriteString("local_ip", worker.LocalIp);
        json.WriteString("external_ip", worker.ExternalIp);
        json.WriteNumber("process_id", worker.ProcessId);
        json.WriteString("status", Lower(worker.Status));
        json.WriteBoolean("alive", worker.IsAlive(now));
        json.WriteString("end_reason", worker.EndReason is { } reason ? EndReasons.NameOf(reason) : null);
        WriteTexts(json, "queues", worker.Queues.Select(queue => queue.Value));
        json.WriteString("dequeue_strategy", Lower(worker.DequeueStrategy));
        WriteTexts(json, "task_whitelist", worker.TaskWhitelist);
        WriteTexts(json, "task_blacklist", worker.TaskBlacklist);
        json.WriteNumber("concurrency", worker.Concurrency);
        json.WriteString("datestarted", worker.DateStarted);
        json.WriteString("datereported", worker.DateReported);
        json.WriteNumber("report_interval", worker.ReportInterval.TotalSeconds);
        json.WriteNumber("done_jobs", worker.DoneJobs);
        json.WriteNumber("failed_jobs", worker.FailedJobs);
        json.WriteNumber("overdue", worker.Overdue);
        json.WriteNumber("cpu_user", worker.CpuUserSeconds);
        json.WriteNumber("cpu_system", worker.CpuSystemSeconds);
        json.WriteNumber("cpu_use", worker.CpuUse);
        json.WriteNumber("memory", worker.MemoryBytes);
        json.WriteNumber("jobs_given_back", worker.JobsGivenBack);
        if (worker.DateGivenBack is { } givenBack)
        {
            json.WriteString("dategivenback", givenBack);
        }
        else
        {
            json.WriteNull("dategivenback");
        }

        WriteIo(json, worker.Io);
        WriteSupervision(json, worker.Supervision);
        WriteJobs(json, worker.Jobs);
        json.WriteEndObject();
    }

    private static void WriteIo(Utf8JsonWriter json, WorkerIo? io)
    {
        if (io is null)
        {
            json.WriteNull("io");
            return;
        }

        json.WriteStartObject("io");
        json.WriteNumber("seconds", io.Seconds);
        WriteTimes(json, "by_type", io.ByType);
        WriteTimes(json, "by_task", io.ByTask);
        json.WriteEndObject();
    }

    private static void WriteTimes(Utf8JsonWriter json, string name, IEnumerable<IoTime> times)
    {
        json.WriteStartArray(name);
        foreach (var time in times)
        {
            json.WriteStartObject();
            json.WriteString("name", time.Name);
            json.WriteNumber("calls", time.Calls);
            json.WriteNumber("seconds", time.Seconds);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteSupervision(Utf8JsonWriter json, Supervision? supervision)
    {
        if (supervision is null)
        {
            json.WriteNull("supervision");
            return;
        }

        json.WriteStartObject("supervision");
        json.WriteNumber("supervisor", supervision.Supervisor);
        json.WriteNumber("index", supervision.Index);
        json.WriteNumber("count", supervision.Count);
        json.WriteNumber("restarts", supervision.Restarts);
        json.WriteString("last_end", supervision.LastEnd);
        json.WriteStartArray("failing");
        foreach (var process in supervision.Failing)
        {
            json.WriteStartObject();
            json.WriteNumber("index", process.Index);
            json.WriteNumber("restarts", process.Restarts);
            json.WriteString("last_end", process.LastEnd);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    private static void WriteJobs(Utf8JsonWriter json, IReadOnlyList<RunningJob> jobs)
    {
        json.WriteStartArray("jobs");
        foreach (var job in jobs)
        {
            json.WriteStartObject();
            json.WriteString("id", job.Id.ToString());
            json.WriteString("path", job.Path);
            json.WriteString("queue", job.Queue.Value);
            json.WriteString("datestarted", job.Started);
            if (job.Progress is { } progress)
            {
                json.WriteNumber("progress", progress);
            }
            else
            {
                json.WriteNull("progress");
            }

            WriteOpen(json, job.Io);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteOpen(Utf8JsonWriter json, OpenIo? io)
    {
        if (io is null)
        {
            json.WriteNull("io");
            return;
        }

        json.WriteStartObject("io");
        json.WriteString("type", io.Type);
        json.WriteString("data", io.Data);
        json.WriteString("since", io.Since);
        json.WriteEndObject();
    }

    private static string Lower<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
