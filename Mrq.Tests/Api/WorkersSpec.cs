namespace Mrq.Tests.Api;

public sealed class WorkersSpec : ApiSpec
{
    [Fact]
    public async Task Workers_are_listed_with_what_they_hold()
    {
        var id = await Server.EnqueueAsync("test.hold");
        await Tasks.StartedAsync();

        var worker = await WorkerAsync();
        while (worker.GetProperty("jobs").GetArrayLength() == 0)
        {
            worker = await WorkerAsync();
        }

        Assert.True(worker.GetProperty("alive").GetBoolean());
        Assert.Equal(Environment.ProcessId, worker.GetProperty("process_id").GetInt32());
        Assert.Equal(id, worker.GetProperty("jobs")[0].GetProperty("id").GetString());
        Assert.Equal(worker.GetProperty("id").GetString(), (await Server.GetAsync($"/api/workers/{worker.GetProperty("id")}")).At("id"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?mode=drain")]
    [InlineData("?mode=interrupt")]
    public async Task A_worker_that_is_told_to_stop_stops(string mode)
    {
        var id = (await WorkerAsync()).GetProperty("id");

        Assert.Equal(202, (await Server.PostAsync($"/api/workers/{id}/stop{mode}")).Status);

        var status = "";
        while (status != "stop")
        {
            status = (await Server.GetAsync($"/api/workers/{id}")).At("status");
        }

        AssertProblem(await Server.PostAsync($"/api/workers/{id}/stop"), 409, "not alive");
    }

    [Theory]
    [InlineData("GET", "/api/workers/nobody", 404, "nobody")]
    [InlineData("GET", "/api/workers?alive=true", 400, "alive")]
    [InlineData("POST", "/api/workers/nobody/stop", 404, "nobody")]
    [InlineData("POST", "/api/workers/nobody/stop?mode=now", 400, "drain or interrupt")]
    [InlineData("POST", "/api/workers/nobody/stop?how=drain", 400, "how")]
    [InlineData("POST", "/api/workers", 405, "GET")]
    public async Task A_wrong_request_is_refused(string method, string address, int status, string word) =>
        AssertProblem(await Server.SendAsync(new HttpMethod(method), address), status, word);

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        // Its first report is written while it starts.
        while ((await Server.GetAsync("/api/workers")).Json.GetProperty("workers").GetArrayLength() < 2)
        {
            await Task.Yield();
        }
    }

    private async Task<System.Text.Json.JsonElement> WorkerAsync() =>
        (await Server.GetAsync("/api/workers")).Json.GetProperty("workers").EnumerateArray().First(w => w.GetProperty("name").GetString() != "system");
}
