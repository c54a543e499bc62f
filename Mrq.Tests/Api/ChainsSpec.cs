namespace Mrq.Tests.Api;

public sealed class ChainsSpec : ApiSpec
{
    [Fact]
    public async Task A_job_and_what_runs_then_are_accepted_together()
    {
        var answer = await Server.PostAsync(
            "/api/jobs", """{"path":"test.add","params":{"a":1,"b":2},"then":{"path":"test.add","params":{"b":10},"result_as":"a","queue":"default"}}""");

        Assert.Equal(201, answer.Status);
        var first = await Server.EndOfAsync(answer.At("id")!);
        var second = await Server.EndOfAsync(first.GetProperty("next").GetString()!);
        Assert.Equal(13, second.GetProperty("result").GetInt32());
        Assert.Equal(answer.At("id"), second.GetProperty("after").GetString());
        Assert.Equal("a", second.GetProperty("result_as").GetString());
    }

    [Fact]
    public async Task What_waits_is_edited_without_the_param_that_gets_the_result()
    {
        var first = await Server.PostAsync(
            "/api/jobs", """{"path":"test.add","params":{"a":1,"b":2},"queue":"parked","then":{"path":"test.add","params":{"b":10},"result_as":"a"}}""");
        var second = $"/api/jobs/{(await Server.GetAsync($"/api/jobs/{first.At("id")}")).At("next")}";

        var edited = await Server.SendAsync(HttpMethod.Put, second, """{"params":{"b":50}}""");
        var refused = await Server.SendAsync(HttpMethod.Put, second, """{"params":{"a":1,"b":50}}""");

        Assert.Equal(200, edited.Status);
        AssertProblem(refused, 422);
        Assert.Contains("result_as", refused.At("errors", "params.a"), StringComparison.Ordinal);
        Assert.Equal("""{"b":50}""", (await Server.GetAsync(second)).Json.GetProperty("params").GetRawText());
    }

    [Fact]
    public async Task A_line_of_many_may_be_a_chain()
    {
        var answer = await Server.SendAsync(
            HttpMethod.Post, "/api/jobs/bulk", """[{"path":"test.add","params":{"a":1,"b":2},"then":{"path":"test.nothing"}},{"path":"test.nothing","then":{"path":"test.ad"}}]""");

        Assert.Equal("1", answer.At("accepted"));
        Assert.Contains("then.path", answer.Json.GetProperty("rejected")[0].GetProperty("error").GetString(), StringComparison.Ordinal);
        var first = await Server.EndOfAsync(answer.Json.GetProperty("ids")[0].GetString()!);
        Assert.Equal("success", (await Server.EndOfAsync(first.GetProperty("next").GetString()!)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_hundred_jobs_may_follow_each_other_and_no_more()
    {
        static string Chain(int jobs) =>
            string.Concat(Enumerable.Repeat("""{"path":"test.nothing","then":""", jobs - 1)) + """{"path":"test.nothing"}""" + new string('}', jobs - 1);

        Assert.Equal(201, (await Server.PostAsync("/api/jobs", Chain(100))).Status);
        var refused = await Server.PostAsync("/api/jobs", Chain(101));
        AssertProblem(refused, 422);
        Assert.Contains("at most 100 jobs", refused.At("errors", "then"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"path":"test.nothing","then":7}""", "then", "object")]
    [InlineData("""{"path":"test.nothing","then":{"path":"test.nothing","pth":1}}""", "then.pth", "Did you mean 'path'?")]
    [InlineData("""{"path":"test.nothing","then":{"params":{}}}""", "then.path", "required")]
    [InlineData("""{"path":"test.nothing","then":{"path":"test.nothing","priority":"x"}}""", "then.priority", "integer")]
    [InlineData("""{"path":"test.nothing","then":{"path":"test.nothing","delay":5}}""", "then.delay", "begins when the one before")]
    [InlineData("""{"path":"test.nothing","then":{"path":"test.add","params":{"a":1,"b":1},"result_as":"a"}}""", "then.params.a", "result_as")]
    [InlineData("""{"path":"test.nothing","result_as":"a"}""", "result_as", "then")]
    public async Task What_is_wrong_in_a_chain_is_told_with_its_place(string body, string field, string words)
    {
        var answer = await Server.PostAsync("/api/jobs", body);

        AssertProblem(answer, 422);
        Assert.Contains(words, answer.At("errors", field), StringComparison.Ordinal);
    }
}
