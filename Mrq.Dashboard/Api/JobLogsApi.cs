using Mrq.Diagnostics;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Dashboard.Api;

/// <summary>The log lines of one job.</summary>
internal sealed class JobLogsApi(IJobLogStore logs, IJobQueries queries) : IApiResource
{
    public void Map(ApiRoutes routes) =>
        routes.Get("/api/jobs/{id}/logs", new ApiDoc("Jobs", "Read a job's log lines, oldest first")
        {
            Parameters =
            [
                JobsApi.IdParameter,
                ApiParameter.Query("after", "Only lines with a greater number: `next` of the answer before. Default 0.", "integer"),
                ApiParameter.Query("limit", "Most lines: 1 to 1000, default 200.", "integer"),
            ],
            Answer = """{"lines":[{"number":1,"attempt":1,"time":"2026-01-31T18:00:00+00:00","level":"information","category":"samples.add","message":"1 + 2"}],"next":1}""",
            Others = [(400, "A parameter is wrong."), (404, "There is no such job.")],
        }, ReadAsync);

    private async Task ReadAsync(ApiCall call)
    {
        var id = call.JobId();
        var after = call.WholeQuery("after", 0, long.MaxValue, otherwise: 0);
        var limit = (int)call.WholeQuery("limit", 1, 1000, otherwise: 200);
        var lines = await logs.ReadAsync(id, after, limit, call.Aborted);
        if (lines.Count == 0 && await queries.GetAsync([id], withPayload: false, call.Aborted) is [])
        {
            throw ApiException.NotFound($"There is no job {id}.");
        }

        await call.AnswerAsync(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("lines");
            foreach (var line in lines)
            {
                JobLogJson.Write(json, line);
            }

            json.WriteEndArray();
            json.WriteNumber("next", lines.Count == 0 ? after : lines[^1].Number);
            json.WriteEndObject();
        });
    }
}
