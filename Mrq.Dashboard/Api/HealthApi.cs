using Mrq.Diagnostics;

namespace Mrq.Dashboard.Api;

/// <summary>For load balancers and orchestrators: is the process up, can it serve.</summary>
internal sealed class HealthApi(StorageHealth storage, TimeProvider time) : IApiResource
{
    // Probes give up after a second as a rule, and a store that is away may keep a question for five.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    public void Map(ApiRoutes routes)
    {
        routes.Get("/health/live", new ApiDoc("Health", "The process is up") { Answer = """{"status":"live"}""" }, call => AnswerAsync(call, "live"));
        routes.Get("/health/ready", new ApiDoc("Health", "The stores answer")
        {
            Answer = """{"status":"ready"}""",
            Others = [(503, "A store is away; the answer says which, since when and why.")],
        }, ReadyAsync);
    }

    private async Task ReadyAsync(ApiCall call)
    {
        if (await LookAsync(call.Aborted) is { Count: > 0 } away)
        {
            var stores = away.Select(store => $"{store.Store} is away since {store.Since.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}: {store.Reason}");
            throw new ApiException(StatusCodes.Status503ServiceUnavailable, "Storage unavailable", string.Join(" ", stores));
        }

        await AnswerAsync(call, "ready");
    }

    private async Task<IReadOnlyList<StoreAway>> LookAsync(CancellationToken cancellationToken)
    {
        var known = storage.Away;
        var look = storage.LookAsync(cancellationToken);
        var isInTime = known.Count == 0 || await Task.WhenAny(look, Task.Delay(Patience, time, cancellationToken)) == look;
        return isInTime ? await look : known;
    }

    private static Task AnswerAsync(ApiCall call, string status) => call.AnswerAsync(json =>
    {
        json.WriteStartObject();
        json.WriteString("status", status);
        json.WriteEndObject();
    });
}
