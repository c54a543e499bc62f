using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Tasks;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

public abstract class ActingOnManyJobs(StorePair pair) : EngineSpec(pair)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Everything_that_matches_is_cancelled_by_a_job_with_progress_and_nothing_else()
    {
        await using var mrq = await StartAsync();
        await EnqueueAsync(mrq, "wait", "a", 1500);
        await EnqueueAsync(mrq, "wait", "b", 10);
        var filter = new JobFilter { Queue = "a", Statuses = JobStatuses.Of(JobStatus.Queued) };

        var preview = await mrq.Get<BulkActions>().PreviewAsync(JobAction.Cancel, filter, Token);
        var action = await mrq.WaitForEndAsync(await mrq.Get<BulkActions>().StartAsync(JobAction.Cancel, filter, null, Token));

        Assert.Equal(1500, preview.Count);
        Assert.Equal(1500, preview.ByQueue[new QueueName("a")]);
        Assert.NotEmpty(preview.Sample);
        Assert.Equal((JobStatus.Success, 1), (action.Status, action.Progress));
        Assert.Contains("\"done\":1500", action.Result, StringComparison.Ordinal);
        Assert.Equal(0, await mrq.WaitingAsync("a"));
        Assert.Equal(10, await mrq.WaitingAsync("b"));
    }

    [Fact]
    public async Task What_was_queued_after_the_action_is_left_alone()
    {
        await using var mrq = await StartAsync(system: false);
        await EnqueueAsync(mrq, "wait", "a", 3);
        await mrq.Get<BulkActions>().StartAsync(JobAction.Cancel, new JobFilter { Path = "wait" }, null, Token);
        await EnqueueAsync(mrq, "wait", "a", 2);

        var bounded = (await mrq.Queries.FindAsync(new JobFilter { Path = JobActionTask.Path }, new JobPageRequest(), Token)).Jobs.Single();
        Assert.Contains("not_after", bounded.Params, StringComparison.Ordinal);

        var preview = await mrq.Get<BulkActions>().PreviewAsync(JobAction.Cancel, new JobFilter { Path = "wait", NotAfter = bounded.Id }, Token);
        Assert.Equal(3, preview.Count);
    }

    [Fact]
    public async Task Requeue_by_filter_brings_them_back_to_another_queue()
    {
        await using var mrq = await StartAsync();
        await EnqueueAsync(mrq, "wait", "a", 20);
        await RunAsync(mrq, JobAction.Cancel, new JobFilter { Path = "wait" }, null);

        await RunAsync(mrq, JobAction.Requeue, new JobFilter { Path = "wa*", Statuses = JobStatuses.Of(JobStatus.Cancel) }, new QueueName("b"));

        Assert.Equal(20, await mrq.WaitingAsync("b"));
        Assert.Equal(20, await mrq.Queries.CountAsync(new JobFilter { Queue = "b", Statuses = JobStatuses.Of(JobStatus.Queued) }, 100, Token));
    }

    [Fact]
    public async Task An_action_that_matches_nothing_is_harmless()
    {
        await using var mrq = await StartAsync();

        var action = await RunAsync(mrq, JobAction.Delete, new JobFilter { Path = "nothing" }, null);

        Assert.Contains("\"done\":0", action.Result, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Purging_a_queue_cancels_what_waits_in_it()
    {
        await using var mrq = await StartAsync();
        await EnqueueAsync(mrq, "wait", "a", 5);

        Assert.Equal(5, await mrq.Get<QueueControl>().PurgeAsync(new QueueName("a"), Token));
        Assert.Equal(0, await mrq.WaitingAsync("a"));
        Assert.Equal(5, await mrq.Queries.CountAsync(new JobFilter { Statuses = JobStatuses.Of(JobStatus.Cancel) }, 100, Token));
    }

    [Fact]
    public async Task A_paused_queue_keeps_its_jobs_until_it_is_resumed()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("quick", (_, _, _) => Task.CompletedTask));
        var queues = mrq.Get<QueueControl>();
        await queues.SetPausedAsync(QueueName.Default, paused: true, Token);
        var held = await mrq.EnqueueAsync("quick");
        Assert.True((await queues.FindAsync(QueueName.Default, Token))!.Paused);
        Assert.Equal(JobStatus.Queued, (await mrq.FindAsync(held)).Status);

        await queues.SetPausedAsync(QueueName.Default, paused: false, Token);

        Assert.Equal(JobStatus.Success, (await mrq.WaitForEndAsync(held)).Status);
    }

    private static async Task<Job> RunAsync(TestEngine mrq, JobAction action, JobFilter filter, QueueName? queue) =>
        await mrq.WaitForEndAsync(await mrq.Get<BulkActions>().StartAsync(action, filter, queue, Token));

    // Nobody listens to the queues of these jobs; the system worker carries the actions out.
    private Task<TestEngine> StartAsync(bool system = true) => StartEngineAsync(
        b =>
        {
            b.AddTask<NoParams>("wait", (_, _, _) => Task.CompletedTask);
            if (system)
            {
                b.AddSystemWorker();
            }
        },
        workers: false);

    private static async Task EnqueueAsync(TestEngine mrq, string path, string queue, int count) => await mrq.Client.EnqueueManyAsync(
        [.. Enumerable.Range(0, count).Select(_ => new JobRequest { Path = path, Queue = new QueueName(queue) })], Token);
}

public sealed class ActingOnManyJobsOnSqlite() : ActingOnManyJobs(StorePair.Sqlite);

public sealed class ActingOnManyJobsOnRedisAndMongo() : ActingOnManyJobs(StorePair.RedisAndMongo);
