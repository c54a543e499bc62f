using System.Text.Json;
using Microsoft.Extensions.Options;
using Mrq.Batches;
using Mrq.Diagnostics;
using Mrq.Hosting;
using Mrq.Jobs;

namespace Mrq.Dashboard.Api;

/// <summary>Batches: made, looked at, closed, cancelled as a whole, deleted.</summary>
internal sealed class BatchesApi(BatchClient client, BatchControl control, Audit audit, IOptions<MrqOptions> options) : IApiResource
{
    /// <summary>Longest body: a hundred thousand jobs of some hundred bytes each.</summary>
    private const int LongestBody = 128 * 1024 * 1024;

    private const string ExampleId = "69799f0000c6f3d2a1b40c55";

    private const string Example =
        """{"id":"69799f0000c6f3d2a1b40c55","name":"Nightly sums","state":"running","total":2,"done":1,"progress":0.5,"counts":{"started":1,"success":1},"created":"2026-01-28T05:30:08+00:00","finished":null,"cancelled":null,"on_complete":"69799f0000c6f3d2a1b40c56","on_success":null,"tag":"batch:69799f0000c6f3d2a1b40c55"}""";

    private static readonly ApiParameter Id = ApiParameter.Path("id", "Batch id: 24 hexadecimal digits.", ExampleId);

    private static readonly IReadOnlyList<ApiField> Fields =
    [
        new("name", "string", "For people: 1 to 200 characters."),
        new("jobs", "array", "1 to 100,000 jobs, each as in POST /api/jobs. All are accepted or none.", Required: true, JobRequestJson.Fields),
        new("on_complete", "object", "A job that runs once, when all have ended, well or not. `result_as` names the param that gets id, name, total and counts of the batch.", Fields: JobRequestJson.Fields),
        new("on_success", "object", "A job that runs once, when all have succeeded; also when that is so only after some were retried by hand.", Fields: JobRequestJson.Fields),
    ];

    private static readonly string[] Names = [.. Fields.Select(field => field.Name)];
    private static readonly string[] CancelNames = ["abort"];
    private static readonly JobRequest Unread = new() { Path = "" };

    public void Map(ApiRoutes routes)
    {
        routes.Post("/api/batches", new ApiDoc("Batches", "Queue a batch of jobs")
        {
            Description = "When this answers, all jobs are stored. Jobs that were there before, by their keys, do not belong to the batch. Further jobs: `batch` in POST /api/jobs, as long as it has not ended.",
            Request = """{"name":"Nightly sums","jobs":[{"path":"samples.add","params":{"a":1,"b":2}},{"path":"samples.add","params":{"a":3,"b":4}}],"on_complete":{"path":"samples.add","params":{"a":0,"b":0}}}""",
            Fields = Fields,
            Parameters = [ApiParameter.Header("Idempotency-Key", "A repeated request with the same key answers the batch of the first, with 200.", "night-2026-01-31")],
            Status = StatusCodes.Status201Created,
            Answer = Example,
            Others = [(200, "A batch with this key was there before."), (400, "The body is not JSON."), (413, "The body is too large."), (422, "Fields are wrong: each is named, and nothing was stored.")],
        }, EnqueueAsync);
        routes.Get("/api/batches", new ApiDoc("Batches", "List batches, newest first")
        {
            Parameters =
            [
                ApiParameter.Query("before", "Only batches older than this id: `next` of the page before."),
                ApiParameter.Query("limit", "Batches on the page: 1 to 100, default 20.", "integer"),
            ],
            Answer = $$"""{"batches":[{{Example}}],"next":null}""",
            Others = [(400, "A parameter is unknown or wrong: each is named.")],
        }, ListAsync);
        routes.Get("/api/batches/{id}", new ApiDoc("Batches", "Read a batch")
        {
            Description = "Its jobs: GET /api/jobs?tag= with its `tag`.",
            Parameters = [Id],
            Answer = Example,
            Others = [(404, "There is no such batch.")],
        }, ReadAsync);
        routes.Post("/api/batches/{id}/cancel", new ApiDoc("Batches", "Cancel a batch as a whole")
        {
            Description = "Cancels the jobs that wait, and takes no further ones. on_complete runs when all have ended, on_success does not.",
            Parameters = [Id],
            Request = """{"abort":true}""",
            Fields = [new("abort", "boolean", "true: jobs that run are stopped, too. Default false.")],
            Answer = Example,
            Others = [(404, "There is no such batch."), (409, "It has ended.")],
        }, CancelAsync);
        routes.Post("/api/batches/{id}/close", new ApiDoc("Batches", "Close a batch that stayed incomplete")
        {
            Description = "For one whose maker died before all of its jobs were stored: those that are there count as all of it, and on_success runs when they have succeeded. Closing one that is whole is nothing.",
            Parameters = [Id],
            Answer = Example,
            Others = [(404, "There is no such batch."), (409, "It was cancelled, or someone has added jobs to it within the last minute.")],
        }, CloseAsync);
        routes.Delete("/api/batches/{id}", new ApiDoc("Batches", "Delete a batch that has ended")
        {
            Description = "Its jobs stay.",
            Parameters = [Id],
            Answer = $$"""{"id":"{{ExampleId}}"}""",
            Others = [(404, "There is no such batch."), (409, "It has not ended.")],
        }, DeleteAsync);
    }

