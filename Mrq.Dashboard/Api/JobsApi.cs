using System.Text.Json;
using Microsoft.Extensions.Options;
using Mrq.Diagnostics;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Dashboard.Api;

/// <summary>Jobs: made, read, listed, edited, deleted.</summary>
internal sealed class JobsApi(
    JobClient client, JobControl control, IJobQueries queries, JobWait wait, Audit audit, EnqueueAudit enqueued, IOptions<MrqOptions> options)
    : IApiResource
{
    /// <summary>What a body may hold beside the params.</summary>
    internal const int BodySlack = 64 * 1024;

    internal const string ExampleId = "6920a1f0c5d3e8b7a6f50001";

    internal static readonly ApiParameter IdParameter = ApiParameter.Path("id", "Job id: 24 hexadecimal digits.", ExampleId);

    private const string ExampleJob =
        """{"id":"6920a1f0c5d3e8b7a6f50001","path":"samples.add","params":{"a":1,"b":2},"queue":"default","status":"success","datequeued":"2026-01-31T18:00:00+00:00","attempt":1,"retry_count":0,"worker":"web-1","totaltime":0.002,"tags":["demo"],"result":3}""";

    private static readonly string[] EditNames = ["params", "queue"];

    public void Map(ApiRoutes routes)
    {
        routes.Post("/api/jobs", new ApiDoc("Jobs", "Queue a job")
        {
            Description = "When this answers, the job is stored and will run. The same Idempotency-Key, or the unique_key of a live job, answers the older job's id with 200.",
            Parameters = [ApiParameter.Header("Idempotency-Key", "A repeated request with the same key answers the id of the first, with 200.", "order-4711")],
            Request = """{"path":"samples.add","params":{"a":1,"b":2},"queue":"default","tags":["demo"]}""",
            Fields = JobRequestJson.Fields,
            Status = StatusCodes.Status201Created,
            Answer = $$"""{"id":"{{ExampleId}}"}""",
            Others = [(200, "A job with this key was there before."), (400, "The body is not JSON."), (413, "The body is too large."), (415, "The body is not application/json."), (422, "Unknown task, or fields that are wrong: each is named.")],
        }, EnqueueAsync);

        routes.Get("/api/jobs", new ApiDoc("Jobs", "List jobs, newest first")
        {
            Parameters =
            [
                .. JobFilterReader.Parameters,
                ApiParameter.Query("before", "Only jobs older than this id: `next` of the page before."),
                ApiParameter.Query("limit", "Jobs on the page: 1 to 1000, default 50.", "integer"),
            ],
            Answer = $$"""{"jobs":[{{ExampleJob}}],"next":null}""",
            Others = [(400, "A parameter is unknown or wrong: each is named.")],
        }, ListAsync);

        routes.Get("/api/jobs/{id}", new ApiDoc("Jobs", "Read a job")
        {
            Parameters = [IdParameter, ApiParameter.Query("wait", "Seconds to wait for the job's end, 0 to 60; the answer is the job as it then is.", "number", "30")],
            Answer = ExampleJob,
            Others = [(400, "The id or wait is wrong."), (404, "There is no such job.")],
        }, ReadAsync);

        routes.Put("/api/jobs/{id}", new ApiDoc("Jobs", "Edit a waiting job")
        {
            Parameters = [IdParameter],
            Request = """{"params":{"a":1,"b":3},"queue":"slow"}""",
            Fields = [new("params", "object", "New params."), new("queue", "string", "New queue.")],
            Answer = ExampleJob,
            Others = [(404, "There is no such job."), (409, "The job does not wait."), (422, "Fields are wrong.")],
        }, EditAsync);

        routes.Delete("/api/jobs/{id}", new ApiDoc("Jobs", "Delete a job, its result and its logs")
        {
            Parameters = [IdParameter],
            Answer = $$"""{"id":"{{ExampleId}}"}""",
            Others = [(404, "There is no such job."), (409, "The job is running.")],
        }, DeleteAsync);
    }

    private async Task EnqueueAsync(ApiCall call)
    {
        var request = await call.ReadJobsBodyAsync(options.Value.MaxParamsSize + BodySlack, ReadRequest);
        if (call.Http.Request.Headers.TryGetValue("Idempotency-Key", out var key) && key.Count > 0)
        {
            request = request with { IdempotencyKey = key.ToString() };
        }

        var job = await client.EnqueueAsync(request, call.Aborted);
        if (!job.Existing)
        {
            enqueued.Note(Audit.NameOf(call.Http.User), request.Path);
        }

        var id = job.Id.ToString();
        call.Http.Response.Headers.Location = $"{call.Http.Request.PathBase}{call.Http.Request.Path.Value!.TrimEnd('/')}/{id}";
        await call.AnswerAsync(job.Existing ? StatusCodes.Status200OK : StatusCodes.Status201Created, json => WriteId(json, id));
    }

    private static JobRequest ReadRequest(JsonElement body)
    {
        var errors = new List<FieldError>();
        return JobRequestJson.Read(body, errors) ?? throw ApiException.BadFields("The job cannot be accepted", errors);
    }

    private async Task ListAsync(ApiCall call)
    {
        var filter = JobFilterReader.Read(call);
        var before = call.Query("before") is not { } text ? (JobId?)null
            : JobId.TryParse(text, out var id) ? id
            : throw ApiException.BadParameter("before", $"'{ApiCall.Shown(text)}' is not a job id: 24 hexadecimal digits are.");
        var limit = (int)call.WholeQuery("limit", 1, 1000, otherwise: 50);
        var page = await queries.FindAsync(filter, new JobPageRequest(before, limit), call.Aborted);
        await call.AnswerAsync(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("jobs");
            foreach (var job in page.Jobs)
            {
                JobJson.Write(json, job, withPayload: false);
            }

            json.WriteEndArray();
            json.WriteString("next", page.Next?.ToString());
            json.WriteEndObject();
        });
    }

    private async Task ReadAsync(ApiCall call)
    {
        var id = call.JobId();
        if (call.Query("wait") is { } text)
        {
            await wait.UntilFinalAsync(id, WaitOf(text), call.Aborted);
        }

        await AnswerJobAsync(call, id);
    }

    private async Task EditAsync(ApiCall call)
    {
        var id = call.JobId();
        var (parameters, queue) = await call.ReadBodyAsync(options.Value.MaxParamsSize + BodySlack, body =>
        {
            var errors = new List<FieldError>();
            var fields = new JsonFields(body, EditNames, errors);
            var edit = body.ValueKind == JsonValueKind.Object ? (fields.Object("params"), fields.Queue("queue")) : default;
            if (errors.Count == 0 && edit is (null, null))
            {
                errors.Add(new FieldError("body", "gives neither params nor queue: there is nothing to change."));
            }

            return errors.Count > 0 ? throw ApiException.BadFields("The edit cannot be accepted", errors) : edit;
        });
        if (await control.EditAsync(id, parameters, queue, call.Aborted) is { } refused)
        {
            throw Refusal(refused);
        }

        await audit.RecordAsync(Audit.NameOf(call.Http.User), AuditActions.Edit, id.ToString(), 1, CancellationToken.None);
        await AnswerJobAsync(call, id);
    }

    private async Task DeleteAsync(ApiCall call)
    {
        var id = call.JobId();
        var outcome = await control.ApplyAsync(JobAction.Delete, [id], queue: null, call.Aborted);
        if (outcome.Refused is [var refused, ..])
        {
            throw Refusal(refused);
        }

        await audit.RecordAsync(Audit.NameOf(call.Http.User), AuditActions.Of(JobAction.Delete), id.ToString(), 1, CancellationToken.None);
        await call.AnswerAsync(json => WriteId(json, id.ToString()));
    }

    private async Task AnswerJobAsync(ApiCall call, JobId id)
    {
        if (await queries.GetAsync([id], withPayload: true, call.Aborted) is not [var job])
        {
            throw ApiException.NotFound($"There is no job {id}.");
        }

        await call.AnswerAsync(json => JobJson.Write(json, job, withPayload: true));
    }

    private static TimeSpan WaitOf(string text) =>
        double.TryParse(text, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and <= 60
            ? TimeSpan.FromSeconds(seconds)
            : throw ApiException.BadParameter("wait", $"'{ApiCall.Shown(text)}' must be a number of seconds from 0 to 60.");

    internal static ApiException Refusal(RefusedJob refused) =>
        refused.Status is null ? ApiException.NotFound(refused.Reason) : ApiException.Conflict(refused.Reason);

    internal static void WriteId(Utf8JsonWriter json, string id)
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteEndObject();
    }
}
