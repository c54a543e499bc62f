using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Workers;

namespace Mrq.Tests.Contracts;

/// <summary>What every <see cref="IJobStore"/> does with one job at a time; changes of many and their totals have contracts of their own.</summary>
public abstract class JobStoreContract(StoreFamily family) : StoreContract(family)
{
    [Fact]
    public async Task A_document_comes_back_as_it_was_given()
    {
        var job = NewJob("text.count_words", new QueueName("main/sub")) with
        {
            Params = """{"text":"Grüße, 世界 \u0000 🎉","n":[1,2.5,null,true]}""",
            RawQueue = new QueueName("main/clicks_raw"),
            Status = JobStatus.Scheduled,
            DateStarted = Now.AddSeconds(-5),
            DateExpires = Now.AddDays(1),
            RunAt = Now.AddMinutes(5),
            Attempt = 3,
            RetryCount = 2,
            Worker = W1,
            Result = "[]",
            ExceptionType = "System.InvalidOperationException",
            ExceptionMessage = "",
            Traceback = "at A\n  at B",
            TracebackHistory = [new TracebackEntry(Now, JobStatus.Retry, "X", null, "at X", W2), new TracebackEntry(Now, JobStatus.Failed, "Y", "why", null, null)],
            Progress = 0.25,
            ProgressText = "a quarter",
            TotalTime = 1.5,
            Usage = new JobUsage(0.25, 3, 1_000_000, -20),
            UniqueKey = "unique",
            IdempotencyKey = "request",
            Tags = ["a", "b c", "ü"],
            Timeout = TimeSpan.FromSeconds(90),
            MaxRetries = 7,
            ResultTtl = TimeSpan.FromDays(3),
            AbortRequested = Now,
            Priority = 7,
            ExpiresAt = Now.AddHours(2),
            IsUniqueWhileQueued = true,
            UniqueUntil = Now.AddHours(3),
            After = JobId.New(Clock),
            Next = JobId.New(Clock),
            ResultAs = "total",
            Options = new TaskOptions
            {
                AbortTtl = TimeSpan.FromSeconds(1.5),
                CancelTtl = TimeSpan.Zero,
                RetryOnFailure = true,
                RetryDelay = TimeSpan.FromSeconds(0.25),
                RetryBackoff = 2.5,
                RetryMaxDelay = TimeSpan.FromHours(1),
                RetryJitter = 0.1,
                RetryDelays = new RetryDelays(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2.5)),
                MaxConcurrency = 3,
                MaxConcurrencyKey = "user {id} ü",
                MaxConcurrencyWait = TimeSpan.FromSeconds(5),
                RateLimit = new RateLimit(10, TimeSpan.FromSeconds(30)),
                RateLimitKey = "api",
            },
        };

        await InsertAsync(job);