    private async Task EnqueueAsync(ApiCall call)
    {
        var request = await call.ReadJobsBodyAsync(Math.Max(LongestBody, options.Value.MaxParamsSize + JobsApi.BodySlack), ReadRequest);
        if (call.Http.Request.Headers.TryGetValue("Idempotency-Key", out var key) && key.Count > 0)
        {
            request = request with { IdempotencyKey = key.ToString() };
        }

        var (batch, existing) = await client.EnqueueAsync(request, call.Aborted);
        if (!existing)
        {
            await audit.RecordAsync(Audit.NameOf(call.Http.User), AuditActions.AddBatch, AuditActions.TargetOf(batch), batch.Total, CancellationToken.None);
        }

        call.Http.Response.Headers.Location = $"{call.Http.Request.PathBase}{call.Http.Request.Path.Value!.TrimEnd('/')}/{batch.Id}";
        await AnswerAsync(call, batch.Id, existing ? StatusCodes.Status200OK : StatusCodes.Status201Created);
    }

    private static BatchRequest ReadRequest(JsonElement body)
    {
        var errors = new List<FieldError>();
        var fields = new JsonFields(body, Names, errors);
        var request = body.ValueKind != JsonValueKind.Object ? null : new BatchRequest
        {
            Name = fields.Text("name"),
            Jobs = ReadJobs(fields, errors),
            OnComplete = fields.Has("on_complete") ? JobRequestJson.Read(fields.Value("on_complete"), errors, "on_complete.") : null,
            OnSuccess = fields.Has("on_success") ? JobRequestJson.Read(fields.Value("on_success"), errors, "on_success.") : null,
        };
        return request is null || errors.Count > 0 ? throw ApiException.BadFields("The batch cannot be accepted", errors) : request;
    }

    private static List<JobRequest> ReadJobs(JsonFields fields, List<FieldError> errors)
    {
        var jobs = new List<JobRequest>();
        var given = fields.Value("jobs");
        if (given.ValueKind != JsonValueKind.Array)
        {
            fields.Refuse("jobs", fields.Has("jobs") ? "must be an array of jobs." : "is required.");
            return jobs;
        }

        foreach (var job in given.EnumerateArray())
        {
            // A hundred errors are enough to mend; the rest of a body that is all wrong is not looked at.
            if (errors.Count >= 100)
            {
                break;
            }

            // One that is wrong takes its place: the others are told by theirs.
            jobs.Add(JobRequestJson.Read(job, errors, $"jobs[{jobs.Count}].") ?? Unread);
        }

        return jobs;
    }

