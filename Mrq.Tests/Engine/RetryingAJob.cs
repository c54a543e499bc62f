using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Tasks;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

public abstract class RetryingAJob(StorePair pair) : EngineSpec(pair)
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(20);

    [Fact]
    public async Task A_retry_waits_for_its_delay_and_then_runs_again()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams, int>("twice", (_, context, _) =>
        {
            if (context.Job.RetryCount == 0)
            {
                context.Retry(Short);
            }

            return Task.FromResult(context.Job.Attempt);
        }));

        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("twice"));

        Assert.Equal((JobStatus.Success, "2", 1), (job.Status, job.Result, job.RetryCount));
        Assert.Null(job.ExceptionType);
        Assert.Single(job.TracebackHistory);
    }

    [Fact]
    public async Task While_it_waits_its_next_time_and_queue_are_seen()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("later", (_, context, _) =>
        {
            context.Retry(TimeSpan.FromHours(1), new QueueName("slow"));
            return Task.CompletedTask;
        }));

        var job = await mrq.WaitForAsync(await mrq.EnqueueAsync("later"), JobStatus.Retry);

        Assert.Equal("slow", job.Queue.Value);
        Assert.Equal(TimeSpan.FromHours(1), job.DateRetry - job.DateUpdated);
        Assert.Null(job.Result);
        Assert.Null(job.DateExpires);
    }

    [Fact]
    public async Task A_retry_without_delay_is_back_in_its_queue_at_once()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("move", (_, context, _) =>
        {
            context.Retry(TimeSpan.Zero, new QueueName("other"));
            return Task.CompletedTask;
        }));

        var job = await mrq.WaitForAsync(await mrq.EnqueueAsync("move"), j => j.Status == JobStatus.Queued && j.RetryCount == 1);

        Assert.Equal("other", job.Queue.Value);
        await mrq.WaitUntilAsync(async () => await mrq.WaitingAsync("other") == 1);
    }

    [Fact]
    public async Task Past_its_most_retries_it_ends_as_maxretries_with_the_whole_history()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>(
            "never",
            (_, context, _) =>
            {
                context.Retry(TimeSpan.Zero, cause: new InvalidOperationException($"try {context.Job.RetryCount}"));
                return Task.CompletedTask;
            },
            new TaskOptions { MaxRetries = 2 }));

        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("never"));

        Assert.Equal((JobStatus.MaxRetries, 2, 3), (job.Status, job.RetryCount, job.Attempt));
        Assert.Equal("System.InvalidOperationException", job.ExceptionType);
        Assert.Equal(["try 0", "try 1", "try 2"], job.TracebackHistory.Select(t => t.Message));
    }

    [Fact]
    public async Task Its_worker_counts_as_failed_what_failed_and_not_what_runs_again()
    {
        await using var mrq = await StartEngineAsync(b =>
        {
            b.AddTask<NoParams>(
                "never",
                (_, context, _) =>
                {
                    context.Retry(TimeSpan.Zero);
                    return Task.CompletedTask;
                },
                new TaskOptions { MaxRetries = 2 });
            b.AddTask<NoParams>("fail", (_, _, _) => Task.FromException(new InvalidOperationException()));
            b.AddTask<NoParams>("long", (_, _, token) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token), new TaskOptions { Timeout = TimeSpan.FromMilliseconds(50) });
            b.AddTask<NoParams>("abort", (_, context, _) =>
            {
                context.Abort();
                return Task.CompletedTask;
            });
        });

        foreach (var task in new[] { "never", "fail", "long", "abort" })
        {
            await mrq.WaitForEndAsync(await mrq.EnqueueAsync(task));
        }

        await mrq.WaitUntilAsync(async () => await mrq.WorkerAsync() is { DoneJobs: 6, FailedJobs: 3 });
    }

    [Fact]
    public async Task A_delay_beyond_the_calendar_is_cut()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("far", (_, context, _) =>
        {
            context.Retry(TimeSpan.MaxValue);
            return Task.CompletedTask;
        }));

        var job = await mrq.WaitForAsync(await mrq.EnqueueAsync("far"), JobStatus.Retry);

        Assert.Equal(TimeSpan.FromDays(3650), job.DateRetry - job.DateUpdated);
    }

    [Fact]
    public async Task With_no_retries_allowed_it_ends_at_once()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("never", (_, context, _) =>
        {
            context.Retry();
            return Task.CompletedTask;
        }));

        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("never", with: r => r with { MaxRetries = 0 }));

        Assert.Equal((JobStatus.MaxRetries, 1), (job.Status, job.Attempt));
    }

    [Fact]
    public async Task Requeue_begins_anew_and_retry_keeps_the_count()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>(
            "never",
            (_, context, _) =>
            {
                context.Retry(TimeSpan.Zero);
                return Task.CompletedTask;
            },
            new TaskOptions { MaxRetries = 1 }));
        var id = await mrq.EnqueueAsync("never");
        await mrq.WaitForEndAsync(id);

        await mrq.Control.ApplyAsync(JobAction.Retry, [id], null, TestContext.Current.CancellationToken);
        var retried = await mrq.WaitForAsync(id, j => j.Attempt == 3 && j.Status == JobStatus.MaxRetries);
        await mrq.Control.ApplyAsync(JobAction.Requeue, [id], new QueueName("nobody"), TestContext.Current.CancellationToken);
        var requeued = await mrq.FindAsync(id);

        Assert.Equal(1, retried.RetryCount);
        Assert.Equal((JobStatus.Queued, 0, "nobody"), (requeued.Status, requeued.RetryCount, requeued.Queue.Value));
        Assert.Null(requeued.ExceptionType);
        Assert.Equal(1, await mrq.WaitingAsync("nobody"));
    }
}

public sealed class RetryingAJobOnSqlite() : RetryingAJob(StorePair.Sqlite);

public sealed class RetryingAJobOnRedisAndMongo() : RetryingAJob(StorePair.RedisAndMongo);
