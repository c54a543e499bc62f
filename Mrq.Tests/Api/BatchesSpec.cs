using Mrq.Batches;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Tests.Api;

public sealed class BatchesSpec : ApiSpec
{
    [Fact]
    public async Task The_same_idempotency_key_answers_the_same_batch()
    {
        const string Body = """{"jobs":[{"path":"test.add","params":{"a":1,"b":2}}]}""";
        var first = await Server.SendAsync(HttpMethod.Post, "/api/batches", Body, headers: ("Idempotency-Key", "night"));
        var again = await Server.SendAsync(HttpMethod.Post, "/api/batches", Body, headers: ("Idempotency-Key", "night"));

        Assert.Equal((201, 200), (first.Status, again.Status));
        Assert.Equal(first.At("id"), again.At("id"));
    }

    [Fact]
    public async Task A_batch_is_made_looked_at_and_listed()
    {
        var answer = await Server.PostAsync(
            "/api/batches", """{"name":"sums","jobs":[{"path":"test.add","params":{"a":1,"b":2}},{"path":"test.nothing","tags":["mine"]}],"on_complete":{"path":"test.nothing"}}""");

        Assert.Equal(201, answer.Status);
        var id = answer.At("id")!;
        Assert.Equal($"/api/batches/{id}", answer.Location);
        Assert.Equal("success", (await Server.EndOfAsync(answer.At("on_complete")!)).GetProperty("status").GetString());
        var batch = (await Server.GetAsync($"/api/batches/{id}")).Json;
        Assert.Equal("success", batch.GetProperty("state").GetString());
        Assert.Equal((2, 2, 1.0), (batch.GetProperty("total").GetInt32(), batch.GetProperty("counts").GetProperty("success").GetInt32(), batch.GetProperty("progress").GetDouble()));
        var jobs = (await Server.GetAsync($"/api/jobs?tag={batch.GetProperty("tag").GetString()}")).Json.GetProperty("jobs");
        Assert.Equal(2, jobs.GetArrayLength());
        Assert.All(jobs.EnumerateArray(), job => Assert.Equal(id, job.GetProperty("batch").GetString()));
        Assert.Equal("mine", jobs[0].GetProperty("tags")[0].GetString());
        Assert.Equal(id, (await Server.GetAsync("/api/batches?limit=1")).Json.GetProperty("batches")[0].GetProperty("id").GetString());
        Assert.Contains("batch.add", (await Server.GetAsync("/api/audit")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lists_are_paged()
    {
        for (var i = 0; i < 3; i++)
        {
            await Server.PostAsync("/api/batches", """{"jobs":[{"path":"test.nothing"}]}""");
        }

        var first = await Server.GetAsync("/api/batches?limit=2");
        var second = await Server.GetAsync($"/api/batches?limit=2&before={first.At("next")}");

        Assert.Equal(2, first.Json.GetProperty("batches").GetArrayLength());
        Assert.Equal(1, second.Json.GetProperty("batches").GetArrayLength());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, second.Json.GetProperty("next").ValueKind);
    }

    [Fact]
    public async Task A_batch_is_cancelled_as_a_whole_then_takes_nothing_and_can_be_deleted()
    {
        var id = (await Server.PostAsync("/api/batches", """{"jobs":[{"path":"test.nothing","delay":3600},{"path":"test.nothing","delay":3600}]}""")).At("id")!;
        AssertProblem(await Server.SendAsync(HttpMethod.Delete, $"/api/batches/{id}"), 409, "has not ended");

        var cancelled = await Server.PostAsync($"/api/batches/{id}/cancel", """{"abort":true}""");

        Assert.Equal((200, "cancelled"), (cancelled.Status, cancelled.At("state")));
        var late = await Server.PostAsync("/api/jobs", $$"""{"path":"test.nothing","batch":"{{id}}"}""");
        AssertProblem(late, 422);
        Assert.Contains("was cancelled", late.At("errors", "batch"), StringComparison.Ordinal);
        AssertProblem(await Server.PostAsync($"/api/batches/{id}/cancel", "{}"), 409, "has ended");
        Assert.Equal(200, (await Server.SendAsync(HttpMethod.Delete, $"/api/batches/{id}")).Status);
        AssertProblem(await Server.GetAsync($"/api/batches/{id}"), 404, id);
    }

    [Fact]
    public async Task A_batch_whose_maker_died_is_closed_once_and_that_is_in_the_audit_log()
    {
        var id = JobId.New(TimeProvider.System);
        var began = TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(2);
        await Server.Get<IBatchStore>().InsertAsync(new Batch { Id = id, Created = began, Updated = began }, TestContext.Current.CancellationToken);

        var closed = await Server.PostAsync($"/api/batches/{id}/close");
        var again = await Server.PostAsync($"/api/batches/{id}/close");

        Assert.Equal((200, "success"), (closed.Status, closed.At("state")));
        Assert.Equal((200, "success"), (again.Status, again.At("state")));
        var lines = (await Server.GetAsync("/api/audit")).Text;
        Assert.Equal(2, lines.Split("batch.close").Length);
        AssertProblem(await Server.PostAsync($"/api/batches/{UnknownId}/close"), 404, UnknownId);
        await Server.Get<IBatchStore>().InsertAsync(new Batch { Id = JobId.Parse(UnknownId), Created = TimeProvider.System.GetUtcNow(), Updated = TimeProvider.System.GetUtcNow() }, TestContext.Current.CancellationToken);
        AssertProblem(await Server.PostAsync($"/api/batches/{UnknownId}/close"), 409, "may go on");
    }

    [Fact]
    public async Task A_job_may_be_added_as_long_as_the_batch_has_not_ended()
    {
        var id = (await Server.PostAsync("/api/batches", """{"jobs":[{"path":"test.nothing","delay":3600}]}""")).At("id")!;

        var added = await Server.PostAsync("/api/jobs", $$"""{"path":"test.nothing","batch":"{{id}}"}""");

        Assert.Equal(201, added.Status);
        Assert.Equal(2, (await Server.GetAsync($"/api/batches/{id}")).Json.GetProperty("total").GetInt32());
    }

    [Theory]
    [InlineData("""{}""", "jobs", "required")]
    [InlineData("""{"jobs":[]}""", "jobs", "1 to 100,000")]
    [InlineData("""{"jobs":{}}""", "jobs", "array")]
    [InlineData("""{"jobs":[{"path":"test.nothing"},7]}""", "jobs[1]", "object")]
    [InlineData("""{"jobs":[{"path":"test.nothing"},{"path":"test.ad"}]}""", "jobs[1].path", "Did you mean 'test.add'?")]
    [InlineData("""{"jobs":[{"path":"test.nothing"}],"on_sucess":{}}""", "on_sucess", "Did you mean 'on_success'?")]
    [InlineData("""{"jobs":[{"path":"test.nothing"}],"on_success":{"path":"test.nothing","delay":1}}""", "on_success.delay", "waits for another")]
    [InlineData("""{"jobs":[{"path":"test.nothing","tags":["batch:1"]}]}""", "jobs[0].tags", "kept for")]
    [InlineData("""{"name":7,"jobs":[{"path":"test.nothing"}]}""", "name", "string")]
    public async Task What_is_wrong_with_a_batch_is_told_with_its_place_and_nothing_is_stored(string body, string field, string words)
    {
        var answer = await Server.PostAsync("/api/batches", body);

        AssertProblem(answer, 422);
        Assert.Contains(words, answer.At("errors", field), StringComparison.Ordinal);
        Assert.Equal(0, (await Server.GetAsync("/api/batches")).Json.GetProperty("batches").GetArrayLength());
        Assert.Equal(0, (await Server.GetAsync("/api/jobs")).Json.GetProperty("jobs").GetArrayLength());
    }

    [Fact]
    public async Task What_is_not_there_is_told()
    {
        AssertProblem(await Server.GetAsync($"/api/batches/{UnknownId}"), 404, UnknownId);
        AssertProblem(await Server.PostAsync($"/api/batches/{UnknownId}/cancel", "{}"), 404, UnknownId);
        Assert.Equal(400, (await Server.GetAsync("/api/batches/nothing")).Status);
        Assert.Equal(400, (await Server.GetAsync("/api/batches?limit=0")).Status);
    }
}
