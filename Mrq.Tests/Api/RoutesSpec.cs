namespace Mrq.Tests.Api;

public sealed class RoutesSpec : ApiSpec
{
    [Fact]
    public async Task The_document_describes_every_route()
    {
        var document = (await Server.GetAsync("/openapi/v1.json")).Json;
        var operations = document.GetProperty("paths").EnumerateObject()
            .SelectMany(p => p.Value.EnumerateObject().Select(o => (Name: $"{o.Name} {p.Name}", Operation: o.Value))).ToList();

        string[] expected =
        [
            "post /api/jobs", "get /api/jobs", "get /api/jobs/{id}", "put /api/jobs/{id}", "delete /api/jobs/{id}", "post /api/jobs/bulk", "post /api/jobs/{id}/requeue",
            "post /api/jobs/{id}/retry", "post /api/jobs/{id}/cancel", "post /api/jobs/{id}/abort", "post /api/jobs/actions", "get /api/jobs/{id}/logs",
            "get /api/batches", "post /api/batches", "get /api/batches/{id}", "post /api/batches/{id}/cancel", "post /api/batches/{id}/close", "delete /api/batches/{id}",
            "get /api/queues", "get /api/queues/{queue}", "post /api/queues/{queue}/pause", "post /api/queues/{queue}/resume", "post /api/queues/{queue}/purge",
            "get /api/queues/{queue}/raw", "post /api/queues/{queue}/raw", "delete /api/queues/{queue}/raw", "get /api/queues/{queue}/graph",
            "get /api/queues/{queue}/rejected", "post /api/queues/{queue}/rejected",
            "get /api/workers", "get /api/workers/{id}", "post /api/workers/{id}/stop", "get /api/tasks", "get /api/exceptions", "get /api/stats", "get /api/audit",
            "get /api/schedules", "post /api/schedules", "get /api/schedules/{id}", "put /api/schedules/{id}", "delete /api/schedules/{id}", "post /api/schedules/{id}/run",
            "post /api/schedules/{id}/pause", "post /api/schedules/{id}/resume", "get /health/live", "get /health/ready", "get /metrics",
        ];
        Assert.Equal(expected.Order(StringComparer.Ordinal), operations.Select(o => o.Name).Order(StringComparer.Ordinal));
        Assert.All(operations, o => Assert.False(string.IsNullOrEmpty(o.Operation.GetProperty("summary").GetString()), o.Name));
        Assert.Equal(operations.Count, operations.Select(o => o.Operation.GetProperty("operationId").GetString()).Distinct().Count());
        var enqueue = operations.Single(o => o.Name == "post /api/jobs").Operation;
        var body = enqueue.GetProperty("requestBody").GetProperty("content").GetProperty("application/json");
        Assert.Equal("samples.add", body.GetProperty("example").GetProperty("path").GetString());
        Assert.True(body.GetProperty("schema").GetProperty("properties").TryGetProperty("unique_key", out _));
        Assert.True(enqueue.GetProperty("responses").TryGetProperty("422", out _));
    }

    [Fact]
    public async Task The_jobs_of_a_batch_are_described_as_objects_with_their_fields()
    {
        var document = (await Server.GetAsync("/openapi/v1.json")).Json;
        var fields = document.GetProperty("paths").GetProperty("/api/batches").GetProperty("post").GetProperty("requestBody")
            .GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("properties");

        var job = fields.GetProperty("jobs").GetProperty("items");
        Assert.Equal("object", job.GetProperty("type").GetString());
        Assert.Equal("object", job.GetProperty("properties").GetProperty("then").GetProperty("type").GetString());
        Assert.Equal("path", Assert.Single(job.GetProperty("required").EnumerateArray()).GetString());
        Assert.All(["on_complete", "on_success"], name => Assert.True(fields.GetProperty(name).GetProperty("properties").TryGetProperty("result_as", out _)));
        Assert.Equal("string", job.GetProperty("properties").GetProperty("tags").GetProperty("items").GetProperty("type").GetString());
    }

    [Fact]
    public async Task The_documentation_can_be_tried_out_without_another_server()
    {
        var page = await Server.GetAsync("/docs/index.html");

        Assert.Equal("text/html", page.ContentType);
        Assert.DoesNotContain("https://", page.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await Server.GetAsync("/docs/swagger-ui-bundle.js")).Status);
    }

    [Fact]
    public async Task The_dashboard_lies_at_the_root() => Assert.Equal("text/html", (await Server.GetAsync("/")).ContentType);
}
