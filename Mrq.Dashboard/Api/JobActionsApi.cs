using System.Text.Json;
using Mrq.Diagnostics;
using Mrq.Jobs;
using Mrq.Queues;

namespace Mrq.Dashboard.Api;

/// <summary>Actions on one job, and on everything that matches a filter.</summary>
internal sealed class JobActionsApi(JobControl control, BulkActions bulk, Audit audit) : IApiResource
{
    private const int MaxBody = 1024 * 1024;

    private static readonly string[] QueueOnly = ["queue"];
    private static readonly string[] ActionNames = [.. Enum.GetNames<JobAction>().Select(n => n.ToLowerInvariant())];
    private static readonly string[] BulkNames = ["action", "filter", "destination_queue", "dry_run"];

    public void Map(ApiRoutes routes)
    {
        MapOne(routes, JobAction.Requeue, "Put a job back into its queue from the start", "Resets the retry count and forgets the old result.");
        MapOne(routes, JobAction.Retry, "Put a job back into its queue", "Keeps its retry count.");
        MapOne(routes, JobAction.Cancel, "Cancel a job that does not run", "It leaves its queue for good.");
        MapOne(routes, JobAction.Abort, "Stop a running job", "On whichever node it runs. Answers 202: the job ends as `abort` soon.");

        routes.Post("/api/jobs/actions", new ApiDoc("Jobs", "Act on every job that matches a filter")
        {
            Description = "With dry_run: how many and which it would touch. Else it is carried out by a job, whose id is answered: watch its progress, abort it.",
            Request = """{"action":"requeue","filter":{"status":"failed","path":"samples.*"},"destination_queue":"slow","dry_run":true}""",
            Fields =
            [
                new("action", "string", $"One of {string.Join(", ", ActionNames)}.", Required: true),
                new("filter", "object", "The same fields as GET /api/jobs; {} matches every job.", Required: true),
                new("destination_queue", "string", "Where requeued or retried jobs go; default: where they were."),
                new("dry_run", "boolean", "True only counts. Default false."),
            ],
            Status = StatusCodes.Status202Accepted,
            Answer = $$"""{"job":"{{JobsApi.ExampleId}}"}""",
            Others = [(200, "Dry run: count, by_queue and sample."), (400, "The body is not JSON."), (422, "Fields are wrong: each is named.")],
        }, BulkAsync);
    }

    private void MapOne(ApiRoutes routes, JobAction action, string summary, string description)
    {
        var takesQueue = action is JobAction.Requeue or JobAction.Retry;
        routes.Post($"/api/jobs/{{id}}/{Name(action)}", new ApiDoc("Jobs", summary)
        {
            Description = description,
            Parameters = [JobsApi.IdParameter],
            Request = takesQueue ? """{"queue":"slow"}""" : null,
            RequestOptional = true,
            Fields = takesQueue ? [new("queue", "string", "Where it goes; default: where it was.")] : [],
            Status = action == JobAction.Abort ? StatusCodes.Status202Accepted : StatusCodes.Status200OK,
            Answer = $$"""{"id":"{{JobsApi.ExampleId}}"}""",
            Others = [(400, "The id or the body is wrong."), (404, "There is no such job."), (409, "The job's status forbids it; the answer says why.")],
        }, call => ApplyAsync(call, action, takesQueue));
    }

    private async Task ApplyAsync(ApiCall call, JobAction action, bool takesQueue)
    {
        var id = call.JobId();
        var queue = JsonBody.IsThere(call.Http) ? await call.ReadBodyAsync(JobsApi.BodySlack, body => ReadQueue(body, takesQueue)) : null;
        var outcome = await control.ApplyAsync(action, [id], queue, call.Aborted);
        if (outcome.Refused is [var refused, ..])
        {
            throw JobsApi.Refusal(refused);
        }

        await audit.RecordAsync(Audit.NameOf(call.Http.User), AuditActions.Of(action), id.ToString(), 1, CancellationToken.None);
        await call.AnswerAsync(
            action == JobAction.Abort ? StatusCodes.Status202Accepted : StatusCodes.Status200OK, json => JobsApi.WriteId(json, id.ToString()));
    }

