using System.Text;
using Mrq.Dashboard;
using Mrq.Dashboard.Actions;
using Mrq.Dashboard.Api;
using Mrq.Dashboard.Pages.AuditLog;
using Mrq.Dashboard.Pages.JobList;
using Mrq.Diagnostics;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Workers;

namespace Mrq.Tests.Dashboard;

public sealed class WritingThingsForPeople
{
    [Theory]
    [InlineData(0.00004, "<1 ms")]
    [InlineData(0.0014, "1.4 ms")]
    [InlineData(0.25, "250 ms")]
    [InlineData(1.234, "1.23 s")]
    [InlineData(59.9, "59.9 s")]
    [InlineData(61, "1m 01s")]
    [InlineData(3700, "1h 01m")]
    [InlineData(90000, "1d 1h")]
    public void A_duration_is_short_and_as_exact_as_people_need(double seconds, string text) => Assert.Equal(text, Display.Duration(seconds));

    [Theory]
    [InlineData(JobAction.Abort, true, "It is stopped while it runs, on whichever node.")]
    [InlineData(JobAction.Cancel, false, "They leave their queues and will not run. Cancelled jobs can be requeued.")]
    [InlineData(JobAction.Cancel, true, "It leaves its queue and will not run. A cancelled job can be requeued.")]
    public void An_action_is_explained_for_the_jobs_that_it_touches(JobAction action, bool one, string text) => Assert.Equal(text, BulkAction.Explain(action, one));

    [Theory]
    [InlineData(JobAction.Cancel, "queued,scheduled,deferred,retry,interrupt")]
    [InlineData(JobAction.Abort, "started")]
    public void What_people_are_offered_makes_sense_for_the_status(JobAction action, string statuses)
    {
        Assert.True(JobStatuses.TryParse(statuses, out var expected, out _));

        Assert.Equal(expected, BulkAction.OfferedFor(action));
    }

    [Fact]
    public void A_retry_is_not_offered_for_what_went_well_or_has_not_run()
    {
        var offered = BulkAction.OfferedFor(JobAction.Retry);

        Assert.True(offered.Contains(JobStatus.Failed) && offered.Contains(JobStatus.Retry) && offered.Contains(JobStatus.Cancel));
        Assert.DoesNotContain(offered, s => s is JobStatus.Success or JobStatus.Queued or JobStatus.Scheduled or JobStatus.Deferred or JobStatus.Started);
    }

    [Theory]
    [InlineData(3L, 5L, "Retry 3 of 5")]
    [InlineData(1200L, 12000L, "Retry 1,200 of 12,000")]
    [InlineData(5L, 5L, "Retry")]
    [InlineData(null, 5L, "Retry")]
    [InlineData(5L, null, "Retry")]
    public void A_button_for_several_jobs_says_for_how_many_of_them_it_is(long? takers, long? all, string text) =>
        Assert.Equal(text, BulkAction.VerbFor(JobAction.Retry, takers, all));

    [Fact]
    public void Each_status_is_in_one_tab_of_the_jobs_so_that_their_numbers_add_up() =>
        Assert.All(JobStatuses.All, status => Assert.Single(JobQuery.Tabs, tab => tab.Status is not null && tab.Statuses.Contains(status)));

    [Theory]
    [InlineData(JobStatus.Retry, JobLimitReasons.Rate, true)]
    [InlineData(JobStatus.Retry, JobLimitReasons.Concurrency, true)]
    [InlineData(JobStatus.Retry, "System.InvalidOperationException", false)]
    [InlineData(JobStatus.Retry, null, false)]
    [InlineData(JobStatus.MaxConcurrency, JobLimitReasons.Concurrency, false)]
    public void A_job_that_a_limit_holds_back_is_told_from_one_that_failed(JobStatus status, string? exceptionType, bool held) =>
        Assert.Equal(held, JobLimitReasons.IsHeldBack(status, exceptionType));

