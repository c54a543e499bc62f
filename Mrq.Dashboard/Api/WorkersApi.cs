using System.Text.Json;
using Mrq.Diagnostics;
using Mrq.Workers;

namespace Mrq.Dashboard.Api;

/// <summary>Workers: looked at, told to stop.</summary>
internal sealed class WorkersApi(WorkerControl control, Audit audit, TimeProvider time) : IApiResource
{
    private const string Example =
        """{"id":"web-1.4242","name":"web-1","node":"web","process_id":4242,"status":"wait","alive":true,"end_reason":null,"queues":["default"],"dequeue_strategy":"sequential","task_whitelist":[],"task_blacklist":[],"concurrency":10,"datestarted":"2026-01-31T18:00:00+00:00","datereported":"2026-01-31T18:05:00+00:00","done_jobs":340,"failed_jobs":2,"jobs":[]}""";

    private static readonly ApiParameter Id = ApiParameter.Path("id", "Worker id.", "web-1.4242");

    public void Map(ApiRoutes routes)
    {
        routes.Get("/api/workers", new ApiDoc("Workers", "List workers") { Answer = $$"""{"workers":[{{Example}}]}""" }, ListAsync);
        routes.Get("/api/workers/{id}", new ApiDoc("Workers", "Read a worker")
        {
            Parameters = [Id],
            Answer = Example,
            Others = [(404, "There is no such worker.")],
        }, ReadAsync);
        routes.Post("/api/workers/{id}/stop", new ApiDoc("Workers", "Tell a worker to stop")
        {
            Parameters = [Id, ApiParameter.Query("mode", "drain (default): takes no more jobs and waits for those in hand. interrupt: puts those in hand back into their queues at once.", example: "drain")],
            Status = StatusCodes.Status202Accepted,
            Answer = """{"id":"web-1.4242","mode":"drain"}""",
            Others = [(400, "The mode is wrong."), (404, "There is no such worker."), (409, "It has stopped already.")],
        }, StopAsync);
    }

    private async Task ListAsync(ApiCall call)
    {
        var workers = await control.ListAsync(call.Aborted);
        await call.AnswerAsync(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("workers");
            foreach (var worker in workers)
            {
                Write(json, worker);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private async Task ReadAsync(ApiCall call)
    {
        var worker = await FindAsync(call);
        await call.AnswerAsync(json => Write(json, worker));
    }

    private async Task StopAsync(ApiCall call)
    {
        if (call.Http.Request.ContentLength > 0)
        {
            throw ApiException.BadParameter("mode", "belongs into the address, ?mode=interrupt: a body is not read.");
        }

        var mode = (call.Query("mode") ?? "drain") switch
        {
            "drain" => StopMode.Drain,
            "interrupt" => StopMode.Interrupt,
            var text => throw ApiException.BadParameter("mode", $"'{ApiCall.Shown(text)}' must be drain or interrupt."),
        };
        var worker = await FindAsync(call);
        if (!worker.IsAlive(time.GetUtcNow()) || !await control.StopAsync(worker.Id, mode, call.Aborted))
        {
            throw ApiException.Conflict($"Worker '{worker.Id}' is not alive: it last reported at {worker.DateReported:u}.");
        }

        await audit.RecordAsync(Audit.NameOf(call.Http.User), AuditActions.Of(mode), worker.Id.Value, count: null, CancellationToken.None);
        await call.AnswerAsync(StatusCodes.Status202Accepted, json =>
        {
            json.WriteStartObject();
            json.WriteString("id", worker.Id.Value);
            json.WriteString("mode", Lower(mode));
            json.WriteEndObject();
        });
    }

    private async Task<WorkerReport> FindAsync(ApiCall call)
    {
        var id = call.Route("id");
        return await control.FindAsync(new WorkerId(id), call.Aborted)
            ?? throw ApiException.NotFound($"There is no worker '{ApiCall.Shown(id)}'. GET /api/workers lists those there are.");
    }

    private void Write(Utf8JsonWriter json, WorkerReport worker)
    {
        json.WriteStartObject();
        json.WriteString("id", worker.Id.Value);
        json.WriteString("name", worker.Name);
        json.WriteString("node", worker.Node);
        json.WriteNumber("process_id", worker.ProcessId);
        json.WriteString("status", Lower(worker.Status));
        json.WriteBoolean("alive", worker.IsAlive(time.GetUtcNow()));
        if (worker.EndReason is { } reason)
        {
            json.WriteString("end_reason", EndReasons.NameOf(reason));
        }
        else
        {
            json.WriteNull("end_reason");
        }

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
        WriteSupervision(json, worker.Supervision);
        WriteJobs(json, worker.Jobs);
        json.WriteEndObject();
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

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string Lower<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
