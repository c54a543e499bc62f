using Mrq.Storage;

namespace Mrq.Dashboard.Api;

/// <summary>What fails most: jobs counted by task and exception type.</summary>
internal sealed class ExceptionsApi(IJobQueries queries) : IApiResource
{
    public void Map(ApiRoutes routes) =>
        routes.Get("/api/exceptions", new ApiDoc("Stats", "Count jobs by task and exception type, the most first")
        {
            Answer = """{"exceptions":[{"path":"samples.fail","exceptiontype":"System.InvalidOperationException","count":12}]}""",
        }, ListAsync);

    private async Task ListAsync(ApiCall call)
    {
        var groups = (await queries.CountsAsync(call.Aborted))
            .Where(c => c.ExceptionType is not null)
            .GroupBy(c => (c.Path, c.ExceptionType))
            .Select(g => (g.Key.Path, g.Key.ExceptionType, Count: g.Sum(c => c.Count)))
            .OrderByDescending(g => g.Count).ThenBy(g => g.Path, StringComparer.Ordinal);
        await call.AnswerAsync(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("exceptions");
            foreach (var (path, type, count) in groups)
            {
                json.WriteStartObject();
                json.WriteString("path", path);
                json.WriteString("exceptiontype", type);
                json.WriteNumber("count", count);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
    }
}
