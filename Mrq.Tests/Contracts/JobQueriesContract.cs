using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Workers;

namespace Mrq.Tests.Contracts;

/// <summary>What every <see cref="IJobQueries"/> answers.</summary>
public abstract class JobQueriesContract(StoreFamily family) : StoreContract(family)
{
    [Fact]
    public async Task Documents_come_in_the_order_asked_for_and_gone_ones_are_left_out()
    {
        var (a, b) = (await InsertAsync(), await InsertAsync());

        Assert.Equal([b.Id, a.Id], (await Queries.GetAsync([b.Id, JobId.New(Clock), a.Id], withPayload: true, Token)).Select(job => job.Id));
        Assert.Empty(await Queries.GetAsync([], withPayload: true, Token));
    }

    [Fact]
    public async Task Without_payload_result_and_tracebacks_are_left_out()
    {
        var job = await InsertInAsync(JobStatus.Failed);

        var listed = Assert.Single(await Queries.GetAsync([job.Id], withPayload: false, Token));

        Assert.Equivalent(job with { Result = null, Traceback = null, TracebackHistory = [] }, listed, strict: true);
        Assert.Equivalent(listed, Assert.Single((await Queries.FindAsync(new JobFilter(), new JobPageRequest(), Token)).Jobs), strict: true);
        Assert.Equivalent(
            job, Assert.Single((await Queries.FindAsync(new JobFilter(), new JobPageRequest(WithPayload: true), Token)).Jobs), strict: true);
    }

    [Fact]
    public async Task Pages_go_from_the_newest_to_the_oldest_without_gap()
    {
        var ids = (await InsertManyAsync(25)).Select(job => job.Id).Reverse().ToArray();

        var seen = new List<JobId>();
        var sizes = new List<int>();
        JobId? before = null;
        do
        {
            var page = await Queries.FindAsync(new JobFilter(), new JobPageRequest(before, Limit: 10), Token);
            seen.AddRange(page.Jobs.Select(job => job.Id));
            sizes.Add(page.Jobs.Count);
            before = page.Next;
        }
        while (before is not null);

        Assert.Equal(ids, seen);
        Assert.Equal([10, 10, 5], sizes);
    }

    [Fact]
    public async Task A_page_that_takes_all_that_is_left_is_the_last()
    {
        await InsertManyAsync(10);

        Assert.Null((await Queries.FindAsync(new JobFilter(), new JobPageRequest(Limit: 10), Token)).Next);
        Assert.Empty((await Queries.FindAsync(new JobFilter { Path = "none" }, new JobPageRequest(), Token)).Jobs);
    }

