using System.Text.Json;
using Microsoft.Extensions.Options;
using Mrq.Diagnostics;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;

namespace Mrq.Dashboard.Api;

/// <summary>Queues: looked at, paused, resumed, emptied. Names may hold slashes, encoded or not.</summary>
internal sealed class QueuesApi(QueueControl control, RawQueueRegistry rawQueues, Audit audit, IOptions<MrqOptions> options) : IApiResource
{
    private const string Example = """{"name":"default","size":12,"paused":false,"oldest":"2026-01-31T18:00:00+00:00","statuses":{"queued":12,"success":340}}""";

    private const string RawFields = "A raw queue says its kind (raw: list, set, sorted_set, timed_set), how many of its entries are due, and how many were rejected; "
        + "factory is how this process makes its jobs (path, parser: null where code does it; retry_queue, pushback_seconds, statuses_no_storage), null when it does not.";

    private static readonly ApiParameter Name = ApiParameter.Path("queue", "Queue; a slash in it may be written as %2F.", "default");

    public void Map(ApiRoutes routes)
    {
        routes.Get("/api/queues", new ApiDoc("Queues", "List queues") { Description = RawFields, Answer = $$"""{"queues":[{{Example}}]}""" }, ListAsync);
        MapBoth("", (pattern, doc) => routes.Get(pattern, doc, ReadAsync), new ApiDoc("Queues", "Read a queue")
        {
            Description = RawFields,
            Parameters = [Name],
            Answer = Example,
            Others = [(404, "There is no such queue.")],
        });
        MapBoth("/pause", (pattern, doc) => routes.Post(pattern, doc, call => SetPausedAsync(call, paused: true)), new ApiDoc("Queues", "Pause a queue")
        {
            Description = "Workers take no more jobs out of it; those in hand go on. A name that ends in / takes the sub-queues along.",
            Parameters = [Name],
            Answer = """{"queue":"default","paused":true}""",
            Others = [(400, "The name is not one of a queue.")],
        });
        MapBoth("/resume", (pattern, doc) => routes.Post(pattern, doc, call => SetPausedAsync(call, paused: false)), new ApiDoc("Queues", "Resume a queue")
        {
            Parameters = [Name],
            Answer = """{"queue":"default","paused":false}""",
            Others = [(400, "The name is not one of a queue.")],
        });
        MapBoth("/purge", (pattern, doc) => routes.Post(pattern, doc, PurgeAsync), new ApiDoc("Queues", "Cancel every job that waits in a queue")
        {
            Parameters = [Name],
            Answer = """{"queue":"default","cancelled":12}""",
            Others = [(404, "There is no such queue."), (422, "The name ends in /: sub-queues are purged one by one.")],
        });

        // Names with plain slashes: for one action a suffix cannot be routed, so it is cut off by hand.
        routes.Post("/api/queues/{**rest}", new ApiDoc("Queues", "Act on a queue") { Hidden = true }, ActAsync);

        static void MapBoth(string suffix, Action<string, ApiDoc> map, ApiDoc doc)
        {
            map($"/api/queues/{{queue}}{suffix}", doc);
            if (suffix.Length == 0)
            {
                map("/api/queues/{**queue}", doc with { Hidden = true });
            }
        }
    }

    private async Task ListAsync(ApiCall call)
    {
        var queues = await control.ListAsync(call.Aborted);
        await call.AnswerAsync(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("queues");
            foreach (var queue in queues)
            {
                QueueJson.Write(json, queue, rawQueues.Find(queue.Name), options.Value.DefaultQueue);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private async Task ReadAsync(ApiCall call)
    {
        var queue = await FindAsync(call, ApiCall.QueueOf(call.Route("queue")));
        await call.AnswerAsync(json => QueueJson.Write(json, queue, rawQueues.Find(queue.Name), options.Value.DefaultQueue));
    }

    private Task SetPausedAsync(ApiCall call, bool paused) => SetPausedAsync(call, ApiCall.QueueOf(call.Route("queue")), paused);

    private async Task SetPausedAsync(ApiCall call, QueueName queue, bool paused)
    {
        await control.SetPausedAsync(queue, paused, call.Aborted);
        await audit.RecordAsync(Audit.NameOf(call.Http.User), paused ? AuditActions.Pause : AuditActions.Resume, queue.Value, count: null, CancellationToken.None);
        await call.AnswerAsync(json =>
        {
            json.WriteStartObject();
            json.WriteString("queue", queue.Value);
            json.WriteBoolean("paused", paused);
            json.WriteEndObject();
        });
    }

    private Task PurgeAsync(ApiCall call) => PurgeAsync(call, ApiCall.QueueOf(call.Route("queue")));

    private async Task PurgeAsync(ApiCall call, QueueName queue)
    {
        if (queue.NotOneQueue is null)
        {
            await FindAsync(call, queue);
        }

        var cancelled = await control.PurgeAsync(queue, call.Aborted);
        await audit.RecordAsync(Audit.NameOf(call.Http.User), AuditActions.Purge, queue.Value, cancelled, CancellationToken.None);
        await call.AnswerAsync(json =>
        {
            json.WriteStartObject();
            json.WriteString("queue", queue.Value);
            json.WriteNumber("cancelled", cancelled);
            json.WriteEndObject();
        });
    }

    private Task ActAsync(ApiCall call)
    {
        var rest = call.Route("rest");
        var cut = rest.LastIndexOf('/');
        var queue = cut <= 0 ? "" : rest[..cut];
        return rest[(cut + 1)..] switch
        {
            "pause" when cut > 0 => SetPausedAsync(call, ApiCall.QueueOf(queue), paused: true),
            "resume" when cut > 0 => SetPausedAsync(call, ApiCall.QueueOf(queue), paused: false),
            "purge" when cut > 0 => PurgeAsync(call, ApiCall.QueueOf(queue)),
            _ => throw ApiException.NotFound($"There is no POST {call.Http.Request.Path}. A queue takes /pause, /resume and /purge."),
        };
    }

    private async Task<QueueOverview> FindAsync(ApiCall call, QueueName queue) =>
        await control.FindAsync(queue, call.Aborted)
        ?? throw ApiException.NotFound($"There is no queue '{queue}': no job is or was in it, and it is not paused. GET /api/queues lists those there are.");
}