    [Theory]
    [InlineData("mail", "mail", true)]
    [InlineData("mail_reverse", "mail", true)]
    [InlineData("main/", "main/eu", true)]
    [InlineData("mail", "mails", false)]
    public void A_queue_without_a_worker_is_told_from_one_that_is_listened_to(string listened, string queue, bool served)
    {
        Assert.True(QueueName.TryParse(listened, out var listens, out _));
        Assert.True(QueueName.TryParse(queue, out var name, out _));
        var now = DateTimeOffset.UnixEpoch;
        var worker = new WorkerReport
        {
            Id = new WorkerId("w"),
            Name = "w",
            Node = "n",
            ProcessId = 1,
            ProcessStarted = now,
            Status = WorkerStatus.Wait,
            Queues = [listens],
            Concurrency = 1,
            DateStarted = now,
            DateReported = now,
            ReportInterval = TimeSpan.FromSeconds(1),
            DateExpires = now,
        };

        Assert.Equal(!served, Unserved.Is(name, [worker], now));
        Assert.True(Unserved.Is(name, [worker], now + TimeSpan.FromSeconds(4)));
        Assert.True(Unserved.Is(name, [worker with { Status = WorkerStatus.Join }], now));
    }

    [Fact]
    public void No_status_is_shown_by_its_name_in_code()
    {
        Assert.All(JobStatuses.All, s => Assert.Matches("^[A-Z][a-z]+( [a-z]+)*$", Display.Label(s)));
        Assert.Equal("Max retries", Display.Label(JobStatus.MaxRetries));
    }

    [Fact]
    public void The_place_of_a_worker_process_is_told_in_plain_words()
    {
        var first = new Supervision { Supervisor = 4000, Index = 2, Count = 4 };
        var third = first with { Restarts = 2, LastEnd = "killed by SIGKILL after 12.3 s" };

        Assert.Equal("Process 2 of 4, kept running by pid 4000.", Display.Place(first));
        Assert.Equal("Process 2 of 4, kept running by pid 4000; started again 2 times, the one before ended: killed by SIGKILL after 12.3 s.", Display.Place(third));
        Assert.Equal(
            "Worker process 3 of 4 on web does not stay up: it was started again once and ended with exit code 134 after 0.2 s. The log of pid 4000 tells more.",
            Display.Failing("web", first, new FailingProcess(3, 1, "exit code 134 after 0.2 s")));
    }

    [Fact]
    public void Indented_json_keeps_every_digit() =>
        Assert.Equal("{\n  \"id\": 12345678901234567890,\n  \"x\": 1.10\n}", Display.Pretty("""{"id":12345678901234567890,"x":1.10}"""));

