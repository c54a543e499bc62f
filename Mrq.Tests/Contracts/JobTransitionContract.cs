using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Tests.Contracts;

/// <summary>What every <see cref="IJobStore"/> does when it changes or deletes many jobs.</summary>
public abstract class JobTransitionContract(StoreFamily family) : StoreContract(family)
{
    [Fact]
    public async Task Only_jobs_in_the_given_statuses_are_changed()
    {
        var (queued, running, failed) = (await InsertAsync(), await StartNewAsync(), await InsertInAsync(JobStatus.Failed));

        var changed = await Jobs.TransitionAsync(
            new JobTransition
            {
                Jobs = [running.Id, failed.Id, queued.Id, JobId.New(Clock), queued.Id],
                From = JobStatuses.Of(JobStatus.Queued, JobStatus.Failed),
                To = JobStatus.Cancel,
                At = Now,
                DateExpires = Now.AddHours(1),
            },
            Token);

        Assert.Equal([new(failed.Id, JobStatus.Failed, Q, Q), new TransitionedJob(queued.Id, JobStatus.Queued, Q, Q)], changed);
        Assert.Equal(JobStatus.Started, (await GetAsync(running.Id)).Status);
        Assert.Equal((JobStatus.Cancel, Now.AddHours(1)), await StatusAndExpiryAsync(queued.Id));
    }

    [Fact]
    public async Task Only_jobs_of_the_given_worker_are_changed()
    {
        var (mine, theirs) = (await StartNewAsync(W1), await StartNewAsync(W2));

        var changed = await Jobs.TransitionAsync(
            new JobTransition { Jobs = [mine.Id, theirs.Id], From = JobStatuses.All, To = JobStatus.Queued, At = Now, Worker = W2 }, Token);

        Assert.Equal([theirs.Id], changed.Select(c => c.Id));
        Assert.Equal(JobStatus.Started, (await GetAsync(mine.Id)).Status);
    }

    [Fact]
    public async Task A_change_that_the_table_of_changes_forbids_is_not_made()
    {
        var (queued, running) = (await InsertAsync(), await StartNewAsync());

        Assert.Empty(await TransitionAsync(JobStatus.Success, queued.Id));
        Assert.Empty(await TransitionAsync(JobStatus.Cancel, running.Id));
        Assert.Empty(await TransitionAsync(JobStatus.Scheduled, queued.Id));
    }

    [Fact]
    public async Task A_job_that_goes_back_to_its_queue_waits_for_nothing_else()
    {
        var retry = await StartNewAsync();
        await CompleteAsync(Failure(retry, JobStatus.Retry) with { DateRetry = Now.AddHours(1), DateExpires = Now.AddDays(1), RetryCount = 1 });
        var scheduled = await InsertInAsync(JobStatus.Scheduled);
        var running = await StartNewAsync();
        Clock.Advance(TimeSpan.FromMinutes(1));

        await TransitionAsync(JobStatus.Queued, retry.Id, scheduled.Id, running.Id);

        foreach (var id in (JobId[])[retry.Id, scheduled.Id, running.Id])
        {
            var job = await GetAsync(id);
            Assert.Equal((JobStatus.Queued, Now, Now), (job.Status, job.DateQueued, job.DateUpdated));
            Assert.Equal((null, null, null, null), (job.DateRetry, job.RunAt, job.AbortRequested, job.DateExpires));
        }

        Assert.Empty(await Queries.FindDueAsync(Now.AddYears(1), 10, Token));
        Assert.Equal(1, (await GetAsync(retry.Id)).RetryCount);
        Assert.Equal("System.Exception", (await GetAsync(retry.Id)).ExceptionType);
    }

    [Fact]
    public async Task A_running_job_whose_abort_was_requested_does_not_go_back_to_its_queue()
    {
        var running = await StartNewAsync();
        await Jobs.RequestAbortAsync([running.Id], Now, Token);

        Assert.Empty(await TransitionAsync(JobStatus.Queued, running.Id));
        Assert.Equal(JobStatus.Started, (await GetAsync(running.Id)).Status);
        Assert.Equal([running.Id], (await TransitionAsync(JobStatus.Abort, running.Id)).Select(t => t.Id));
        Assert.Null((await GetAsync(running.Id)).AbortRequested);
    }

    [Fact]
    public async Task A_reset_forgets_all_but_the_attempt_number_and_the_history()
    {
        var job = await StartNewAsync();
        await Jobs.SetProgressAsync([new JobProgress(job.Id, W1, 1, 0.5, "half")], Token);
        await CompleteAsync(Failure(job) with { RetryCount = 3, Result = "1", Usage = new JobUsage(1, 2, 3, 4) });

        var changed = await Jobs.TransitionAsync(
            new JobTransition { Jobs = [job.Id], From = JobStatuses.All, To = JobStatus.Queued, At = Now, Reset = true, Queue = Other }, Token);

        Assert.Equal([new TransitionedJob(job.Id, JobStatus.Failed, Q, Other)], changed);
        var stored = await GetAsync(job.Id);
        Assert.Equal((Other, 0, 1, 1), (stored.Queue, stored.RetryCount, stored.Attempt, stored.TracebackHistory.Count));
        Assert.Equal((null, null, null, null), (stored.Result, stored.ExceptionType, stored.ExceptionMessage, stored.Traceback));
        Assert.Equal((null, null, null, null), (stored.Progress, stored.ProgressText, stored.TotalTime, stored.Usage));
    }

