namespace Mrq.Tests.Api;

/// <summary>Bad bodies of <c>POST /api/jobs</c>: they leave nothing behind, so that one server serves all.</summary>
public sealed class RefusedJobsSpec(SharedServer shared) : SharedApiSpec(shared)
{
    [Theory]
    [InlineData("""{}""", "path")]
    [InlineData("""{"path":5}""", "path")]
    [InlineData("""{"path":""}""", "path")]
    [InlineData("""{"path":"\ud800"}""", "path")]
    [InlineData("""{"path":"test.nothing","params":[1]}""", "params")]
    [InlineData("""{"path":"test.nothing","params":"{}"}""", "params")]
    [InlineData("""{"path":"test.nothing","queue":"a b"}""", "queue")]
    [InlineData("""{"path":"test.nothing","queue":7}""", "queue")]
    [InlineData("""{"path":"test.nothing","run_at":"soon"}""", "run_at")]
    [InlineData("""{"path":"test.nothing","run_at":"9999-12-31T23:59:59Z"}""", "run_at")]
    [InlineData("""{"path":"test.nothing","run_at":1e300}""", "run_at")]
    [InlineData("""{"path":"test.nothing","run_at":"1e300"}""", "run_at")]
    [InlineData("""{"path":"test.nothing","run_at":"0001-01-01T00:00:00+14:00"}""", "run_at")]
    [InlineData("""{"path":"test.nothing","run_at":[]}""", "run_at")]
    [InlineData("""{"path":"test.nothing","delay":-1}""", "delay")]
    [InlineData("""{"path":"test.nothing","delay":1e400}""", "delay")]
    [InlineData("""{"path":"test.nothing","delay":"5"}""", "delay")]
    [InlineData("""{"path":"test.nothing","delay":1,"run_at":1}""", "delay")]
    [InlineData("""{"path":"test.nothing","timeout":0}""", "timeout")]
    [InlineData("""{"path":"test.nothing","timeout":1e30}""", "timeout")]
    [InlineData("""{"path":"test.nothing","max_retries":-1}""", "max_retries")]
    [InlineData("""{"path":"test.nothing","max_retries":1.5}""", "max_retries")]
    [InlineData("""{"path":"test.nothing","max_retries":99999999999}""", "max_retries")]
    [InlineData("""{"path":"test.nothing","result_ttl":-1}""", "result_ttl")]
    [InlineData("""{"path":"test.nothing","unique_key":""}""", "unique_key")]
    [InlineData("""{"path":"test.nothing","tags":"a"}""", "tags")]
    [InlineData("""{"path":"test.nothing","tags":[1]}""", "tags")]
    [InlineData("""{"path":"test.nothing","tags":[""]}""", "tags")]
    [InlineData("""{"path":"test.nothing","parms":{}}""", "parms")]
    [InlineData("""{"path":"test.nothing","\ud800":1}""", "?")]
    [InlineData("""{"path":"test.add","params":{"\ud800":1}}""", "params")]
    [InlineData("""{"path":"test.add","params":{"a":1,"b":2,"c":{"\udc00\ud800":1}}}""", "params")]
    [InlineData("""{"path":"test.echo","params":{"text":"\ud83d"}}""", "params")]
    [InlineData("""{"path":"test.nothing","path":"test.add"}""", "path")]
    [InlineData("""[]""", "body")]
    [InlineData("null", "body")]
    public async Task A_wrong_field_is_named(string body, string field)
    {
        var answer = await Server.PostAsync("/api/jobs", body);

        AssertProblem(answer, 422, field);
        Assert.NotNull(answer.At("errors", field));
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("{", "line 1")]
    [InlineData("{\n  \"path\": nope\n}", "line 2, position 12")]
    [InlineData("{\"path\":\"a\"} x", "line 1")]
    [InlineData("{\"path\":\"a\",}", "trailing comma")]
    public async Task A_body_that_is_not_JSON_is_refused_with_the_place(string body, string place) =>
        AssertProblem(await Server.PostAsync("/api/jobs", body), 400, place);

    [Fact]
    public async Task A_body_that_is_nested_too_deep_is_refused() =>
        AssertProblem(await Server.PostAsync("/api/jobs", new string('[', 100_000)), 400, "line 1");

    [Fact]
    public async Task Bytes_that_are_not_UTF8_are_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/jobs") { Content = new ByteArrayContent([(byte)'"', 0xFF, (byte)'"']) };
        request.Content.Headers.ContentType = new("application/json");

        AssertProblem(await Server.SendAsync(request), 400, "UTF-8");
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=latin1")]
    [InlineData("")]
    public async Task Another_content_type_is_refused(string contentType) =>
        AssertProblem(await Server.SendAsync(HttpMethod.Post, "/api/jobs", """{"path":"test.nothing"}""", contentType), 415, "application/json");
}