    private async Task ListAsync(ApiCall call)
    {
        var before = call.Query("before") is not { } text ? (JobId?)null
            : JobId.TryParse(text, out var id) ? id
            : throw ApiException.BadParameter("before", $"'{ApiCall.Shown(text)}' is not a batch id: 24 hexadecimal digits are.");
        var limit = (int)call.WholeQuery("limit", 1, 100, otherwise: 20);
        // One more than asked for tells whether there is a next page.
        var page = await control.ListAsync(before, limit + 1, call.Aborted);
        await call.AnswerAsync(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("batches");
            foreach (var view in page.Take(limit))
            {
                BatchJson.Write(json, view);
            }

            json.WriteEndArray();
            json.WriteString("next", page.Count > limit ? page[limit - 1].Batch.Id.ToString() : null);
            json.WriteEndObject();
        });
    }

    private static JobId IdOf(ApiCall call) => JobId.TryParse(call.Route("id"), out var id) ? id
        : throw ApiException.BadParameter("id", $"'{ApiCall.Shown(call.Route("id"))}' is not a batch id: 24 hexadecimal digits are.");

    private Task ReadAsync(ApiCall call) => AnswerAsync(call, IdOf(call), StatusCodes.Status200OK);

    private async Task CancelAsync(ApiCall call)
    {
        var id = IdOf(call);
        var abort = JsonBody.IsThere(call.Http) && await call.ReadBodyAsync(JobsApi.BodySlack, body =>
        {
            var errors = new List<FieldError>();
            var flag = new JsonFields(body, CancelNames, errors).Flag("abort") == true;
            return errors.Count > 0 ? throw ApiException.BadFields("The batch was not cancelled", errors) : flag;
        });
        var batch = (await FindAsync(call, id)).Batch;
        if (await control.CancelAsync(id, abort, call.Aborted) is { } reason)
        {
            throw ApiException.Conflict(reason);
        }

        await audit.RecordAsync(Audit.NameOf(call.Http.User), AuditActions.CancelBatch, AuditActions.TargetOf(batch), count: null, CancellationToken.None);
        await AnswerAsync(call, id, StatusCodes.Status200OK);
    }

    private async Task CloseAsync(ApiCall call)
    {
        var id = IdOf(call);
        var batch = (await FindAsync(call, id)).Batch;
        var closed = await control.CloseAsync(id, call.Aborted);
        if (closed.Refused is { } reason)
        {
            throw ApiException.Conflict(reason);
        }

        if (closed.IsChanged)
        {
            await audit.RecordAsync(Audit.NameOf(call.Http.User), AuditActions.CloseBatch, AuditActions.TargetOf(batch), count: null, CancellationToken.None);
        }

        await AnswerAsync(call, id, StatusCodes.Status200OK);
    }

    private async Task DeleteAsync(ApiCall call)
    {
        var id = IdOf(call);
        var batch = (await FindAsync(call, id)).Batch;
        if (await control.DeleteAsync(id, call.Aborted) is { } reason)
        {
            throw ApiException.Conflict(reason);
        }

        await audit.RecordAsync(Audit.NameOf(call.Http.User), AuditActions.DeleteBatch, AuditActions.TargetOf(batch), count: null, CancellationToken.None);
        await call.AnswerAsync(json => JobsApi.WriteId(json, id.ToString()));
    }

    private async Task<BatchView> FindAsync(ApiCall call, JobId id) =>
        await control.FindAsync(id, call.Aborted) ?? throw ApiException.NotFound($"There is no batch {id}.");

    private async Task AnswerAsync(ApiCall call, JobId id, int status)
    {
        var view = await FindAsync(call, id);
        await call.AnswerAsync(status, json => BatchJson.Write(json, view));
    }
}
