using Mrq.Batches;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

/// <summary>What goes of old batches, when, and what does not.</summary>
public abstract class DeletingOldBatches(StorePair pair) : EngineSpec(pair)
{
    private static readonly TimeSpan Ttl = TimeSpan.FromHours(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_that_ended_long_ago_goes_when_none_of_its_jobs_is_left()
    {
        await using var mrq = await StartAsync();
        var withJob = await StoreAsync(mrq, ended: Ttl * 2, JobIn(JobStatus.Success));
        var young = await StoreAsync(mrq, ended: Ttl / 2);
        var open = await StoreAsync(mrq, ended: null, JobIn(JobStatus.Queued));
        var empty = await StoreAsync(mrq, ended: null);

        // Batches are looked at from the oldest on: when this one has gone, the others were looked at before it.
        await GoneAsync(mrq, await StoreAsync(mrq, ended: Ttl * 2));

        Assert.Equal([empty.Id, open.Id, young.Id, withJob.Id], (await mrq.Get<IBatchStore>().ListAsync(null, 10, Token)).Select(batch => batch.Id));
        await mrq.Control.ApplyAsync(JobAction.Delete, await JobsAsync(mrq, withJob), null, Token);
        await GoneAsync(mrq, withJob);
    }

    [Fact]
    public async Task A_batch_that_has_never_had_a_job_ends_first_and_is_kept_from_then_on()
    {
        await using var mrq = await StartAsync();
        var empty = await StoreAsync(mrq, ended: null);

        await mrq.WaitUntilAsync(async () => await FindAsync(mrq, empty) is { FinishedAt: not null });
        await GoneAsync(mrq, await StoreAsync(mrq, ended: Ttl * 2));

        Assert.NotNull(await FindAsync(mrq, empty));
    }

    [Fact]
    public async Task A_job_that_still_waits_for_the_success_of_one_that_has_gone_is_cancelled()
    {
        await using var mrq = await StartAsync();
        var waiting = JobIn(JobStatus.Deferred) with { DateQueued = TimeProvider.System.GetUtcNow() - Ttl };
        var batch = await StoreAsync(mrq, NewBatch() with { OnSuccess = waiting.Id }, ended: Ttl * 2);
        await GoneAsync(mrq, batch);

        await mrq.Get<IJobStore>().InsertAsync([waiting with { After = batch.Id }], Token);

        var cancelled = await mrq.WaitForAsync(waiting.Id, JobStatus.Cancel);
        Assert.Equal((Job.ChainBroken, "What it waited for is gone."), (cancelled.ExceptionType, cancelled.ExceptionMessage));
    }

    [Fact]
    public async Task The_jobs_of_one_that_a_person_deletes_stay()
    {
        await using var mrq = await StartAsync();
        var (ended, open) = (await StoreAsync(mrq, ended: Ttl / 2, JobIn(JobStatus.Failed)), await StoreAsync(mrq, ended: null, JobIn(JobStatus.Queued)));

        Assert.Null(await mrq.Get<BatchControl>().DeleteAsync(ended.Id, Token));
        Assert.Contains("has not ended", await mrq.Get<BatchControl>().DeleteAsync(open.Id, Token), StringComparison.Ordinal);

        Assert.Equal((null, 1, open.Id), (await FindAsync(mrq, ended), (await JobsAsync(mrq, ended)).Count, (await FindAsync(mrq, open))?.Id));
    }

    /// <summary>One to which jobs are added still, so that nobody ends it.</summary>
    private static Batch NewBatch() => new() { Id = JobId.New(TimeProvider.System), Created = TimeProvider.System.GetUtcNow(), Updated = TimeProvider.System.GetUtcNow() };

    private static Job JobIn(JobStatus status)
    {
        var now = TimeProvider.System.GetUtcNow();
        return new Job { Id = JobId.New(TimeProvider.System), Path = "nothing", Params = "{}", Queue = new QueueName("idle"), Status = status, DateQueued = now, DateUpdated = now };
    }

    private static Task<Batch> StoreAsync(TestEngine mrq, TimeSpan? ended, params IReadOnlyList<Job> jobs) => StoreAsync(mrq, NewBatch(), ended, jobs);

    /// <param name="ended">How long ago; null: it has not.</param>
    private static async Task<Batch> StoreAsync(TestEngine mrq, Batch batch, TimeSpan? ended, params IReadOnlyList<Job> jobs)
    {
        var store = mrq.Get<IBatchStore>();
        await mrq.Get<IJobStore>().InsertAsync([.. jobs.Select(job => job with { Tags = [batch.Tag] })], Token);
        await store.InsertAsync(batch, Token);
        if (ended is { } ago)
        {
            await store.FinishAsync(batch, jobs.GroupBy(job => job.Status).ToDictionary(group => group.Key, group => group.LongCount()), TimeProvider.System.GetUtcNow() - ago, Token);
        }
        else
        {
            await store.SetStoredAsync(batch.Id, Token);
        }

        return batch;
    }

    private static async Task<Batch?> FindAsync(TestEngine mrq, Batch batch) => await mrq.Get<IBatchStore>().GetAsync([batch.Id], Token) is [var found] ? found : null;

    private static Task<IReadOnlyList<JobId>> JobsAsync(TestEngine mrq, Batch batch) => mrq.Queries.FindIdsAsync(new JobFilter { Tag = batch.Tag }, null, 10, Token);

    private static Task GoneAsync(TestEngine mrq, Batch batch) => mrq.WaitUntilAsync(async () => await FindAsync(mrq, batch) is null);

    private Task<TestEngine> StartAsync() => StartEngineAsync(b => b.Configure(o => o.DefaultResultTtl = Ttl), workers: false);
}

public sealed class DeletingOldBatchesOnSqlite() : DeletingOldBatches(StorePair.Sqlite);

public sealed class DeletingOldBatchesOnRedisAndMongo() : DeletingOldBatches(StorePair.RedisAndMongo);
