using System.Collections.Concurrent;
using System.Text.Json;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

/// <summary>Thousands of jobs that wait for one: more than one look of maintenance takes at once.</summary>
public abstract class ReleasingManyJobs(StorePair pair) : EngineSpec(pair)
{
    private const int Count = 2500;

    private readonly ConcurrentDictionary<int, int> _runs = [];
    private readonly TaskCompletionSource<int> _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_get_the_result_and_run_once_while_the_engine_does_other_work()
    {
        await using var mrq = await StartAsync();
        var first = await mrq.EnqueueAsync("first");
        var followers = await FollowAsync(mrq, first);

        _gate.SetResult(7);
        await mrq.WaitForAsync(followers[^1], job => job.Status != JobStatus.Deferred);
        var other = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("other"));

        await mrq.WaitUntilAsync(async () => await CountAsync(mrq, JobStatus.Success) == Count + 2);
        Assert.Equal(JobStatus.Success, other.Status);
        Assert.Equal((Count, 1), (_runs.Count, _runs.Values.Max()));
        Assert.Equal("""{"number":0,"given":7}""", (await mrq.FindAsync(followers[0])).Params);
    }

    [Fact]
    public async Task All_are_cancelled_when_it_fails_and_run_after_all_when_it_is_retried_and_succeeds()
    {
        await using var mrq = await StartAsync();
        var first = await mrq.EnqueueAsync("first", with: r => r with { Queue = new QueueName("parked") });
        var followers = await FollowAsync(mrq, first);
        _gate.SetResult(7);

        await mrq.Control.ApplyAsync(JobAction.Cancel, [first], null, Token);
        await mrq.WaitUntilAsync(async () => await CountAsync(mrq, JobStatus.Cancel) == Count + 1);
        await mrq.Control.ApplyAsync(JobAction.Requeue, [first], QueueName.Default, Token);

        await mrq.WaitUntilAsync(async () => await CountAsync(mrq, JobStatus.Success) == Count + 1);
        Assert.Equal((Count, 1), (_runs.Count, _runs.Values.Max()));
        Assert.Null((await mrq.FindAsync(followers[^1])).ExceptionType);
    }

    /// <summary>Stores jobs that wait for this one. Requests make only one such; what the engine does must not depend on that.</summary>
    private static async Task<IReadOnlyList<JobId>> FollowAsync(TestEngine mrq, JobId first)
    {
        var now = TimeProvider.System.GetUtcNow();
        List<Job> followers =
        [
            .. Enumerable.Range(0, Count).Select(i => new Job
            {
                Id = JobId.New(TimeProvider.System), Path = "follow", Params = JsonSerializer.Serialize(new { number = i }), Queue = QueueName.Default, Status = JobStatus.Deferred,
                DateQueued = now, DateUpdated = now, After = first, ResultAs = "given",
            }),
        ];
        foreach (var portion in followers.Chunk(1000))
        {
            await mrq.Get<IJobStore>().InsertAsync(portion, Token);
        }

        return [.. followers.Select(job => job.Id)];
    }

    private static Task<long> CountAsync(TestEngine mrq, JobStatus status) => mrq.Queries.CountAsync(new JobFilter { Statuses = JobStatuses.Of(status) }, long.MaxValue, Token);

    private Task<TestEngine> StartAsync() => StartEngineAsync(
        b =>
        {
            b.AddTask<NoParams, int>("first", (_, _, stop) => _gate.Task.WaitAsync(stop));
            b.AddTask<NoParams>("other", (_, _, _) => Task.CompletedTask);
            b.AddTask<Follower>("follow", (follower, _, _) =>
            {
                _runs.AddOrUpdate(follower.Number, 1, (_, runs) => runs + 1);
                return Task.CompletedTask;
            });
        },
        w => (w.Queues, w.Concurrency) = ([QueueName.Default], 50));

    private sealed record Follower(int Number, int Given);
}

public sealed class ReleasingManyJobsOnSqlite() : ReleasingManyJobs(StorePair.Sqlite);

public sealed class ReleasingManyJobsOnRedisAndMongo() : ReleasingManyJobs(StorePair.RedisAndMongo);
