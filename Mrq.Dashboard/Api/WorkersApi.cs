using System.Text.Json;
using Mrq.Diagnostics;
using Mrq.Workers;

namespace Mrq.Dashboard.Api;

/// <summary>Workers: looked at, told to stop.</summary>
internal sealed class WorkersApi(WorkerControl control, Audit audit, TimeProvider time) : IApiResource
{
    private const string Example =
        """{"id":"web-1.4242","name":"web-1","node":"web","local_ip":"10.0.0.5","external_ip":null,"process_id":4242,"status":"wait","alive":true,"end_reason":null,"queues":["default"],"dequeue_strategy":"sequential","task_whitelist":[],"task_blacklist":[],"concurrency":10,"datestarted":"2026-01-31T18:00:00+00:00","datereported":"2026-01-31T18:05:00+00:00","done_jobs":340,"failed_jobs":2,"io":{"seconds":12.5,"by_type":[{"name":"http.get","calls":120,"seconds":12.5}],"by_task":[{"name":"samples.fetch","calls":120,"seconds":12.5}]},"jobs":[]}""";

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
        await call.AnswerAsync(json => WorkerJson.Write(json, workers, time.GetUtcNow()));
    }

    private async Task ReadAsync(ApiCall call)
    {
        var worker = await FindAsync(call);
        await call.AnswerAsync(json => WorkerJson.Write(json, worker, time.GetUtcNow()));
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

    private static string Lower<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
