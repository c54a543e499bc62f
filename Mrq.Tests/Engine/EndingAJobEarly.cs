using Mrq.Jobs;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Engine;

/// <summary>Timeout, cancel, abort: how a job ends before its task is done.</summary>
public abstract class EndingAJobEarly(StorePair pair) : EngineSpec(pair)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_that_runs_longer_than_its_timeout_ends_as_timeout()
    {
        var gate = new Gate();
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>(
            "long", (_, _, token) => gate.PassAsync(token), new TaskOptions { Timeout = TimeSpan.FromMilliseconds(50) }));

        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("long"));

        Assert.Equal((JobStatus.Timeout, "timeout"), (job.Status, job.ExceptionType));
        Assert.Contains("0.05 s", job.ExceptionMessage, StringComparison.Ordinal);
        Assert.Contains(nameof(Gate.PassAsync), job.Traceback, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_that_swallows_its_cancellation_ends_as_timeout_all_the_same()
    {
        var gate = new Gate();
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams, string>(
            "greedy",
            async (_, _, token) =>
            {
                try
                {
                    await gate.PassAsync(token);
                }
                catch (OperationCanceledException)
                {
                    // It thinks that it knows better.
                }

                return "done after all";
            },
            new TaskOptions { Timeout = TimeSpan.FromMilliseconds(50) }));

        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("greedy"));

        Assert.Equal(JobStatus.Timeout, job.Status);
        Assert.Null(job.Result);
    }

    [Fact]
    public async Task A_task_that_ignores_its_abort_is_recorded_after_the_grace_and_its_late_result_is_refused()
    {
        var gate = new Gate();
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams, string>("deaf", async (_, context, _) =>
        {
            await gate.PassStubbornlyAsync();
            context.SetProgress(1);
            return "too late";
        }));
        var id = await mrq.EnqueueAsync("deaf");
        await gate.WaitForArrivalsAsync();

        await mrq.Control.ApplyAsync(JobAction.Abort, [id], null, Token);
        var aborted = await mrq.WaitForEndAsync(id);
        await mrq.WaitUntilAsync(async () => (await Report(mrq)).Overdue == 1);
        gate.Open();
        await mrq.WaitUntilAsync(async () => (await Report(mrq)).Overdue == 0);
        var after = await mrq.FindAsync(id);

        Assert.Equal(JobStatus.Abort, aborted.Status);
        Assert.Contains("grace", aborted.ExceptionMessage, StringComparison.Ordinal);
        Assert.Equal((JobStatus.Abort, null), (after.Status, after.Result));
        Assert.NotNull(after.DateExpires);
    }

    [Fact]
    public async Task Abort_cancels_the_token_of_a_running_job_and_its_slot_takes_the_next()
    {
        var gate = new Gate();
        await using var mrq = await StartEngineAsync(
            b => b.AddTask<NoParams>("hold", (_, _, token) => gate.PassAsync(token)).AddTask<NoParams, int>("next", (_, _, _) => Task.FromResult(1)),
            w => w.Concurrency = 1);
        var held = await mrq.EnqueueAsync("hold");
        await gate.WaitForArrivalsAsync();
        var next = await mrq.EnqueueAsync("next");

        var outcome = await mrq.Control.ApplyAsync(JobAction.Abort, [held], null, Token);

        Assert.Equal([held], outcome.Done);
        Assert.Equal(JobStatus.Abort, (await mrq.WaitForEndAsync(held)).Status);
        Assert.Equal(JobStatus.Success, (await mrq.WaitForEndAsync(next)).Status);
    }

    [Fact]
    public async Task A_task_can_abort_itself()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("enough", (_, context, _) =>
        {
            context.Abort(new InvalidOperationException("the input makes no sense"));
            return Task.CompletedTask;
        }));

        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("enough"));

        Assert.Equal((JobStatus.Abort, "the input makes no sense"), (job.Status, job.ExceptionMessage));
        Assert.Equal(TimeSpan.FromDays(1), job.DateExpires - job.DateUpdated);
        Assert.Single(job.TracebackHistory);
    }

    [Fact]
    public async Task A_cancelled_job_never_runs_and_leaves_its_queue()
    {
        var gate = new Gate();
        await using var mrq = await StartEngineAsync(
            b => b.AddTask<NoParams>("hold", (_, _, token) => gate.PassAsync(token)),
            w => (w.Concurrency, w.Prefetch) = (1, 0));
        var running = await mrq.EnqueueAsync("hold");
        await gate.WaitForArrivalsAsync();
        var waiting = await mrq.EnqueueAsync("hold");

        var outcome = await mrq.Control.ApplyAsync(JobAction.Cancel, [running, waiting], null, Token);
        var cancelled = await mrq.FindAsync(waiting);
        gate.Open();
        var finished = await mrq.WaitForEndAsync(running);

        Assert.Equal([waiting], outcome.Done);
        Assert.Contains("abort it first", Assert.Single(outcome.Refused).Reason, StringComparison.Ordinal);
        Assert.Equal(JobStatus.Success, finished.Status);
        Assert.Equal(JobStatus.Cancel, cancelled.Status);
        Assert.True(cancelled.DateExpires > cancelled.DateUpdated);
        Assert.Equal(0, await mrq.WaitingAsync("default"));
        Assert.Equal(1, gate.Arrivals);
    }

    [Fact]
    public async Task Abort_of_a_job_that_waits_is_refused_with_the_reason()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("idle", (_, _, _) => Task.CompletedTask), workers: false);
        var id = await mrq.EnqueueAsync("idle");

        var outcome = await mrq.Control.ApplyAsync(JobAction.Abort, [id], null, Token);

        Assert.Empty(outcome.Done);
        Assert.Contains("Cancel one that waits", Assert.Single(outcome.Refused).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_abort_that_nobody_was_there_to_hear_is_recorded_by_maintenance()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("idle", (_, _, _) => Task.CompletedTask), workers: false);
        var id = await mrq.EnqueueAsync("idle");
        await mrq.Get<IJobStore>().StartAsync([id], new WorkerId("gone"), TimeProvider.System.GetUtcNow(), Token);

        await mrq.Control.ApplyAsync(JobAction.Abort, [id], null, Token);
        var job = await mrq.WaitForEndAsync(id);

        Assert.Equal(JobStatus.Abort, job.Status);
    }

    private static Task<WorkerReport> Report(TestEngine mrq) => mrq.WorkerAsync();
}

public sealed class EndingAJobEarlyOnSqlite() : EndingAJobEarly(StorePair.Sqlite);

public sealed class EndingAJobEarlyOnRedisAndMongo() : EndingAJobEarly(StorePair.RedisAndMongo);
