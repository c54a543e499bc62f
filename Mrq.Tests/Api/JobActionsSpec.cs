namespace Mrq.Tests.Api;

public sealed class JobActionsSpec : ApiSpec
{
    [Theory]
    [InlineData("requeue")]
    [InlineData("retry")]
    public async Task A_job_that_ended_runs_again(string action)
    {
        var id = await Server.EnqueueAsync("test.nothing");
        await Server.EndOfAsync(id);

        var answer = await Server.PostAsync($"/api/jobs/{id}/{action}");

        Assert.Equal(200, answer.Status);
        Assert.Equal(2, (await Server.EndOfAsync(id)).GetProperty("attempt").GetInt32());
    }

    [Fact]
    public async Task A_requeued_job_goes_to_the_queue_that_is_named()
    {
        var id = await Server.EnqueueAsync("test.nothing");
        await Server.EndOfAsync(id);

        await Server.PostAsync($"/api/jobs/{id}/requeue", """{"queue":"main/slow"}""");

        var job = (await Server.GetAsync($"/api/jobs/{id}")).Json;
        Assert.Equal("main/slow", job.GetProperty("queue").GetString());
        Assert.Equal("queued", job.GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_waiting_job_is_cancelled_once()
    {
        var id = await Server.EnqueueAsync("test.nothing", more: new { queue = "slow" });

        Assert.Equal(200, (await Server.PostAsync($"/api/jobs/{id}/cancel")).Status);

        Assert.Equal("cancel", (await Server.GetAsync($"/api/jobs/{id}")).At("status"));
        AssertProblem(await Server.PostAsync($"/api/jobs/{id}/cancel"), 409, "cancelled already");
    }

    [Fact]
    public async Task A_running_job_is_aborted()
    {
        var id = await Server.EnqueueAsync("test.hold");
        await Tasks.StartedAsync();

        Assert.Equal(202, (await Server.PostAsync($"/api/jobs/{id}/abort")).Status);

        Assert.Equal("abort", (await Server.EndOfAsync(id)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task An_action_that_the_status_forbids_is_refused_with_the_reason()
    {
        var id = await Server.EnqueueAsync("test.hold");
        await Tasks.StartedAsync();

        AssertProblem(await Server.PostAsync($"/api/jobs/{id}/requeue"), 409, "started");
        AssertProblem(await Server.PostAsync($"/api/jobs/{id}/retry"), 409, "started");
        AssertProblem(await Server.PostAsync($"/api/jobs/{id}/cancel"), 409, "abort it first");
        var waiting = await Server.EnqueueAsync("test.nothing", more: new { queue = "slow" });
        AssertProblem(await Server.PostAsync($"/api/jobs/{waiting}/abort"), 409, "only a started job");
    }

    [Theory]
    [InlineData("requeue")]
    [InlineData("retry")]
    [InlineData("cancel")]
    [InlineData("abort")]
    public async Task An_action_on_no_job_is_refused(string action)
    {
        AssertProblem(await Server.PostAsync($"/api/jobs/{UnknownId}/{action}"), 404, UnknownId);
        AssertProblem(await Server.PostAsync($"/api/jobs/1/{action}"), 400, "24 hexadecimal digits");
        AssertProblem(await Server.PostAsync($"/api/jobs/{UnknownId}/{action}", "{"), 400, "line 1");
        AssertProblem(await Server.PostAsync($"/api/jobs/{UnknownId}/{action}", "[]"), 422, "object");
        AssertProblem(await Server.PostAsync($"/api/jobs/{UnknownId}/{action}", """{"quue":"a"}"""), 422, "quue");
        AssertProblem(await Server.SendAsync(HttpMethod.Post, $"/api/jobs/{UnknownId}/{action}", "{}", "text/plain"), 415, "application/json");
        AssertProblem(await Server.GetAsync($"/api/jobs/{UnknownId}/{action}"), 405, "POST");
    }

    [Fact]
    public async Task An_unknown_action_is_not_found() =>
        AssertProblem(await Server.PostAsync($"/api/jobs/{UnknownId}/explode"), 404, "explode");

    [Fact]
    public async Task A_dry_run_counts_and_changes_nothing()
    {
        await Server.EnqueueAsync("test.add", new { a = 1, b = 2 }, new { queue = "slow" });
        await Server.EnqueueAsync("test.add", new { a = 1, b = 2 }, new { queue = "main/sub" });
        await Server.EnqueueAsync("test.nothing", more: new { queue = "slow" });

        var answer = await Server.PostAsync("/api/jobs/actions", """{"action":"cancel","filter":{"path":"test.add"},"dry_run":true}""");

        Assert.Equal(200, answer.Status);
        Assert.Equal(2, answer.Json.GetProperty("count").GetInt32());
        Assert.Equal(1, answer.Json.GetProperty("by_queue").GetProperty("slow").GetInt32());
        Assert.Equal(2, answer.Json.GetProperty("sample").GetArrayLength());
        Assert.Equal(3, (await Server.GetAsync("/api/jobs?status=queued")).Json.GetProperty("jobs").GetArrayLength());
    }

    [Fact]
    public async Task A_bulk_action_is_carried_out_by_a_job()
    {
        var one = await Server.EnqueueAsync("test.add", new { a = 1, b = 2 }, new { queue = "slow" });
        var other = await Server.EnqueueAsync("test.nothing", more: new { queue = "slow" });

        var answer = await Server.PostAsync("/api/jobs/actions", """{"action":"cancel","filter":{"path":"test.add"}}""");

        Assert.Equal(202, answer.Status);
        Assert.Equal($"/api/jobs/{answer.At("job")}", answer.Location);
        Assert.Equal(1, (await Server.EndOfAsync(answer.At("job")!)).GetProperty("result").GetProperty("done").GetInt32());
        Assert.Equal("cancel", (await Server.GetAsync($"/api/jobs/{one}")).At("status"));
        Assert.Equal("queued", (await Server.GetAsync($"/api/jobs/{other}")).At("status"));
    }
}