        // Lists of records are compared by what they hold.
        Assert.Equivalent(job, await GetAsync(job.Id), strict: true);
    }

    [Fact]
    public async Task A_document_that_comes_as_started_is_ended_by_its_worker()
    {
        var job = await InsertAsync(NewJob() with { Status = JobStatus.Started, Worker = W1, Attempt = 1, DateStarted = Now });

        Assert.Equal([new InsertedJob(job.Id, null)], await Jobs.InsertAsync([job], Token));
        Assert.Equal(1, (await Queries.StartedByWorkerAsync(Token))[W1]);
        Assert.False(await CompleteAsync(Completion(job with { Worker = W2 })));
        Assert.True(await CompleteAsync(Completion(job)));
        Assert.Equal(JobStatus.Success, (await GetAsync(job.Id)).Status);
        Assert.Equal([new JobCount("task", Q, JobStatus.Success, null, 1)], await Queries.CountsAsync(Token));
    }

    [Fact]
    public async Task A_document_that_comes_after_its_end_counts_in_the_rates()
    {
        await InsertAsync();
        await InsertAsync(NewJob() with { Status = JobStatus.Failed, Worker = W1, Attempt = 1, DateStarted = Now, TotalTime = 0.5, ExceptionType = "X" });

        var rate = Assert.Single(await Queries.RatesAsync(Now.AddHours(-1), TimeSpan.FromHours(1), Token));
        Assert.Equal((Q, JobStatus.Failed, 1, 0.5), (rate.Queue, rate.Status, rate.Count, rate.TotalSeconds));
        Assert.Equal(
            [(JobStatus.Queued, null, 1), (JobStatus.Failed, "X", 1)],
            (await Queries.CountsAsync(Token)).OrderBy(c => c.Status).Select(c => (c.Status, c.ExceptionType, c.Count)));
    }

    [Fact]
    public async Task A_small_document_comes_back_as_it_was_given()
    {
        var job = await InsertAsync();

        Assert.Equivalent(job, await GetAsync(job.Id), strict: true);
    }

    [Fact]
    public async Task A_large_document_comes_back_as_it_was_given()
    {
        var job = await InsertAsync(NewJob() with { Params = $$"""{"text":"{{new string('x', 2_000_000)}}"}""" });
        var started = await StartAsync(job);

        Assert.True(await CompleteAsync(Completion(started) with { Result = $"\"{new string('y', 1_000_000)}\"" }));

        var stored = await GetAsync(job.Id);
        Assert.Equal(job.Params, stored.Params);
        Assert.Equal(1_000_002, stored.Result?.Length);
    }

    [Fact]
    public async Task A_job_whose_unique_key_is_taken_is_not_inserted_again()
    {
        var holder = await InsertAsync(NewJob() with { UniqueKey = "key" });
        var second = NewJob() with { UniqueKey = "key" };
        var third = NewJob() with { UniqueKey = "another" };

        var answers = await Jobs.InsertAsync([second, third], Token);

        Assert.Equal([new(holder.Id, TakenKey.UniqueKey), new InsertedJob(third.Id, null)], answers);
        Assert.Empty(await Queries.GetAsync([second.Id], withPayload: false, Token));
    }

    [Theory]
    [InlineData(JobStatus.Started, true)]
    [InlineData(JobStatus.Retry, true)]
    [InlineData(JobStatus.Interrupt, true)]
    [InlineData(JobStatus.Success, false)]
    [InlineData(JobStatus.Failed, false)]
    [InlineData(JobStatus.Timeout, false)]
    [InlineData(JobStatus.Abort, false)]
    public async Task A_unique_key_is_free_again_when_its_job_has_ended(JobStatus status, bool taken)
    {
        var holder = await StartAsync(await InsertAsync(NewJob() with { UniqueKey = "key" }));
        if (status != JobStatus.Started)
        {
            await CompleteAsync(Completion(holder, status));
        }

        var answer = Assert.Single(await Jobs.InsertAsync([NewJob() with { UniqueKey = "key" }], Token));

        Assert.Equal(taken ? TakenKey.UniqueKey : null, answer.Existing);
    }

    [Fact]
    public async Task Of_two_jobs_with_one_key_in_a_batch_the_first_is_inserted()
    {
        var (a, b, c) = (NewJob() with { UniqueKey = "u" }, NewJob() with { UniqueKey = "u" }, NewJob());
        var (d, e) = (NewJob() with { IdempotencyKey = "i" }, NewJob() with { IdempotencyKey = "i" });

        var answers = await Jobs.InsertAsync([a, b, c, d, e], Token);

        Assert.Equal(
            [
                new(a.Id, null), new(a.Id, TakenKey.UniqueKey), new(c.Id, null), new(d.Id, null),
                new InsertedJob(d.Id, TakenKey.IdempotencyKey),
            ],
            answers);
    }

    [Fact]
    public async Task A_repeated_request_finds_its_job_also_after_that_has_ended()
    {
        var job = await StartAsync(await InsertAsync(NewJob() with { IdempotencyKey = "request", UniqueKey = "key" }));
        await CompleteAsync(Completion(job));

        var answer = Assert.Single(await Jobs.InsertAsync([NewJob() with { IdempotencyKey = "request", UniqueKey = "key" }], Token));

        Assert.Equal(new InsertedJob(job.Id, TakenKey.IdempotencyKey), answer);
    }

    [Fact]
    public async Task A_key_that_holds_for_a_period_is_free_after_it_and_not_before()
    {
        Job Unique() => NewJob() with { IdempotencyKey = "daily", UniqueUntil = Now.AddMinutes(10) };
        var first = await InsertAsync(Unique());
        Clock.Advance(TimeSpan.FromMinutes(9));
        var early = await Jobs.InsertAsync([Unique()], Token);
        Clock.Advance(TimeSpan.FromMinutes(1));
        var late = Unique();

        Assert.Equal([new InsertedJob(first.Id, TakenKey.IdempotencyKey)], early);
        Assert.Equal([new InsertedJob(late.Id, null)], await Jobs.InsertAsync([late], Token));
        Assert.Equal(late.Id, (await Jobs.InsertAsync([Unique()], Token))[0].Id);
        Assert.Null((await GetAsync(first.Id)).IdempotencyKey);
    }

    [Fact]
    public async Task A_key_without_a_period_is_never_freed_by_one_that_has()
    {
        var first = await InsertAsync(NewJob() with { IdempotencyKey = "daily" });
        Clock.Advance(TimeSpan.FromDays(1));

        var second = await Jobs.InsertAsync([NewJob() with { IdempotencyKey = "daily", UniqueUntil = Now.AddMinutes(10) }], Token);

        Assert.Equal([new InsertedJob(first.Id, TakenKey.IdempotencyKey)], second);
    }

    [Fact]
    public async Task A_key_that_holds_while_queued_is_free_when_its_job_starts()
    {
        var first = await InsertAsync(NewJob() with { UniqueKey = "sync", IsUniqueWhileQueued = true });
        var taken = await Jobs.InsertAsync([NewJob() with { UniqueKey = "sync", IsUniqueWhileQueued = true }], Token);
        var started = (await Jobs.StartAsync([first.Id], W1, Now, Token))[0];
        var second = await InsertAsync(NewJob() with { UniqueKey = "sync", IsUniqueWhileQueued = true });

        Assert.Equal([new InsertedJob(first.Id, TakenKey.UniqueKey)], taken);
        Assert.Null(started.UniqueKey);
        Assert.Equivalent(started, await GetAsync(first.Id), strict: true);
        Assert.Equal("sync", (await GetAsync(second.Id)).UniqueKey);

        // Back in its queue it does not claim the key again.
        await Jobs.TransitionAsync(new JobTransition { Jobs = [first.Id], From = JobStatuses.Of(JobStatus.Started), To = JobStatus.Queued, At = Now }, Token);
        Assert.Null((await GetAsync(first.Id)).UniqueKey);
    }

    [Fact]
    public async Task An_attempt_that_was_postponed_tells_why_and_counts_nowhere_as_a_failure()
    {
        var started = await StartNewAsync();
        var why = new TracebackEntry(Now, JobStatus.Retry, "ratelimit", "10/s of this task had begun: the limit.", null, W1);

        Assert.True(await CompleteAsync(Completion(started, JobStatus.Retry) with { Failure = why, IsPostponed = true, DateRetry = Now.AddSeconds(1) }));

        var job = await GetAsync(started.Id);
        Assert.Equal((JobStatus.Retry, Now.AddSeconds(1), "ratelimit", why.Message), (job.Status, job.DateRetry, job.ExceptionType, job.ExceptionMessage));
        Assert.Empty(job.TracebackHistory);
        Assert.Empty(await Queries.RatesAsync(Now.AddHours(-1), TimeSpan.FromHours(1), Token));
        Assert.Equal([new JobCount("task", Q, JobStatus.Retry, "ratelimit", 1)], await Queries.CountsAsync(Token));
    }

    [Fact]
    public async Task Attempts_that_were_postponed_are_told_from_those_that_ran()
    {
        var job = await InsertAsync();
        for (var i = 0; i < 2; i++)
        {
            var held = new TracebackEntry(Now, JobStatus.Retry, "ratelimit", "the limit", null, W1);
            await CompleteAsync(Completion(await StartAsync(job), JobStatus.Retry) with { Failure = held, IsPostponed = true, DateRetry = Now });
            await TransitionAsync(JobStatus.Queued, job.Id);
        }

        Assert.Equal((2, 2, 0), (await GetAsync(job.Id)) is var waiting ? (waiting.Attempt, waiting.Postponed, waiting.Tries) : default);
        var running = await StartAsync(job);
        Assert.Equal((3, 2, 1), (running.Attempt, running.Postponed, running.Tries));
        await CompleteAsync(Failure(running));
        Assert.Equal((3, 2, 1), (await GetAsync(job.Id)) is var ended ? (ended.Attempt, ended.Postponed, ended.Tries) : default);
    }

    [Fact]
    public async Task Options_that_nobody_understands_are_left_out()
    {
        var job = await InsertAsync(NewJob() with { Options = new TaskOptions { RetryDelay = TimeSpan.FromSeconds(1) } });

        Assert.Equal(job.Options, TaskOptionsJson.Read("{\"retry_delay\":1,\"warp\":9,\"priority\":\"high\"}"u8));
        Assert.Equal(job.Options, (await GetAsync(job.Id)).Options);
    }

    [Fact]
    public async Task A_document_that_is_inserted_again_stays_as_it_is()
    {
        var job = await InsertAsync(NewJob() with { UniqueKey = "key", IdempotencyKey = "request" });
        await StartAsync(job);

        Assert.Equal([new InsertedJob(job.Id, null)], await Jobs.InsertAsync([job], Token));
        Assert.Equal(JobStatus.Started, (await GetAsync(job.Id)).Status);
    }

    [Fact]
    public async Task A_queued_job_is_started_with_its_next_attempt()
    {
        var job = await InsertAsync();
        Clock.Advance(TimeSpan.FromSeconds(3));

        var started = await StartAsync(job);

        Assert.Equivalent(
            job with { Status = JobStatus.Started, Attempt = 1, Worker = W1, DateStarted = Now, DateUpdated = Now }, started, strict: true);
        Assert.Equivalent(started, await GetAsync(job.Id), strict: true);
    }

    [Fact]
    public async Task Jobs_that_are_gone_or_not_queued_are_not_started()
    {
        var (a, b, c) = (await InsertAsync(), await InsertInAsync(JobStatus.Cancel), await InsertAsync());
        var running = await StartNewAsync(W2);

        var started = await Jobs.StartAsync([c.Id, b.Id, JobId.New(Clock), running.Id, a.Id, c.Id], W1, Now, Token);

        Assert.Equal([c.Id, a.Id], started.Select(job => job.Id));
        Assert.Equal(W2, (await GetAsync(running.Id)).Worker);
    }

    [Fact]
    public async Task A_success_is_recorded_with_its_result()
    {
        var job = await StartNewAsync();
        Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.True(await CompleteAsync(Completion(job) with
        {
            Result = "42",
            DateExpires = Now.AddHours(1),
            TotalTime = 1,
            Usage = new JobUsage(0.5, 7, 5_000_000_000, 4096),
            Progress = 1,
        }));

        var expected = job with
        {
            Status = JobStatus.Success,
            Result = "42",
            DateUpdated = Now,
            DateExpires = Now.AddHours(1),
            TotalTime = 1,
            Usage = new JobUsage(0.5, 7, 5_000_000_000, 4096),
            Progress = 1,
        };
        Assert.Equivalent(expected, await GetAsync(job.Id), strict: true);
    }

    [Fact]
    public async Task A_failure_is_recorded_with_its_exception_and_history()
    {
        var job = await StartNewAsync();
        var completion = Failure(job, JobStatus.Failed, "System.FormatException");

        Assert.True(await CompleteAsync(completion));

        var stored = await GetAsync(job.Id);
        Assert.Equal(JobStatus.Failed, stored.Status);
        Assert.Equal(("System.FormatException", "it broke", "at Task.Run()"), (stored.ExceptionType, stored.ExceptionMessage, stored.Traceback));
        Assert.Equal(completion.Failure, Assert.Single(stored.TracebackHistory));
    }

    [Fact]
    public async Task A_success_after_failures_keeps_their_history_and_clears_the_exception()
    {
        var job = await StartNewAsync();
        await CompleteAsync(Failure(job, JobStatus.Retry) with { DateRetry = Now.AddSeconds(5), RetryCount = 1 });
        await TransitionAsync(JobStatus.Queued, job.Id);
        var again = await StartAsync(job);

        Assert.True(await CompleteAsync(Completion(again) with { RetryCount = 1 }));

        var stored = await GetAsync(job.Id);
        Assert.Equal((2, 1, JobStatus.Success), (stored.Attempt, stored.RetryCount, stored.Status));
        Assert.Equal((null, null, null), (stored.ExceptionType, stored.ExceptionMessage, stored.Traceback));
        Assert.Single(stored.TracebackHistory);
    }

    [Fact]
    public async Task The_history_keeps_the_last_twenty_failures()
    {
        var job = await InsertAsync();
        for (var i = 1; i <= 23; i++)
        {
            await CompleteAsync(Failure(await StartAsync(job), JobStatus.Retry, $"E{i}"));
            await TransitionAsync(JobStatus.Queued, job.Id);
        }

        var history = (await GetAsync(job.Id)).TracebackHistory;
        Assert.Equal(Enumerable.Range(4, 20).Select(i => $"E{i}"), history.Select(entry => entry.ExceptionType));
    }

    [Fact]
    public async Task A_retry_waits_for_its_time_on_its_retry_queue()
    {
        var job = await StartNewAsync();

        Assert.True(await CompleteAsync(Failure(job, JobStatus.Retry) with
        {
            DateRetry = Now.AddMinutes(1),
            RetryQueue = Other,
            RetryCount = 1,
        }));

        var stored = await GetAsync(job.Id);
        Assert.Equal((JobStatus.Retry, Other, Now.AddMinutes(1), 1), (stored.Status, stored.Queue, stored.DateRetry, stored.RetryCount));
        Assert.Empty(await Queries.FindDueAsync(Now, 10, Token));
        Assert.Equal([job.Id], await Queries.FindDueAsync(Now.AddMinutes(1), 10, Token));
    }

    [Fact]
    public async Task The_outcome_of_an_attempt_that_is_no_longer_current_is_refused()
    {
        var first = await StartNewAsync();
        await TransitionAsync(JobStatus.Queued, first.Id);
        var second = await StartAsync(first, W2);

        Assert.False(await CompleteAsync(Completion(first)));
        Assert.False(await CompleteAsync(Completion(second) with { Worker = W1 }));
        Assert.False(await CompleteAsync(Completion(second) with { Attempt = 1 }));
        Assert.Equal(JobStatus.Started, (await GetAsync(first.Id)).Status);
        Assert.True(await CompleteAsync(Completion(second)));
    }

    [Fact]
    public async Task A_job_that_was_queued_again_never_turns_into_a_success()
    {
        var job = await StartNewAsync();
        await TransitionAsync(JobStatus.Queued, job.Id);

        Assert.False(await CompleteAsync(Completion(job)));
        Assert.Equal(JobStatus.Queued, (await GetAsync(job.Id)).Status);
    }

    [Fact]
    public async Task The_same_completion_twice_answers_true_twice_and_counts_once()
    {
        var job = await StartNewAsync();
        var completion = Failure(job);

        Assert.Equal([true, true], await Jobs.CompleteAsync([completion, completion], Token));
        Assert.True(await CompleteAsync(completion));
        Assert.False(await CompleteAsync(Completion(job)));
        Assert.Single((await GetAsync(job.Id)).TracebackHistory);
        Assert.Equal(1, Assert.Single(await Queries.RatesAsync(Now.AddMinutes(-1), TimeSpan.FromSeconds(5), Token)).Count);
    }

    [Fact]
    public async Task Completions_are_answered_in_the_given_order()
    {
        var (a, b) = (await StartNewAsync(), await StartNewAsync());
        var gone = Completion(a) with { Id = JobId.New(Clock) };

        Assert.Equal([true, false, true], await Jobs.CompleteAsync([Completion(b), gone, Completion(a)], Token));
    }

    [Fact]
    public async Task Progress_is_recorded_for_the_current_attempt_only()
    {
        var job = await StartNewAsync();

        await Jobs.SetProgressAsync(
            [
                new JobProgress(job.Id, W1, 1, 0.5, "half"), new JobProgress(job.Id, W2, 1, 0.9, "wrong worker"),
                new JobProgress(job.Id, W1, 2, 0.9, "wrong attempt"),
            ],
            Token);

        var stored = await GetAsync(job.Id);
        Assert.Equal((0.5, "half"), (stored.Progress, stored.ProgressText));
        await CompleteAsync(Completion(job));
        await Jobs.SetProgressAsync([new JobProgress(job.Id, W1, 1, 0.9, "too late")], Token);
        Assert.Equal("half", (await GetAsync(job.Id)).ProgressText);
    }

    [Fact]
    public async Task An_abort_request_is_seen_by_the_worker_until_the_attempt_ends()
    {
        var (mine, theirs, waiting) = (await StartNewAsync(), await StartNewAsync(W2), await InsertAsync());

        Assert.Equal([mine.Id, theirs.Id], await Jobs.RequestAbortAsync([mine.Id, waiting.Id, theirs.Id, JobId.New(Clock)], Now, Token));

        Assert.Equal([mine.Id], await Jobs.FindAbortRequestsAsync(W1, Token));
        Assert.Equal(Now, (await GetAsync(mine.Id)).AbortRequested);
        await CompleteAsync(Completion(mine, JobStatus.Abort));
        Assert.Empty(await Jobs.FindAbortRequestsAsync(W1, Token));
        Assert.Null((await GetAsync(mine.Id)).AbortRequested);
    }

    [Fact]
    public async Task A_second_abort_request_keeps_the_time_of_the_first()
    {
        var job = await StartNewAsync();
        var first = Now;
        await Jobs.RequestAbortAsync([job.Id], first, Token);
        Clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal([job.Id], await Jobs.RequestAbortAsync([job.Id], Now, Token));
        Assert.Equal(first, (await GetAsync(job.Id)).AbortRequested);
    }

    [Theory]
    [InlineData(JobStatus.Queued)]
    [InlineData(JobStatus.Scheduled)]
    [InlineData(JobStatus.Retry)]
    public async Task A_waiting_job_can_be_edited(JobStatus status)
    {
        var job = await InsertInAsync(status);
        Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(new TransitionedJob(job.Id, status, Q, Other), await Jobs.EditAsync(new JobEdit { Job = job.Id, Params = """{"a":1}""", Queue = Other, At = Now }, Token));
        Assert.Equal(new TransitionedJob(job.Id, status, Other, Other), await Jobs.EditAsync(new JobEdit { Job = job.Id, At = Now }, Token));

        var stored = await GetAsync(job.Id);
        Assert.Equal(("""{"a":1}""", Other, status, Now), (stored.Params, stored.Queue, stored.Status, stored.DateUpdated));
    }

    [Fact]
    public async Task A_job_is_edited_as_it_was_read_or_not_at_all()
    {
        var id = (await InsertAsync(NewJob() with { Params = """{ "a": 1e3 }""" })).Id;
        var read = await GetAsync(id);
        var edit = new JobEdit { Job = id, Params = """{"a":2}""", At = Now, AsRead = read };

        Assert.NotNull(await Jobs.EditAsync(edit, Token));
        Assert.Null(await Jobs.EditAsync(edit with { Params = """{"a":3}""" }, Token));
        Assert.Null(await Jobs.EditAsync(edit with { AsRead = await GetAsync(id) with { Status = JobStatus.Retry } }, Token));
        Assert.Equal("""{"a":2}""", (await GetAsync(id)).Params);
        Assert.NotNull(await Jobs.EditAsync(edit with { Params = """{"a":4}""", AsRead = await GetAsync(id) }, Token));
        Assert.Equal("""{"a":4}""", (await GetAsync(id)).Params);
    }

    [Theory]
    [InlineData(JobStatus.Started)]
    [InlineData(JobStatus.Success)]
    [InlineData(JobStatus.Failed)]
    public async Task A_job_that_does_not_wait_cannot_be_edited(JobStatus status)
    {
        var job = await InsertInAsync(status);

        Assert.Null(await Jobs.EditAsync(new JobEdit { Job = job.Id, Params = """{"a":1}""", Queue = Other, At = Now }, Token));
        Assert.Null(await Jobs.EditAsync(new JobEdit { Job = JobId.New(Clock), Params = "{}", At = Now }, Token));
        Assert.Equal("{}", (await GetAsync(job.Id)).Params);
    }

    [Fact]
    public async Task An_operation_that_was_cancelled_before_it_began_does_nothing()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        var job = NewJob();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Jobs.InsertAsync([job], cancelled.Token));
        Assert.Empty(await Queries.GetAsync([job.Id], withPayload: false, Token));
    }
}