    [Fact]
    public async Task Every_filter_finds_what_a_plain_comparison_finds_and_counts_it()
    {
        var jobs = await InsertVariedAsync();
        var some = jobs.Where((_, i) => i % 7 == 0).Select(job => job.Id).ToArray();
        var filters = new (JobFilter Filter, Func<Job, bool> Expected)[]
        {
            (new(), _ => true),
            (new() { Statuses = JobStatuses.Of(JobStatus.Failed) }, j => j.Status == JobStatus.Failed),
            (new() { Statuses = JobStatuses.Error }, j => JobStatuses.Error.Contains(j.Status)),
            (new() { Statuses = default(JobStatuses) }, _ => false),
            (new() { Path = "text.count" }, j => j.Path == "text.count"),
            (new() { Path = "text.*" }, j => j.Path.StartsWith("text.", StringComparison.Ordinal)),
            (new() { Path = "t*t.c*t" }, j => j.Path == "text.count"),
            (new() { Path = "text.coun_" }, _ => false),
            (new() { Queue = "main" }, j => j.Queue.Value == "main"),
            (new() { Queue = "main/" }, j => j.Queue.Value.StartsWith("main/", StringComparison.Ordinal)),
            (new() { Queue = "*/sub" }, j => j.Queue.Value == "main/sub"),
            (new() { ExceptionType = "System.FormatException" }, j => j.ExceptionType == "System.FormatException"),
            (new() { ExceptionType = "*Exception" }, j => j.ExceptionType is not null),
            (new() { Worker = W2 }, j => j.Worker == W2),
            (new() { Worker = W2, Statuses = JobStatuses.Of(JobStatus.Started) }, j => j.Worker == W2 && j.Status == JobStatus.Started),
            (new() { Worker = new WorkerId("nobody") }, _ => false),
            (new() { Tag = "even" }, j => j.Tags.Contains("even", StringComparer.Ordinal)),
            (new() { Tag = "even", Worker = W1 }, j => j.Worker == W1 && j.Tags.Contains("even", StringComparer.Ordinal)),
            (new() { Tag = "even", Queue = "main" }, j => j.Queue.Value == "main" && j.Tags.Contains("even", StringComparer.Ordinal)),
            (new() { Search = "COUNT" }, j => j.Path.Contains("count", StringComparison.Ordinal)),
            (new() { Search = "sub" }, j => j.Queue.Value.Contains("sub", StringComparison.Ordinal)),
            (new() { Search = "format" }, j => j.ExceptionType?.Contains("Format", StringComparison.Ordinal) == true),
            (new() { Search = "%" }, _ => false),
            (new() { Search = " " }, _ => true),
            (new() { Search = jobs[3].Id.ToString() }, j => j.Id == jobs[3].Id),
            (new() { Search = jobs[3].Id.ToString().ToUpperInvariant(), Path = "none" }, _ => false),
            (new() { Params = """{"n": 4}""" }, j => j.Params.Contains("\"n\":4,", StringComparison.Ordinal)),
            (new() { Params = """{"n": 4.0, "list": [1, {"a": null}]}""" }, j => j.Params.Contains("\"n\":4,", StringComparison.Ordinal)),
            (new() { Params = """{"n": "4"}""" }, _ => false),
            (new() { Params = "{}" }, _ => true),
            (new() { Params = """{"n": 4}""", Path = "text.count", Tag = "even" }, j => j.Path == "text.count" && j.Params.Contains("\"n\":4,", StringComparison.Ordinal) && j.Tags.Contains("even", StringComparer.Ordinal)),
            (new() { NotAfter = jobs[10].Id }, j => j.Id <= jobs[10].Id),
            (new() { NotAfter = jobs[10].Id, Path = "text.count" }, j => j.Id <= jobs[10].Id && j.Path == "text.count"),
            (new() { NotAfter = jobs[10].Id, Worker = W1 }, j => j.Id <= jobs[10].Id && j.Worker == W1),
            (new() { Ids = some }, j => some.Contains(j.Id)),
            (new() { Ids = some, Statuses = JobStatuses.Waiting }, j => some.Contains(j.Id) && JobStatuses.Waiting.Contains(j.Status)),
            (new() { Ids = some, Worker = W1, Params = """{"n": 0}""" }, j => some.Contains(j.Id) && j.Worker == W1 && j.Params.Contains("\"n\":0,", StringComparison.Ordinal)),
            (new() { Ids = [] }, _ => false),
            (new() { Ids = [JobId.New(Clock)] }, _ => false),
        };

        foreach (var (filter, matches) in filters)
        {
            var expected = jobs.Where(matches).Select(job => job.Id).OrderDescending().ToArray();
            Assert.True(expected.SequenceEqual(await FindAsync(filter, 1_000)), $"Found by {filter}");
            Assert.True(expected.Length == await Queries.CountAsync(filter, 10_000, Token), $"Counted by {filter}");
            Assert.Equal(Math.Min(3, expected.Length), await Queries.CountAsync(filter, 3, Token));
            await AssertPagesAsync(filter, expected);
        }
    }

