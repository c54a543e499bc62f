using System.Text.Json;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Tasks;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

/// <summary>The specs of the original's bulk actions (test_jobaction.py), and of cancelling while a job runs (test_cancel.py).</summary>
public abstract class AsTheOriginalActs(StorePair pair) : EngineSpec(pair)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{"path":"add"}""", 3)]
    [InlineData("""{"queue":"q1"}""", 2)]
    [InlineData("""{"params":{"a":1,"b":2}}""", 1)]
    public async Task Queued_jobs_are_cancelled_and_requeued_by_path_queue_or_params(string json, int count)
    {
        var filter = (JsonSerializer.Deserialize<JobFilterJson>(json, JsonSerializerOptions.Web)!.ToFilter(out _) ?? throw new InvalidOperationException()) with
        {
            Statuses = JobStatuses.Of(JobStatus.Queued),
        };
        await using var mrq = await StartAsync();
        List<JobId> all =
        [
            await EnqueueAsync(mrq, "add", """{"a":1,"b":2}""", "q1"), await EnqueueAsync(mrq, "add", """{"a":3,"b":4}""", "q1"),
            await EnqueueAsync(mrq, "add", """{"a":5,"b":6}""", "q2"), await EnqueueAsync(mrq, "other", """{"a":7,"b":8}""", "q2"),
        ];

        var cancel = await RunAsync(mrq, JobAction.Cancel, filter);
        var cancelled = (await mrq.Queries.GetAsync(all, withPayload: true, Token)).Where(j => j.Status == JobStatus.Cancel).ToList();
        var waitingThen = await WaitingAsync(mrq);
        var requeue = await RunAsync(mrq, JobAction.Requeue, filter with { Statuses = JobStatuses.Of(JobStatus.Cancel) });

        Assert.Equal((count, count), (DoneOf(cancel), cancelled.Count));
        Assert.All(cancelled, job => Assert.Null(job.Result));
        Assert.All(cancelled, job => Assert.True(job.DateExpires > job.DateUpdated));
        Assert.Equal(4 - count, waitingThen);
        Assert.Equal((count, 4), (DoneOf(requeue), await WaitingAsync(mrq)));
        Assert.Equal(4, await mrq.Queries.CountAsync(new JobFilter { Ids = all, Statuses = JobStatuses.Of(JobStatus.Queued) }, 10, Token));
    }

    [Fact]
    public async Task Cancelled_by_their_worker_are_also_those_that_have_ended()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams, int>("quick", (_, _, _) => Task.FromResult(42)));
        var ended = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("quick"));

        var action = await RunAsync(mrq, JobAction.Cancel, new JobFilter { Worker = ended.Worker });

        Assert.Equal(1, DoneOf(action));
        Assert.Equal(JobStatus.Cancel, (await mrq.FindAsync(ended.Id)).Status);
    }

    [Theory]
    [InlineData(JobAction.Cancel, JobStatus.Cancel)]
    [InlineData(JobAction.Requeue, JobStatus.Queued)]
    [InlineData(JobAction.Retry, JobStatus.Queued)]
    public async Task Jobs_that_were_queued_after_the_action_are_left_alone(JobAction action, JobStatus status)
    {
        JobId later;
        List<JobId> earlier;
        await using (var accepts = await StartEngineAsync(Tasks, workers: false))
        {
            earlier = [await EnqueueAsync(accepts, "other", "{}", "q1"), await EnqueueAsync(accepts, "other", "{}", "q1")];
            await accepts.Get<BulkActions>().StartAsync(action, new JobFilter { Path = "other" }, queue: new QueueName("moved"), Token);
            later = await EnqueueAsync(accepts, "other", "{}", "q1");
        }

        await using var mrq = await StartAsync();
        await mrq.WaitUntilAsync(async () => await mrq.Queries.CountAsync(
            new JobFilter { Queue = QueueName.System.Value, Statuses = JobStatuses.Final }, 10, Token) == 1);

        Assert.Equal((JobStatus.Queued, "q1"), ((await mrq.FindAsync(later)).Status, (await mrq.FindAsync(later)).Queue.Value));
        foreach (var id in earlier)
        {
            var job = await mrq.FindAsync(id);
            Assert.Equal((status, action == JobAction.Cancel ? "q1" : "moved"), (job.Status, job.Queue.Value));
        }
    }

    [Fact]
    public async Task What_runs_while_the_rest_is_cancelled_runs_to_its_end()
    {
        var gate = new Gate();
        await using var mrq = await StartEngineAsync(
            b => b.AddTask<NoParams, int>("hold", async (_, _, token) =>
            {
                await gate.PassAsync(token);
                return 1;
            }),
            w => (w.Concurrency, w.Prefetch) = (1, 0));
        var running = await mrq.EnqueueAsync("hold");
        await gate.WaitForArrivalsAsync();
        var waiting = await mrq.EnqueueAsync("hold");

        await RunAsync(mrq, JobAction.Cancel, new JobFilter { Path = "hold", Statuses = JobStatuses.Of(JobStatus.Queued) });
        gate.Open();
        var (done, cancelled) = (await mrq.WaitForEndAsync(running), await mrq.FindAsync(waiting));

        Assert.Equal((JobStatus.Success, "1"), (done.Status, done.Result));
        Assert.Equal((JobStatus.Cancel, null, 0), (cancelled.Status, cancelled.Result, cancelled.Attempt));
        Assert.True(cancelled.DateExpires > cancelled.DateUpdated);
        Assert.Equal(0, await mrq.WaitingAsync("default"));
    }

    private static void Tasks(Hosting.MrqBuilder b)
    {
        b.AddTask<TestTasks.AddParams>("add", (_, _, _) => Task.CompletedTask);
        b.AddTask<Dictionary<string, JsonElement>>("other", (_, _, _) => Task.CompletedTask);
    }

    // Nobody listens to the queues of these jobs; the system worker carries the actions out.
    private Task<TestEngine> StartAsync() => StartEngineAsync(
        b =>
        {
            Tasks(b);
            b.AddSystemWorker();
        },
        workers: false);

    private static Task<JobId> EnqueueAsync(TestEngine mrq, string path, string parameters, string queue) =>
        mrq.EnqueueAsync(path, parameters, r => r with { Queue = new QueueName(queue) });

    private static async Task<long> WaitingAsync(TestEngine mrq) => await mrq.WaitingAsync("q1") + await mrq.WaitingAsync("q2");

    private static async Task<Job> RunAsync(TestEngine mrq, JobAction action, JobFilter filter) =>
        await mrq.WaitForEndAsync(await mrq.Get<BulkActions>().StartAsync(action, filter, queue: null, Token));

    private static int DoneOf(Job action) => JsonElement.Parse(action.Result ?? "{}").GetProperty("done").GetInt32();
}

public sealed class AsTheOriginalActsOnSqlite() : AsTheOriginalActs(StorePair.Sqlite);

public sealed class AsTheOriginalActsOnRedisAndMongo() : AsTheOriginalActs(StorePair.RedisAndMongo);
