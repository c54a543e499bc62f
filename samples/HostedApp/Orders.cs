using System.Text.Json;
using Mrq.Jobs;
using Mrq.Storage;

namespace HostedApp;

/// <summary>The application's own addresses: they enqueue jobs and look at them from C#.</summary>
internal static class Orders
{
    private static readonly JsonSerializerOptions Params = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static void MapOrders(this WebApplication app)
    {
        app.MapGet("/", () => "A shop. POST /orders, then look at /jobs.");
        app.MapPost("/orders", TakeAsync);
        app.MapGet("/orders/jobs/{id}", ShowAsync).WithName(nameof(ShowAsync));
    }

    private static async Task<IResult> TakeAsync(Invoice order, JobClient jobs, CancellationToken cancellationToken)
    {
        try
        {
            // One invoice for each order, however often it is sent.
            var job = await jobs.EnqueueAsync(
                new JobRequest { Path = "orders.invoice", Params = JsonSerializer.Serialize(order, Params), IdempotencyKey = $"order-{order.Order}" }, cancellationToken);
            return Results.AcceptedAtRoute(nameof(ShowAsync), new { id = job.Id.ToString() }, new { job = job.Id.ToString() });
        }
        catch (InvalidJobException e)
        {
            return Results.ValidationProblem(e.Errors.GroupBy(error => error.Field).ToDictionary(field => field.Key, field => field.Select(error => error.Error).ToArray()));
        }
    }

    private static async Task<IResult> ShowAsync(string id, IJobQueries jobs, CancellationToken cancellationToken) =>
        JobId.TryParse(id, out var known) && await jobs.GetAsync([known], withPayload: true, cancellationToken) is [var job]
            ? Results.Ok(new { status = job.Status.ToString(), result = job.Result is null ? null : JsonSerializer.Deserialize<string>(job.Result) })
            : Results.NotFound();
}
