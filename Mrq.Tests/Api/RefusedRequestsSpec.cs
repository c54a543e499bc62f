namespace Mrq.Tests.Api;

/// <summary>Bad input to every route: it changes nothing, so that one server serves all.</summary>
public sealed class RefusedRequestsSpec(SharedServer shared) : SharedApiSpec(shared)
{
    [Theory]
    [InlineData("xyz", 400, "24 hexadecimal digits")]
    [InlineData("000000000000000000000000", 404, "no job")]
    [InlineData("000000000000000000000000?wait=61", 400, "0 to 60")]
    [InlineData("000000000000000000000000?wait=-1", 400, "0 to 60")]
    [InlineData("000000000000000000000000?wait=NaN", 400, "0 to 60")]
    [InlineData("000000000000000000000000?wait=1&wait=2", 400, "more than once")]
    [InlineData("000000000000000000000000?wiat=1", 400, "Did you mean 'wait'")]
    public async Task A_wrong_job_address_is_refused(string address, int status, string word) =>
        AssertProblem(await Server.GetAsync($"/api/jobs/{address}"), status, word);

    [Fact]
    public async Task Errors_are_problems_however_the_address_is_written()
    {
        AssertProblem(await Server.GetAsync("/API/jobs/xyz"), 400, "24 hexadecimal digits");
        AssertProblem(await Server.GetAsync("/Api/nothing"), 404);
    }

    [Theory]
    [InlineData("stats=failed", "stats", "Did you mean 'status'")]
    [InlineData("status=broken", "status", "not a status")]
    [InlineData("limit=0", "limit", "1 to 1,000")]
    [InlineData("limit=1001", "limit", "1 to 1,000")]
    [InlineData("limit=ten", "limit", "whole number")]
    [InlineData("before=1", "before", "24 hexadecimal digits")]
    [InlineData("since=yesterday", "since", "ISO 8601")]
    [InlineData("since=1e300", "since", "out of range")]
    [InlineData("until=9999-01-01", "until", "out of range")]
    [InlineData("params={", "params", "Not JSON")]
    [InlineData("params=[1]", "params", "object")]
    [InlineData("""params={"\ud800":1}""", "params", "broken escape")]
    [InlineData("""params={"a":"\udc00"}""", "params", "broken escape")]
    public async Task A_wrong_filter_is_named(string filter, string field, string word)
    {
        var answer = await Server.GetAsync($"/api/jobs?{filter}");

        AssertProblem(answer, 400, word);
        Assert.NotNull(answer.At("errors", field));
    }

    [Theory]
    [InlineData("""{}""", "action")]
    [InlineData("""{"action":"cancel"}""", "filter")]
    [InlineData("""{"action":"explode","filter":{}}""", "action")]
    [InlineData("""{"action":1,"filter":{}}""", "action")]
    [InlineData("""{"action":"cancel","filter":[]}""", "filter")]
    [InlineData("""{"action":"cancel","filter":{"state":"failed"}}""", "filter.state")]
    [InlineData("""{"action":"cancel","filter":{"status":"broken"}}""", "filter.status")]
    [InlineData("""{"action":"cancel","filter":{"since":"soon"}}""", "filter.since")]
    [InlineData("""{"action":"cancel","filter":{"params":"x"}}""", "filter.params")]
    [InlineData("""{"action":"cancel","filter":{"ids":["x"]}}""", "filter.ids")]
    [InlineData("""{"action":"cancel","filter":{},"dry_run":"yes"}""", "dry_run")]
    [InlineData("""{"action":"cancel","filter":{},"destination_queue":"slow"}""", "destination_queue")]
    [InlineData("""{"action":"requeue","filter":{},"destination_queue":"a b"}""", "destination_queue")]
    [InlineData("""{"action":"cancel","filters":{}}""", "filters")]
    [InlineData("""{"action":"cancel","filter":{"\ud800":1}}""", "filter.?")]
    [InlineData("""{"action":"cancel","filter":{"params":{"\ud800":1}}}""", "filter.params")]
    [InlineData("""7""", "body")]
    public async Task A_wrong_bulk_action_is_refused(string body, string field)
    {
        var answer = await Server.PostAsync("/api/jobs/actions", body);

        AssertProblem(answer, 422, field);
        Assert.NotNull(answer.At("errors", field));
    }

