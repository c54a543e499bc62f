using Mrq.Dashboard;
using Mrq.Dashboard.Actions;
using Mrq.Dashboard.Pages.JobList;
using Mrq.Jobs;
using Mrq.Queues;

namespace Mrq.Tests.Dashboard;

public sealed class WritingThingsForPeople
{
    [Theory]
    [InlineData(0.0004, "0.4 ms")]
    [InlineData(0.25, "250 ms")]
    [InlineData(1.234, "1.23 s")]
    [InlineData(59.9, "59.9 s")]
    [InlineData(61, "1m 01s")]
    [InlineData(3700, "1h 01m")]
    [InlineData(90000, "1d 1h")]
    public void A_duration_is_short_and_as_exact_as_people_need(double seconds, string text) => Assert.Equal(text, Display.Duration(seconds));

    [Fact]
    public void No_status_is_shown_by_its_name_in_code()
    {
        Assert.All(JobStatuses.All, s => Assert.Matches("^[A-Z][a-z]+( [a-z]+)?$", Display.Label(s)));
        Assert.Equal("Max retries", Display.Label(JobStatus.MaxRetries));
    }

    [Fact]
    public void Indented_json_keeps_every_digit() =>
        Assert.Equal("{\n  \"id\": 12345678901234567890,\n  \"x\": 1.10\n}", Display.Pretty("""{"id":12345678901234567890,"x":1.10}"""));

    [Theory]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""{"a":"\udc00"}""")]
    [InlineData("{")]
    public void What_cannot_be_written_out_is_shown_as_it_is(string json)
    {
        Assert.Equal(json, Display.Pretty(json));
        Assert.Equal(json, Display.Preview(json, 100));
    }

    [Fact]
    public void The_curl_line_survives_quotes_in_params()
    {
        var job = new Job
        {
            Id = JobId.New(TimeProvider.System),
            Path = "test.echo",
            Params = """{"text":"it's <b>"}""",
            Queue = QueueName.Default,
            Status = JobStatus.Queued,
            DateQueued = default,
            DateUpdated = default,
        };

        Assert.Equal(
            """
            curl -X POST http://h:1/api/jobs \
              -H 'Content-Type: application/json' \
              -d '{"path":"test.echo","params":{"text":"it'\''s <b>"},"queue":"default"}'
            """,
            Curl.Enqueue("http://h:1/", job));
    }

    [Fact]
    public void A_filter_goes_into_the_address_and_into_words()
    {
        var query = new JobQuery { Status = "error", Queue = "a/b", Params = """{"a": 1}""" };

        Assert.Equal("jobs?status=error&queue=a%2Fb&params=%7B%22a%22%3A%201%7D", query.Address);
        Assert.Equal("""status=error queue=a/b params={"a": 1}""", query.Description);
        Assert.Equal("""{"a": 1}""", query.ToFilter(out _)!.Params);
        Assert.Null((query with { Params = "{" }).ToFilter(out var errors));
        Assert.Equal("params", Assert.Single(errors).Field);
    }
}
