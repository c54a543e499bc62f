using Mrq.Storage;

namespace Mrq.Server.Api;

/// <summary>For load balancers and orchestrators: is the process up, can it serve.</summary>
internal sealed class HealthApi(IStorage storage) : IApiResource
{
    public void Map(ApiRoutes routes)
    {
        routes.Get("/health/live", new ApiDoc("Health", "The process is up") { Answer = """{"status":"live"}""" }, call => AnswerAsync(call, "live"));
        routes.Get("/health/ready", new ApiDoc("Health", "The store answers")
        {
            Answer = """{"status":"ready"}""",
            Others = [(503, "The store is away; the answer says why.")],
        }, ReadyAsync);
    }

    private async Task ReadyAsync(ApiCall call)
    {
        if (await storage.CheckAsync(call.Aborted) is { } reason)
        {
            throw new ApiException(StatusCodes.Status503ServiceUnavailable, "Storage unavailable", reason);
        }

        await AnswerAsync(call, "ready");
    }

    private static Task AnswerAsync(ApiCall call, string status) => call.AnswerAsync(json =>
    {
        json.WriteStartObject();
        json.WriteString("status", status);
        json.WriteEndObject();
    });
}
