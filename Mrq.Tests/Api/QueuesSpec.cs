using System.Text.Json;

namespace Mrq.Tests.Api;

public sealed class QueuesSpec : ApiSpec
{
    [Fact]
    public async Task Queues_are_listed_with_size_and_statuses()
    {
        await Server.EnqueueAsync("test.nothing", more: new { queue = "slow" });
        await Server.EnqueueAsync("test.nothing", more: new { queue = "main/sub" });

        var queues = (await Server.GetAsync("/api/queues")).Json.GetProperty("queues");

        Assert.Equal(["main/sub", "slow"], queues.EnumerateArray().Select(q => q.GetProperty("name").GetString()));
        Assert.Equal(1, queues[0].GetProperty("size").GetInt32());
        Assert.Equal(1, queues[0].GetProperty("statuses").GetProperty("queued").GetInt32());
        Assert.Equal(JsonValueKind.String, queues[0].GetProperty("oldest").ValueKind);
    }

    [Theory]
    [InlineData("/api/queues/main/sub")]
    [InlineData("/api/queues/main%2Fsub")]
    public async Task A_name_with_a_slash_is_read_encoded_or_not(string address)
    {
        await Server.EnqueueAsync("test.nothing", more: new { queue = "main/sub" });

        Assert.Equal("main/sub", (await Server.GetAsync(address)).At("name"));
    }

    [Theory]
    [InlineData("slow", "slow")]
    [InlineData("main/sub", "main/sub")]
    [InlineData("main%2Fsub", "main/sub")]
    public async Task A_queue_is_paused_resumed_and_emptied(string address, string name)
    {
        var id = await Server.EnqueueAsync("test.nothing", more: new { queue = name });

        Assert.Equal("True", (await Server.PostAsync($"/api/queues/{address}/pause")).At("paused"));
        Assert.Equal("True", (await Server.GetAsync($"/api/queues/{address}")).At("paused"));
        Assert.Equal("False", (await Server.PostAsync($"/api/queues/{address}/resume")).At("paused"));
        Assert.Equal("False", (await Server.GetAsync($"/api/queues/{address}")).At("paused"));
        Assert.Equal("1", (await Server.PostAsync($"/api/queues/{address}/purge")).At("cancelled"));
        Assert.Equal("cancel", (await Server.GetAsync($"/api/jobs/{id}")).At("status"));
        Assert.Equal("0", (await Server.GetAsync($"/api/queues/{address}")).At("size"));
    }

    [Theory]
    [InlineData("main%2F")]
    [InlineData("main/")]
    public async Task Sub_queues_are_paused_together_and_purged_one_by_one(string address)
    {
        var id = await Server.EnqueueAsync("test.nothing", more: new { queue = "main/sub" });
        Assert.Equal("True", (await Server.PostAsync($"/api/queues/{address}/pause")).At("paused"));

        AssertProblem(await Server.PostAsync($"/api/queues/{address}/purge"), 422, "'main/' ends in /", "one by one");

        Assert.Equal("queued", (await Server.GetAsync($"/api/jobs/{id}")).At("status"));
    }

    [Fact]
    public async Task No_job_goes_to_a_name_that_stands_for_sub_queues()
    {
        var id = await Server.EnqueueAsync("test.nothing", more: new { queue = "main" });

        AssertProblem(await Server.PostAsync("/api/jobs", """{"path":"test.nothing","queue":"main/"}"""), 422, "queue: 'main/' ends in /");
        AssertProblem(await Server.SendAsync(HttpMethod.Put, $"/api/jobs/{id}", """{"queue":"main/"}"""), 422, "queue: 'main/' ends in /");
        AssertProblem(await Server.PostAsync($"/api/jobs/{id}/requeue", """{"queue":"main/"}"""), 422, "queue: 'main/' ends in /");
        AssertProblem(await Server.PostAsync("/api/jobs/actions", """{"action":"requeue","filter":{},"destination_queue":"main/"}"""), 422, "destination_queue: 'main/' ends in /");
        Assert.Equal("main", (await Server.GetAsync($"/api/jobs/{id}")).At("queue"));
    }

    [Fact]
    public async Task A_purge_leaves_the_sub_queues_alone()
    {
        await Server.EnqueueAsync("test.nothing", more: new { queue = "main" });
        var id = await Server.EnqueueAsync("test.nothing", more: new { queue = "main/sub" });

        Assert.Equal("1", (await Server.PostAsync("/api/queues/main/purge")).At("cancelled"));

        Assert.Equal("queued", (await Server.GetAsync($"/api/jobs/{id}")).At("status"));
    }

    [Fact]
    public async Task A_paused_queue_gives_no_job_until_it_is_resumed()
    {
        await Server.PostAsync("/api/queues/default/pause");
        var id = await Server.EnqueueAsync("test.nothing");
        Assert.Equal("queued", (await Server.GetAsync($"/api/jobs/{id}?wait=0.2")).At("status"));

        await Server.PostAsync("/api/queues/default/resume");

        Assert.Equal("success", (await Server.EndOfAsync(id)).GetProperty("status").GetString());
    }
}