    [Fact]
    public async Task Times_of_a_filter_bound_the_ids()
    {
        var early = await InsertAsync(NewJob() with { Id = JobId.FirstOf(Now.AddMinutes(-2)) });
        var middle = await InsertAsync(NewJob() with { Id = JobId.FirstOf(Now.AddMinutes(-1)) });
        var late = await InsertAsync(NewJob() with { Id = JobId.FirstOf(Now) });

        Assert.Equal([late.Id, middle.Id], await FindAsync(new JobFilter { Since = Now.AddMinutes(-1) }));
        Assert.Equal([middle.Id, early.Id], await FindAsync(new JobFilter { Until = Now }));
        Assert.Equal([middle.Id], await FindAsync(new JobFilter { Since = Now.AddMinutes(-1), Until = Now, Path = "task" }));
        Assert.Equal(2, await Queries.CountAsync(new JobFilter { Since = Now.AddMinutes(-1) }, 10, Token));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("7")]
    public async Task Params_that_are_no_object_are_refused(string parameters)
    {
        var filter = new JobFilter { Params = parameters };

        await Assert.ThrowsAsync<FormatException>(() => Queries.FindAsync(filter, new JobPageRequest(), Token));
        await Assert.ThrowsAsync<FormatException>(() => Queries.CountAsync(filter, 10, Token));
    }

