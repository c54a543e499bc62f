using System.Text.Json;

namespace Mrq.Tests.Api;

public sealed class JobsSpec : ApiSpec
{
    private static readonly string[] Red = ["red"];

    [Fact]
    public async Task A_job_is_read_with_the_names_of_its_document()
    {
        var id = await Server.EnqueueAsync("test.fail");

        var job = await Server.EndOfAsync(id);

        Assert.Equal(id, job.GetProperty("id").GetString());
        Assert.Equal("test.fail", job.GetProperty("path").GetString());
        Assert.Equal("failed", job.GetProperty("status").GetString());
        Assert.Equal("System.IO.InvalidDataException", job.GetProperty("exceptiontype").GetString());
        Assert.Contains("as asked", job.GetProperty("traceback_history")[0].GetProperty("exception").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reader_that_waits_is_answered_when_the_job_ends()
    {
        var id = await Server.EnqueueAsync("test.hold");
        var reading = Server.GetAsync($"/api/jobs/{id}?wait=60");
        await Tasks.StartedAsync();
        Assert.False(reading.IsCompleted);

        Tasks.Release();

        Assert.Equal("success", (await reading).At("status"));
    }

    [Fact]
    public async Task A_reader_whose_wait_is_over_gets_the_job_as_it_is()
    {
        var id = await Server.EnqueueAsync("test.hold");
        await Tasks.StartedAsync();

        Assert.Equal("started", (await Server.GetAsync($"/api/jobs/{id}?wait=0.05")).At("status"));
    }

    [Fact]
    public async Task A_reader_that_waits_does_not_hold_up_the_stop_of_the_server()
    {
        var id = await Server.EnqueueAsync("test.nothing", more: new { queue = "slow" });
        var reading = Server.GetAsync($"/api/jobs/{id}?wait=60");
        while (!reading.IsCompleted && Server.Get<Mrq.Dashboard.Api.JobWait>().Waiting == 0)
        {
            await Task.Yield();
        }

        Server.Get<Microsoft.Extensions.Hosting.IHostApplicationLifetime>().StopApplication();

        Assert.Equal("queued", (await reading).At("status"));
    }

    [Fact]
    public async Task A_list_is_filtered_and_paged()
    {
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add(await Server.EnqueueAsync("test.add", new { a = i, b = 0 }, new { queue = "slow" }));
        }

        await Server.EnqueueAsync("test.nothing", more: new { queue = "slow" });
        ids.Reverse();

        var first = (await Server.GetAsync("/api/jobs?path=test.add&limit=3")).Json;
        var second = (await Server.GetAsync($"/api/jobs?path=test.add&limit=3&before={first.GetProperty("next")}")).Json;

        Assert.Equal(ids, Ids(first).Concat(Ids(second)));
        Assert.Equal(JsonValueKind.Null, second.GetProperty("next").ValueKind);
    }

    [Theory]
    [InlineData("status=queued", 2)]
    [InlineData("status=started,queued", 2)]
    [InlineData("status=failed&status=queued", 2)]
    [InlineData("status=ok", 2)]
    [InlineData("status=failed", 0)]
    [InlineData("queue=main/", 1)]
    [InlineData("queue=s*w", 1)]
    [InlineData("path=test.add", 1)]
    [InlineData("path=test.*", 2)]
    [InlineData("params={\"a\":1}", 1)]
    [InlineData("params={\"a\":2}", 0)]
    [InlineData("tag=red", 1)]
    [InlineData("q=add", 1)]
    [InlineData("worker=nobody", 0)]
    [InlineData("exceptiontype=X", 0)]
    [InlineData("since=2020-01-01", 2)]
    [InlineData("since=2020-01-01T00:00:00+01:00", 2)]
    [InlineData("until=1577836800", 0)]
    [InlineData("status=&queue=", 2)]
    public async Task A_filter_narrows_the_list(string filter, int count)
    {
        await Server.EnqueueAsync("test.add", new { a = 1, b = 2 }, new { queue = "slow", tags = Red });
        await Server.EnqueueAsync("test.nothing", more: new { queue = "main/sub" });

        var answer = await Server.GetAsync($"/api/jobs?{filter}");

        Assert.Equal(200, answer.Status);
        Assert.Equal(count, Ids(answer.Json).Count());
    }

    [Fact]
    public async Task A_waiting_job_is_edited()
    {
        var id = await Server.EnqueueAsync("test.add", new { a = 1, b = 2 }, new { queue = "slow" });

        var answer = await Server.SendAsync(HttpMethod.Put, $"/api/jobs/{id}", """{"params":{"a":5,"b":6},"queue":"default"}""");

        Assert.Equal(200, answer.Status);
        Assert.Equal(11, (await Server.EndOfAsync(id)).GetProperty("result").GetInt32());
    }

    [Theory]
    [InlineData("""{"params":{"a":"x","b":2}}""", 422, "params.a")]
    [InlineData("""{"params":[]}""", 422, "params")]
    [InlineData("""{"queue":"a b"}""", 422, "queue")]
    [InlineData("""{"path":"test.nothing"}""", 422, "path")]
    [InlineData("""{}""", 422, "nothing to change")]
    [InlineData("""[1]""", 422, "object")]
    [InlineData("""{""", 400, "line 1")]
    public async Task A_wrong_edit_is_refused(string body, int status, string word)
    {
        var id = await Server.EnqueueAsync("test.add", new { a = 1, b = 2 }, new { queue = "slow" });

        AssertProblem(await Server.SendAsync(HttpMethod.Put, $"/api/jobs/{id}", body), status, word);
        Assert.Equal(1, (await Server.GetAsync($"/api/jobs/{id}")).Json.GetProperty("params").GetProperty("a").GetInt32());
    }

    [Fact]
    public async Task A_job_that_does_not_wait_is_not_edited()
    {
        var id = await Server.EnqueueAsync("test.nothing");
        await Server.EndOfAsync(id);

        AssertProblem(await Server.SendAsync(HttpMethod.Put, $"/api/jobs/{id}", """{"queue":"slow"}"""), 409, "success");
        AssertProblem(await Server.SendAsync(HttpMethod.Put, $"/api/jobs/{UnknownId}", """{"queue":"slow"}"""), 404, UnknownId);
        AssertProblem(await Server.SendAsync(HttpMethod.Put, "/api/jobs/1", """{"queue":"slow"}"""), 400, "24 hexadecimal digits");
    }

    [Fact]
    public async Task A_deleted_job_is_gone()
    {
        var id = await Server.EnqueueAsync("test.nothing");
        await Server.EndOfAsync(id);

        Assert.Equal(200, (await Server.SendAsync(HttpMethod.Delete, $"/api/jobs/{id}")).Status);

        AssertProblem(await Server.GetAsync($"/api/jobs/{id}"), 404, id);
        AssertProblem(await Server.SendAsync(HttpMethod.Delete, $"/api/jobs/{id}"), 404, id);
        AssertProblem(await Server.SendAsync(HttpMethod.Delete, "/api/jobs/1"), 400, "24 hexadecimal digits");
    }

    [Fact]
    public async Task A_running_job_is_not_deleted()
    {
        var id = await Server.EnqueueAsync("test.hold");
        await Tasks.StartedAsync();

        AssertProblem(await Server.SendAsync(HttpMethod.Delete, $"/api/jobs/{id}"), 409, "abort it first");
    }

    private static IEnumerable<string?> Ids(JsonElement page) => page.GetProperty("jobs").EnumerateArray().Select(j => j.GetProperty("id").GetString());
}