    [Theory]
    [InlineData("000000000000000000000000/logs", 404, "no job")]
    [InlineData("x/logs", 400, "24 hexadecimal digits")]
    [InlineData("000000000000000000000000/logs?after=-1", 400, "after")]
    [InlineData("000000000000000000000000/logs?after=99999999999999999999", 400, "after")]
    [InlineData("000000000000000000000000/logs?limit=0", 400, "limit")]
    [InlineData("000000000000000000000000/logs?last=5", 400, "last")]
    public async Task A_wrong_address_of_logs_is_refused(string address, int status, string word) =>
        AssertProblem(await Server.GetAsync($"/api/jobs/{address}"), status, word);

    [Theory]
    [InlineData("GET", "/api/queues/nobody", 404, "nobody")]
    [InlineData("GET", "/api/queues/nobody/there", 404, "nobody/there")]
    [InlineData("GET", "/api/queues/a%20b", 400, "may hold only")]
    [InlineData("GET", "/api/queues?name=a", 400, "name")]
    [InlineData("POST", "/api/queues/nobody/purge", 404, "nobody")]
    [InlineData("POST", "/api/queues/a%20b/pause", 400, "may hold only")]
    [InlineData("POST", "/api/queues/a%20b/resume", 400, "may hold only")]
    [InlineData("POST", "/api/queues/a%20b/purge", 400, "may hold only")]
    [InlineData("POST", "/api/queues/slow/explode", 404, "/pause, /resume and /purge")]
    [InlineData("POST", "/api/queues/pause", 404, "/pause, /resume and /purge")]
    [InlineData("POST", "/api/queues/slow/pause?for=1h", 400, "for")]
    [InlineData("DELETE", "/api/queues/slow", 405, "GET")]
    public async Task A_wrong_request_to_queues_is_refused(string method, string address, int status, string word) =>
        AssertProblem(await Server.SendAsync(new HttpMethod(method), address), status, word);

    [Theory]
    [InlineData("/api/stats?range=0m")]
    [InlineData("/api/stats?range=15")]
    [InlineData("/api/stats?range=m")]
    [InlineData("/api/stats?range=-5m")]
    [InlineData("/api/stats?range=32d")]
    [InlineData("/api/stats?range=99999999999d")]
    [InlineData("/api/stats?from=1")]
    [InlineData("/api/exceptions?path=a")]
    [InlineData("/metrics?name=a")]
    public async Task A_wrong_parameter_of_numbers_is_refused(string address) => AssertProblem(await Server.GetAsync(address), 400);

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=1001")]
    [InlineData("before=0")]
    [InlineData("before=x")]
    [InlineData("who=me")]
    public async Task A_wrong_parameter_of_the_audit_log_is_refused(string query) => AssertProblem(await Server.GetAsync($"/api/audit?{query}"), 400, query.Split('=')[0]);

    [Theory]
    [InlineData("GET", "/api", 404)]
    [InlineData("GET", "/api/nope", 404)]
    [InlineData("POST", "/api/nope/deeper", 404)]
    [InlineData("DELETE", "/api/jobs", 405)]
    [InlineData("PATCH", "/api/jobs/000000000000000000000000", 405)]
    [InlineData("POST", "/api/tasks", 405)]
    [InlineData("PUT", "/api/queues/slow", 405)]
    [InlineData("GET", "/api/jobs/bulk/more/still", 404)]
    public async Task A_route_that_is_not_there_is_a_problem(string method, string address, int status) =>
        AssertProblem(await Server.SendAsync(new HttpMethod(method), address), status, method);

    [Theory]
    [InlineData("text/csv", "", 415, "application/x-ndjson")]
    [InlineData("", "", 415, "missing")]
    [InlineData("application/x-ndjson", "?ids=maybe", 400, "true or false")]
    [InlineData("application/x-ndjson", "?id=false", 400, "Did you mean 'ids'")]
    public async Task A_wrong_request_for_many_jobs_is_refused(string contentType, string query, int status, string word) =>
        AssertProblem(await Server.SendAsync(HttpMethod.Post, $"/api/jobs/bulk{query}", "x", contentType), status, word);
}