    [Fact]
    public async Task Rates_sum_up_the_ended_attempts_by_span_queue_and_status()
    {
        Clock.SetUtcNow(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        var begin = Now;
        await CompleteAsync(Completion(await StartNewAsync()) with { TotalTime = 1 });
        await CompleteAsync(Completion(await StartNewAsync()) with { TotalTime = 2 });
        Clock.Advance(TimeSpan.FromSeconds(5));
        await CompleteAsync(Completion(await StartNewAsync()) with { TotalTime = 4 });
        await CompleteAsync(Failure(await StartAsync(await InsertAsync(queue: Other))) with { TotalTime = 8 });

        Assert.Equal(
            [
                new RatePoint(begin, Q, JobStatus.Success, 2, 3),
                new RatePoint(begin.AddSeconds(5), Other, JobStatus.Failed, 1, 8),
                new RatePoint(begin.AddSeconds(5), Q, JobStatus.Success, 1, 4),
            ],
            await Queries.RatesAsync(begin, TimeSpan.FromSeconds(1), Token));
        Assert.Equal(
            [new RatePoint(begin, Other, JobStatus.Failed, 1, 8), new RatePoint(begin, Q, JobStatus.Success, 3, 7)],
            await Queries.RatesAsync(begin, TimeSpan.FromSeconds(7), Token));
        Assert.Equal(2, (await Queries.RatesAsync(begin.AddSeconds(5), TimeSpan.FromSeconds(5), Token)).Count);
        await Jobs.DeleteExpiredAsync(begin.AddHours(48).AddSeconds(5), 10, Token);
        Assert.Equal(2, (await Queries.RatesAsync(begin, TimeSpan.FromSeconds(5), Token)).Count);
    }

    [Fact]
    public async Task Failures_come_by_when_they_ended_not_by_the_age_of_their_jobs()
    {
        var old = await StartNewAsync();
        var younger = await StartNewAsync();
        var youngest = await StartNewAsync();
        await CompleteAsync(Failure(youngest, JobStatus.MaxRetries) with { At = Now.AddSeconds(1) });
        await CompleteAsync(Failure(old) with { At = Now.AddSeconds(3) });
        await CompleteAsync(Failure(younger, JobStatus.Timeout) with { At = Now.AddSeconds(2) });
        await CompleteAsync(Completion(await StartNewAsync()) with { At = Now.AddSeconds(4) });
        await CompleteAsync(Failure(await StartNewAsync(), JobStatus.Retry) with { At = Now.AddSeconds(5), DateRetry = Now.AddSeconds(10) });

        Assert.Equal([old.Id, younger.Id, youngest.Id], (await Queries.FindLastFailedAsync(10, Token)).Select(job => job.Id));
        Assert.Equal(JobStatus.Failed, Assert.Single(await Queries.FindLastFailedAsync(1, Token)).Status);
        await TransitionAsync(JobStatus.Queued, old.Id);
        Assert.Equal([younger.Id, youngest.Id], (await Queries.FindLastFailedAsync(10, Token)).Select(job => job.Id));
    }

    [Fact]
    public async Task Due_are_scheduled_jobs_and_retries_whose_time_has_come_earliest_first()
    {
        var second = await InsertAsync(NewJob() with { Status = JobStatus.Scheduled, RunAt = Now.AddSeconds(20) });
        var first = await StartNewAsync();
        await CompleteAsync(Failure(first, JobStatus.Retry) with { DateRetry = Now.AddSeconds(10) });
        var third = await InsertAsync(NewJob() with { Status = JobStatus.Scheduled, RunAt = Now.AddSeconds(30) });

        Assert.Equal([first.Id, second.Id], await Queries.FindDueAsync(Now.AddSeconds(29), 10, Token));
        Assert.Equal([first.Id], await Queries.FindDueAsync(Now.AddSeconds(60), 1, Token));
        await TransitionAsync(JobStatus.Queued, first.Id, second.Id);
        await TransitionAsync(JobStatus.Cancel, third.Id);
    }

    [Fact]
    public async Task Waiting_jobs_are_found_whose_time_is_over()
    {
        var overdue = await InsertAsync(NewJob() with { ExpiresAt = Now.AddSeconds(10) });
        var scheduled = await InsertAsync(NewJob() with { ExpiresAt = Now.AddSeconds(5), Status = JobStatus.Scheduled, RunAt = Now.AddSeconds(1) });
        var deferred = await InsertAsync(NewJob() with { ExpiresAt = Now.AddSeconds(10), Status = JobStatus.Deferred });
        await InsertAsync(NewJob() with { ExpiresAt = Now.AddSeconds(11) });
        await InsertAsync();
        await InsertAsync(NewJob() with { ExpiresAt = Now.AddSeconds(10), Status = JobStatus.Started, Worker = W1, Attempt = 1 });

        Assert.Equal(
            [overdue.Id, scheduled.Id, deferred.Id], (await Queries.FindOverdueAsync(Now.AddSeconds(10), 10, Token)).Order());
        Assert.Equal(2, (await Queries.FindOverdueAsync(Now.AddSeconds(10), 2, Token)).Count);
        await TransitionAsync(JobStatus.Cancel, overdue.Id, scheduled.Id, deferred.Id);
        Assert.Empty(await Queries.FindOverdueAsync(Now.AddSeconds(10), 10, Token));
    }

    [Fact]
    public async Task Queued_jobs_are_found_that_last_changed_before_a_time_oldest_first()
    {
        var old = await InsertManyAsync(5, (job, i) => job with { Path = $"task{i % 2}" });
        await InsertAsync(queue: Other);
        await StartNewAsync();
        Clock.Advance(TimeSpan.FromMinutes(1));
        await TransitionAsync(JobStatus.Queued, old[1].Id);
        await InsertManyAsync(3);

        Assert.Equal(
            [old[0].Id, old[2].Id, old[3].Id, old[4].Id], await Queries.FindQueuedAsync(Q, Now, null, 10, Token));
        Assert.Equal([old[0].Id, old[2].Id], await Queries.FindQueuedAsync(Q, Now, null, 2, Token));
        Assert.Equal([old[3].Id, old[4].Id], await Queries.FindQueuedAsync(Q, Now, old[2].Id, 10, Token));
        Assert.Equal(8, (await Queries.FindQueuedAsync(Q, Now.AddSeconds(1), null, 3, Token)).Count + 5);
        Assert.Empty(await Queries.FindQueuedAsync(new QueueName("none"), Now, null, 10, Token));
    }

    [Fact]
    public async Task Queued_jobs_are_found_by_the_tasks_that_a_worker_runs_from_either_end()
    {
        var jobs = await InsertManyAsync(9, (job, i) => job with { Path = $"task{i % 3}" });
        await InsertAsync("task1", Other);
        await StartAsync(jobs[4]);
        // Queued again after a failure: it is in another group than those that never failed.
        await CompleteAsync(Failure(await StartAsync(jobs[1])));
        await TransitionAsync(JobStatus.Queued, jobs[1].Id);
        var only = new TaskSelection(["task1", "none"], []);
        var not = new TaskSelection([], ["task1", "none"]);

        Assert.Equal([jobs[1].Id, jobs[7].Id], await Queries.FindQueuedAsync(Q, only, newestFirst: false, null, 10, Token));
        Assert.Equal([jobs[7].Id, jobs[1].Id], await Queries.FindQueuedAsync(Q, only, newestFirst: true, null, 10, Token));
        Assert.Equal([jobs[0].Id, jobs[2].Id, jobs[3].Id], await Queries.FindQueuedAsync(Q, not, newestFirst: false, null, 3, Token));
        Assert.Equal([jobs[5].Id, jobs[6].Id, jobs[8].Id], await Queries.FindQueuedAsync(Q, not, newestFirst: false, jobs[3].Id, 10, Token));
        Assert.Equal([jobs[2].Id, jobs[0].Id], await Queries.FindQueuedAsync(Q, not, newestFirst: true, jobs[3].Id, 10, Token));
        Assert.Empty(await Queries.FindQueuedAsync(Q, new TaskSelection(["none"], []), newestFirst: false, null, 10, Token));
        Assert.Empty(await Queries.FindQueuedAsync(new QueueName("none"), not, newestFirst: false, null, 10, Token));
    }

    [Fact]
    public async Task Queued_jobs_of_hundreds_of_tasks_are_found_in_one_order()
    {
        var ids = (await InsertManyAsync(300, (job, i) => job with { Path = $"task{(i * 7) % 300}" })).Select(job => job.Id).ToList();
        var selection = new TaskSelection([], ["task0", "task7"]);

        Assert.Equal(ids[2..52], await Queries.FindQueuedAsync(Q, selection, newestFirst: false, null, 50, Token));
        Assert.Equal(ids[102..], await Queries.FindQueuedAsync(Q, selection, newestFirst: false, ids[101], 1_000, Token));
        Assert.Equal(ids[2..].Reverse<JobId>().Take(50), await Queries.FindQueuedAsync(Q, selection, newestFirst: true, null, 50, Token));
    }

    [Fact]
    public async Task Workers_are_listed_with_the_jobs_they_have_in_hand()
    {
        await StartNewAsync(W1);
        await StartNewAsync(W1);
        await StartAsync(await InsertAsync("another"), W2);
        await CompleteAsync(Completion(await StartNewAsync(W2)));

        Assert.Equal(new Dictionary<WorkerId, int> { [W1] = 2, [W2] = 1 }, await Queries.StartedByWorkerAsync(Token));
    }

    /// <summary>About a hundred jobs that differ in everything a filter asks for.</summary>
    private async Task<IReadOnlyList<Job>> InsertVariedAsync()
    {
        string[] paths = ["text.count", "text.sort", "mail.send", "text_count"];
        string[] queues = ["main", "main/", "main/sub", "other"];
        var jobs = await InsertManyAsync(100, (job, i) => job with
        {
            Path = paths[i % 4],
            Queue = new QueueName(queues[i / 4 % 4]),
            Params = $$"""{"n":{{i % 5}},"list":[1,{"a":null}]}""",
            Tags = i % 2 == 0 ? ["even", "x"] : i % 3 == 0 ? ["x"] : [],
        });
        JobStatus[] ends = [JobStatus.Success, JobStatus.Failed, JobStatus.Timeout, JobStatus.Retry, JobStatus.Started, JobStatus.Abort];
        for (var i = 0; i < jobs.Count; i += 3)
        {
            var started = await StartAsync(jobs[i], i % 2 == 0 ? W1 : W2);
            var end = ends[i / 3 % ends.Length];
            if (end != JobStatus.Started)
            {
                await CompleteAsync(end == JobStatus.Success ? Completion(started) : Failure(started, end, i % 4 == 0 ? "System.FormatException" : "my.Exception"));
            }
        }

        return await Queries.GetAsync([.. jobs.Select(job => job.Id)], withPayload: true, Token);
    }

    private async Task AssertPagesAsync(JobFilter filter, JobId[] expected)
    {
        var seen = new List<JobId>();
        JobId? before = null;
        do
        {
            var page = await Queries.FindAsync(filter, new JobPageRequest(before, Limit: 7), Token);
            seen.AddRange(page.Jobs.Select(job => job.Id));
            before = page.Next;
        }
        while (before is not null);
        Assert.Equal(expected, seen);
    }
}