    [Theory]
    [InlineData("""["\u0645\ud83c\udf89 \u003c"]""", """["م🎉 <"]""")]
    [InlineData("""["\\u0041 \" \u0022 \n \u000a \u0085"]""", """["\\u0041 \" \u0022 \n \u000a \u0085"]""")]
    [InlineData("[\"a\u202eb\u2066\"]", """["a\u202eb\u2066"]""")]
    [InlineData("""["\u202E"]""", """["\u202E"]""")]
    public void Json_is_readable_in_every_script_and_no_character_of_it_turns_the_rest_around(string json, string readable)
    {
        Assert.Equal(readable, ReadableJson.Of(json));
        Assert.Equal(readable, Display.Preview(json, 100));
    }

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
            Curl.Enqueue("http://h:1/", job, []));
    }

    [Fact]
    public void The_curl_line_says_all_that_the_request_of_the_job_said()
    {
        var job = new Job
        {
            Id = JobId.New(TimeProvider.System),
            Path = "test.echo",
            Params = "{}",
            Queue = QueueName.Default,
            Status = JobStatus.Queued,
            DateQueued = DateTimeOffset.UnixEpoch,
            DateUpdated = DateTimeOffset.UnixEpoch,
            Tags = ["a"],
            UniqueKey = "k",
            IsUniqueWhileQueued = true,
            Priority = 7,
            ExpiresAt = DateTimeOffset.UnixEpoch.AddMinutes(1),
            Timeout = TimeSpan.FromSeconds(5),
            MaxRetries = 2,
            ResultTtl = TimeSpan.FromHours(1),
            Options = new TaskOptions { RetryDelay = TimeSpan.FromSeconds(1.5), MaxConcurrency = 3, MaxConcurrencyKey = "{id}" },
        };

        var line = Curl.Enqueue("http://h:1/", job, []);

        Assert.NotNull(line);
        using var body = System.Text.Json.JsonDocument.Parse(line[(line.IndexOf('\'', line.IndexOf("-d", StringComparison.Ordinal)) + 1)..^1]);
        var errors = new List<FieldError>();
        var request = JobRequestJson.Read(body.RootElement, errors);
        Assert.Empty(errors);
        Assert.Equal(("k", true, TimeSpan.FromSeconds(5), 2, TimeSpan.FromHours(1)), (request!.UniqueKey, request.UniqueWhileQueued, request.Timeout, request.MaxRetries, request.ResultTtl));
        Assert.Equal(["a"], request.Tags);
        Assert.Equal(job.Options with { Priority = 7, ExpiresIn = TimeSpan.FromMinutes(1) }, request.Options);
    }

    [Fact]
    public void The_curl_line_of_a_chain_says_what_comes_after_the_job()
    {
        var line = Curl.Enqueue("http://h:1/", Of("a", "{}"), [Of("b", """{"x":1,"sum":3}""") with { ResultAs = "sum" }, Of("c", "{}") with { Priority = 4 }]);

        Assert.EndsWith(
            """'{"path":"a","params":{},"queue":"default","then":{"path":"b","params":{"x":1},"queue":"default","result_as":"sum","then":{"path":"c","params":{},"queue":"default","priority":4}}}'""",
            line,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_result_that_was_given_is_left_out_in_whatever_letters_its_param_was_named() =>
        Assert.EndsWith(
            ""","then":{"path":"b","params":{"x":1},"queue":"default","result_as":"SUM"}}'""",
            Curl.Enqueue("http://h:1/", Of("a", "{}"), [Of("b", """{"x":1,"sum":3}""") with { ResultAs = "SUM" }]),
            StringComparison.Ordinal);

    [Fact]
    public void The_curl_line_of_the_longest_chain_is_a_request_that_is_read()
    {
        var line = Curl.Enqueue("http://h:1/", Of("0", "{}"), [.. Enumerable.Range(1, MadeJob.LongestChain - 1).Select(n => Of($"{n}", """{"a":[[1]]}"""))]);

        Assert.NotNull(line);
        var json = Encoding.UTF8.GetBytes(line[(line.IndexOf("-d '", StringComparison.Ordinal) + 4)..^1]);
        var errors = new List<FieldError>();
        var request = JsonBody.Parse(new(json), body => JobRequestJson.Read(body, errors), JsonDepth.OfJobs);
        Assert.Empty(errors);
        var jobs = 0;
        for (; request is not null; request = request.Then)
        {
            Assert.Equal($"{jobs++}", request.Path);
        }

        Assert.Equal(MadeJob.LongestChain, jobs);
    }

    [Theory]
    [InlineData("""{"a":"\udc00"}""")]
    [InlineData("""{"a":""")]
    public void Of_what_cannot_be_written_out_there_is_no_curl_line(string json) => Assert.Null(Curl.Enqueue("http://h:1/", Of("a", json), []));

    [Theory]
    [InlineData(AuditActions.AddBatch, "6b02ea677dc00052ac28a098", "batches/6b02ea677dc00052ac28a098")]
    [InlineData(AuditActions.CancelBatch, "My first batch (6b02ea677dc00052ac28a098)", "batches/6b02ea677dc00052ac28a098")]
    [InlineData("job.retry", "6b02ea677dc00052ac28a098", "jobs/6b02ea677dc00052ac28a098")]
    [InlineData("job.retry", "3 jobs", null)]
    [InlineData("jobs.cancel", "status=error by 6b02ea677dc00052ac28a098", "jobs/6b02ea677dc00052ac28a098")]
    [InlineData(AuditActions.ImportEnd, "6b02ea677dc00052ac28a098", null)]
    [InlineData(AuditActions.Pause, "mail", "jobs?queue=mail")]
    [InlineData(AuditActions.AddRaw, "clicks_raw", "queues/clicks_raw")]
    [InlineData(AuditActions.RunSchedule, "nightly (6b02ea677dc00052ac28a098)", "schedules")]
    public void A_line_of_the_audit_log_leads_to_what_it_names(string action, string target, string? link) =>
        Assert.Equal(link, AuditLinks.Of(new AuditEntry(1, default, "ann", action, target, null)));

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

    private static Job Of(string path, string parameters) => new()
    {
        Id = JobId.New(TimeProvider.System),
        Path = path,
        Params = parameters,
        Queue = QueueName.Default,
        Status = JobStatus.Success,
        DateQueued = DateTimeOffset.UnixEpoch,
        DateUpdated = DateTimeOffset.UnixEpoch,
    };
}
