namespace Mrq.Tests.Api;

public sealed class EnqueueSpec : ApiSpec
{
    [Fact]
    public async Task A_job_is_made_and_its_address_answered()
    {
        var answer = await Server.PostAsync("/api/jobs", """{"path":"test.add","params":{"a":1,"b":2},"tags":["x"]}""");

        Assert.Equal(201, answer.Status);
        var id = answer.At("id")!;
        Assert.Equal($"/api/jobs/{id}", answer.Location);
        var job = await Server.EndOfAsync(id);
        Assert.Equal("success", job.GetProperty("status").GetString());
        Assert.Equal(3, job.GetProperty("result").GetInt32());
        Assert.Equal("x", job.GetProperty("tags")[0].GetString());
    }

    [Fact]
    public async Task The_same_idempotency_key_answers_the_same_job()
    {
        const string Body = """{"path":"test.add","params":{"a":1,"b":2}}""";
        var first = await Server.SendAsync(HttpMethod.Post, "/api/jobs", Body, headers: ("Idempotency-Key", "k1"));
        var again = await Server.SendAsync(HttpMethod.Post, "/api/jobs", Body, headers: ("Idempotency-Key", "k1"));

        Assert.Equal(201, first.Status);
        Assert.Equal(200, again.Status);
        Assert.Equal(first.At("id"), again.At("id"));
    }

    [Fact]
    public async Task The_unique_key_of_a_live_job_answers_that_job()
    {
        var first = await Server.PostAsync("/api/jobs", """{"path":"test.hold","unique_key":"one"}""");
        var again = await Server.PostAsync("/api/jobs", """{"path":"test.hold","unique_key":"one"}""");

        Assert.Equal(201, first.Status);
        Assert.Equal(200, again.Status);
        Assert.Equal(first.At("id"), again.At("id"));
    }

    [Fact]
    public async Task A_request_may_say_how_its_job_is_to_be_treated()
    {
        var answer = await Server.PostAsync("/api/jobs", """
            {"path":"test.nothing","delay":3600,"priority":7,"expires_in":7200,"timeout":5,"retry_on_failure":true,"retry_delays":[1,2.5],"retry_jitter":0.5,
             "max_concurrency":2,"max_concurrency_key":"user","rate_limit":"10/m","cancel_ttl":60}
            """);

        var job = (await Server.GetAsync(answer.Location!)).Json;
        Assert.Equal((7, 5), (job.GetProperty("priority").GetInt32(), job.GetProperty("timeout").GetInt32()));
        Assert.Equal(TimeSpan.FromHours(2), job.GetProperty("expires_at").GetDateTimeOffset() - job.GetProperty("datequeued").GetDateTimeOffset());
        Assert.Equal(
            """{"cancel_ttl":60,"retry_on_failure":true,"retry_jitter":0.5,"retry_delays":[1, 2.5],"max_concurrency":2,"max_concurrency_key":"user","rate_limit":"10/m"}""",
            job.GetProperty("options").GetRawText());
    }

    [Theory]
    [InlineData("\"priority\":10", "priority: must be a whole number, 0 to 9, not '10'.")]
    [InlineData("\"priority\":\"9\"", "priority: must be an integer.")]
    [InlineData("\"retry_delays\":[1,\"x\"]", "retry_delays: '1,\"x\"' must be 1 to 100 numbers of seconds, each 0 or more, for example 1, 10, 60.")]
    [InlineData("\"rate_limit\":\"0/s\"", "rate_limit: '0/s' is not a rate limit")]
    [InlineData("\"rate_limit_key\":\"user {\"", "rate_limit_key: 'user {' has a brace too many")]
    [InlineData("\"expires_in\":0", "expires_in: must be a number of seconds, above 0")]
    [InlineData("\"cpu\":true", "cpu: ")]
    [InlineData("\"unique_for\":5", "unique_for: says how long unique_key holds: give that, too.")]
    [InlineData("\"unique_key\":\"k\",\"unique_for\":5,\"unique_while_queued\":true", "unique_for: give unique_for or unique_while_queued, not both.")]
    public async Task A_wrong_option_is_refused_with_the_reason(string field, string error)
    {
        var answer = await Server.PostAsync("/api/jobs", $$"""{"path":"test.nothing",{{field}}}""");

        Assert.Equal(422, answer.Status);
        Assert.Contains(error, answer.At("detail"));
    }

    [Fact]
    public async Task A_delayed_job_is_scheduled()
    {
        var id = await Server.EnqueueAsync("test.add", new { a = 1, b = 2 }, new { delay = 3600 });

        var job = (await Server.GetAsync($"/api/jobs/{id}")).Json;
        Assert.Equal("scheduled", job.GetProperty("status").GetString());
    }

    [Theory]
    [InlineData("2050-01-31T18:00:00Z", "2050-01-31T18:00:00+00:00")]
    [InlineData("2050-01-31T18:00:00", "2050-01-31T18:00:00+00:00")]
    [InlineData("2050-01-31T20:00:00+02:00", "2050-01-31T18:00:00+00:00")]
    public async Task A_time_without_offset_is_utc(string runAt, string kept)
    {
        var answer = await Server.PostAsync("/api/jobs", $$"""{"path":"test.nothing","run_at":"{{runAt}}"}""");

        Assert.Equal(kept, (await Server.GetAsync(answer.Location!)).At("run_at"));
    }

    [Fact]
    public async Task An_unknown_task_is_refused_with_the_closest()
    {
        var answer = await Server.PostAsync("/api/jobs", """{"path":"test.ad"}""");

        AssertProblem(answer, 422, "test.ad", "Did you mean 'test.add'?");
        Assert.Equal("Unknown task", answer.At("title"));
    }

    [Fact]
    public async Task Params_that_do_not_bind_are_named_field_by_field()
    {
        var answer = await Server.PostAsync("/api/jobs", """{"path":"test.add","params":{"a":"one","c":3}}""");

        AssertProblem(answer, 422);
        Assert.Contains("integer", answer.At("errors", "params.a"), StringComparison.Ordinal);
        Assert.Contains("required", answer.At("errors", "params.b"), StringComparison.Ordinal);
        Assert.NotNull(answer.At("errors", "params.c"));
    }

    [Fact]
    public async Task Ten_megabytes_are_refused()
    {
        var text = new string('x', 10_000_000);

        AssertProblem(await Server.PostAsync("/api/jobs", $$$"""{"path":"test.nothing","params":{"x":"{{{text}}}"}}"""), 413, "max_params_size");
    }

    [Fact]
    public async Task Params_up_to_the_limit_are_kept_whole()
    {
        var text = new string('x', (1024 * 1024) - 100);
        var id = await Server.EnqueueAsync("test.echo", new { text });

        Assert.Equal(text, (await Server.EndOfAsync(id)).GetProperty("params").GetProperty("text").GetString());
    }

    [Fact]
    public async Task Params_over_the_limit_are_refused()
    {
        var text = new string('x', (1024 * 1024) + 100);

        AssertProblem(await Server.PostAsync("/api/jobs", $$$"""{"path":"test.nothing","params":{"x":"{{{text}}}"}}"""), 422, "max_params_size");
    }
}