    [Fact]
    public async Task A_reason_is_kept_as_the_exception()
    {
        var job = await InsertAsync();

        await Jobs.TransitionAsync(
            new JobTransition { Jobs = [job.Id], From = JobStatuses.All, To = JobStatus.Cancel, At = Now, Reason = ("expired", "It waited too long.") },
            Token);

        var stored = await GetAsync(job.Id);
        Assert.Equal(("expired", "It waited too long."), (stored.ExceptionType, stored.ExceptionMessage));
        Assert.Equal([job.Id], await FindAsync(new JobFilter { ExceptionType = "expired" }));
    }

    [Fact]
    public async Task A_job_does_not_come_back_while_another_holds_its_unique_key()
    {
        var ended = await StartAsync(await InsertAsync(NewJob() with { UniqueKey = "key" }));
        await CompleteAsync(Completion(ended));
        var holder = await InsertAsync(NewJob() with { UniqueKey = "key" });
        var innocent = await InsertInAsync(JobStatus.Failed);

        var taken = await Assert.ThrowsAsync<UniqueKeyTakenException>(() => TransitionAsync(JobStatus.Queued, innocent.Id, ended.Id));

        Assert.Equal(holder.Id, taken.Holder);
        Assert.Equal(JobStatus.Success, (await GetAsync(ended.Id)).Status);
        Assert.Equal(JobStatus.Failed, (await GetAsync(innocent.Id)).Status);
    }

    [Fact]
    public async Task Two_ended_jobs_with_one_unique_key_do_not_come_back_together()
    {
        var first = await StartAsync(await InsertAsync(NewJob() with { UniqueKey = "key" }));
        await CompleteAsync(Completion(first));
        var second = await StartAsync(await InsertAsync(NewJob() with { UniqueKey = "key" }));
        await CompleteAsync(Completion(second));

        await Assert.ThrowsAsync<UniqueKeyTakenException>(() => TransitionAsync(JobStatus.Queued, first.Id, second.Id));

        Assert.Single(await TransitionAsync(JobStatus.Queued, first.Id));
        Assert.Single(await TransitionAsync(JobStatus.Queued, first.Id));
    }

    [Fact]
    public async Task Thousands_are_changed_and_deleted_in_one_call()
    {
        var jobs = await InsertManyAsync(5_000);
        var ids = jobs.Select(job => job.Id).ToArray();

        Assert.Equal(ids, (await TransitionAsync(JobStatus.Cancel, ids)).Select(c => c.Id));
        Assert.Equal(ids, (await Jobs.DeleteAsync(ids, Token)).Select(c => c.Id));
        Assert.Empty(await Queries.CountsAsync(Token));
    }

    [Fact]
    public async Task A_started_job_is_not_deleted_and_others_go_with_their_logs()
    {
        var (running, failed) = (await StartNewAsync(), await InsertInAsync(JobStatus.Failed));
        await Stores.Logs.AppendAsync(
            [.. new[] { running, failed }.Select(job => new JobLogLine(job.Id, 0, 1, Now, JobLogLevel.Information, "c", "text"))], Token);

        var deleted = await Jobs.DeleteAsync([running.Id, failed.Id, JobId.New(Clock)], Token);

        Assert.Equal([new TransitionedJob(failed.Id, JobStatus.Failed, Q, Q)], deleted);
        Assert.Empty(await Queries.GetAsync([failed.Id], withPayload: false, Token));
        Assert.Empty(await Stores.Logs.ReadAsync(failed.Id, 0, 10, Token));
        Assert.Single(await Stores.Logs.ReadAsync(running.Id, 0, 10, Token));
    }

    [Fact]
    public async Task A_deleted_job_frees_its_keys_and_tags()
    {
        var job = NewJob() with { UniqueKey = "u", IdempotencyKey = "i", Tags = ["t"] };
        await InsertAsync(job);
        await Jobs.DeleteAsync([job.Id], Token);

        Assert.Empty(await FindAsync(new JobFilter { Tag = "t" }));
        await InsertAsync(job with { Id = JobId.New(Clock) });
    }

    [Fact]
    public async Task Documents_are_deleted_when_their_time_has_come_at_most_so_many_at_once()
    {
        for (var i = 0; i < 4; i++)
        {
            await CompleteAsync(Completion(await StartNewAsync()) with { DateExpires = Now.AddMinutes(i) });
        }

        var kept = await InsertAsync();

        Assert.Equal(0, await Jobs.DeleteExpiredAsync(Now.AddSeconds(-1), 100, Token));
        Assert.Equal(2, await Jobs.DeleteExpiredAsync(Now.AddMinutes(2), 2, Token));
        Assert.Equal(1, await Jobs.DeleteExpiredAsync(Now.AddMinutes(2), 2, Token));
        Assert.Equal(1, await Jobs.DeleteExpiredAsync(Now.AddDays(1), 2, Token));
        Assert.Equal([kept.Id], await FindAsync(new JobFilter()));
    }

    private async Task<(JobStatus Status, DateTimeOffset? DateExpires)> StatusAndExpiryAsync(JobId id)
    {
        var job = await GetAsync(id);
        return (job.Status, job.DateExpires);
    }
}
