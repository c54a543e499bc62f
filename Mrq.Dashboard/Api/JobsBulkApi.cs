using Microsoft.Extensions.Options;
using Mrq.Diagnostics;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Dashboard.Api;

/// <summary>Many jobs in one request, of any length.</summary>
internal sealed class JobsBulkApi(ChainFactory factory, JobClient client, EnqueueAudit enqueued, Audit audit, IOptions<MrqOptions> options, TimeProvider time) : IApiResource
{
    public void Map(ApiRoutes routes) =>
        routes.Post("/api/jobs/bulk", new ApiDoc("Jobs", "Queue many jobs")
        {
            Description = "The body is NDJSON (one job per line) or a JSON array, of any length: it is read as it comes. A bad line is named in `rejected` and never stops the others; "
                + "syntax that breaks the array ends the reading, what was read before is queued. Each line counts in one number: `accepted` are new jobs, `existing` were there before, by their keys, `rejected_count` are no jobs. `ids` has the ids of the first two, in the order of their lines; at most 1,000 rejected lines are named.",
            Parameters = [ApiParameter.Query("ids", "false leaves the ids out of the answer. Default true.", "boolean")],
            RequestType = "application/x-ndjson",
            Request = "{\"path\":\"samples.add\",\"params\":{\"a\":1,\"b\":2}}\n{\"path\":\"samples.add\",\"params\":{\"a\":3,\"b\":4}}\n",
            Fields = JobRequestJson.Fields,
            Answer = $$"""{"accepted":2,"existing":0,"ids":["{{JobsApi.ExampleId}}","6920a1f0c5d3e8b7a6f50002"],"rejected_count":0,"rejected":[]}""",
            Others = [(415, "The body is neither application/x-ndjson nor application/json."), (503, "The store went away; the answer says how many jobs were queued before.")],
        }, BulkAsync);

    private async Task BulkAsync(ApiCall call)
    {
        var answersIds = call.FlagQuery("ids", otherwise: true);
        JsonBody.RequireType(call.Http, "application/x-ndjson", "application/ndjson", "application/jsonl", "application/json");
        JsonBody.LiftServerLimit(call.Http);
        var (counts, who) = (new BulkCounts(), Audit.NameOf(call.Http.User));
        var import = new ImportAudit(audit, who, "POST /api/jobs/bulk", time);
        var answer = new BulkAnswer(counts, enqueued, import, who, answersIds);
        var intake = new BulkIntake(
            factory, client, answer, counts, (_, json, errors) => JobRequestJson.Read(json, errors), options.Value.MaxParamsSize + JobsApi.BodySlack, call.Aborted);
        try
        {
            await intake.ReadAsync(call.Http.Request.BodyReader);
        }
        catch (StorageUnavailableException e)
        {
            throw new ApiException(
                StatusCodes.Status503ServiceUnavailable, "Storage unavailable",
                $"{e.Message} {counts.Accepted:N0} jobs were queued before that, of the first {counts.Lines:N0} lines.");
        }
        finally
        {
            await import.EndAsync(counts.Accepted);
        }

        await call.AnswerAsync(answer.Write);
    }
}