    private static QueueName? ReadQueue(JsonElement body, bool takesQueue)
    {
        var errors = new List<FieldError>();
        var fields = new JsonFields(body, QueueOnly, errors);
        var queue = body.ValueKind == JsonValueKind.Object ? fields.Queue("queue") : null;
        if (queue is not null && !takesQueue)
        {
            fields.Refuse("queue", "only requeue and retry take a queue.");
        }

        return errors.Count > 0 ? throw ApiException.BadFields("The action cannot be taken", errors) : queue;
    }

    private async Task BulkAsync(ApiCall call)
    {
        var wish = await call.ReadBodyAsync(MaxBody, ReadWish);
        if (wish.DryRun)
        {
            var preview = await bulk.PreviewAsync(wish.Action, wish.Filter, call.Aborted);
            await call.AnswerAsync(json => WritePreview(json, preview));
            return;
        }

        var job = await bulk.StartAsync(wish.Action, wish.Filter, wish.Queue, call.Aborted);
        await audit.RecordAsync(
            Audit.NameOf(call.Http.User), AuditActions.BulkBegin(wish.Action), AuditActions.BulkTarget(wish.Shown, job), count: null, CancellationToken.None);
        call.Http.Response.Headers.Location = $"{call.Http.Request.PathBase}{call.Http.Request.Path.Value!.Replace("/actions", "", StringComparison.Ordinal)}/{job}";
        await call.AnswerAsync(StatusCodes.Status202Accepted, json =>
        {
            json.WriteStartObject();
            json.WriteString("job", job.ToString());
            json.WriteEndObject();
        });
    }

    private static Wish ReadWish(JsonElement body)
    {
        var errors = new List<FieldError>();
        var fields = new JsonFields(body, BulkNames, errors);
        if (body.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.BadFields("The action cannot be taken", errors);
        }

        var name = fields.Required("action");
        var index = Array.IndexOf(ActionNames, name);
        if (name is not null && index < 0)
        {
            fields.Refuse("action", $"'{ApiCall.Shown(name)}' is not an action. Known: {string.Join(", ", ActionNames)}.");
        }

        var queue = fields.Queue("destination_queue");
        if (queue is not null && index >= 0 && (JobAction)index is not (JobAction.Requeue or JobAction.Retry))
        {
            fields.Refuse("destination_queue", "only requeue and retry take a queue.");
        }

        var dryRun = fields.Flag("dry_run") ?? false;
        if (!fields.Has("filter"))
        {
            fields.Refuse("filter", "is required. {} matches every job.");
        }

        var given = fields.Value("filter");
        var filter = fields.Has("filter") ? JobFilterReader.Read(given, errors) : null;
        return filter is null || errors.Count > 0
            ? throw ApiException.BadFields("The action cannot be taken", errors)
            : new Wish((JobAction)index, filter, queue, dryRun, Shown(given.GetRawText()));
    }

    internal static void WritePreview(Utf8JsonWriter json, BulkPreview preview)
    {
        json.WriteStartObject();
        json.WriteNumber("count", preview.Count);
        json.WriteStartObject("by_queue");
        foreach (var (queue, count) in preview.ByQueue)
        {
            json.WriteNumber(queue.Value, count);
        }

        json.WriteEndObject();
        json.WriteStartArray("sample");
        foreach (var job in preview.Sample)
        {
            JobJson.Write(json, job, withPayload: false);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    // Long enough for every filter but one of many ids.
    private static string Shown(string filter) => filter.Length <= 500 ? filter : $"{filter[..497]}...";

    private static string Name(JobAction action) => ActionNames[(int)action];

    /// <param name="Shown">The filter as it was asked for, for the audit log.</param>
    private sealed record Wish(JobAction Action, JobFilter Filter, QueueName? Queue, bool DryRun, string Shown);
}
