using Mrq.Batches;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Tests.Contracts;

/// <summary>What every <see cref="IBatchStore"/> does, and what the stores of jobs do for batches.</summary>
public abstract class BatchStoreContract(StoreFamily family) : StoreContract(family)
{
    private IBatchStore Batches => Stores.Batches;

    [Fact]
    public async Task A_batch_is_read_as_it_was_stored_and_storing_it_again_is_nothing()
    {
        var batch = NewBatch() with { Name = "nightly", OnComplete = JobId.New(Clock), OnSuccess = JobId.New(Clock), Total = 7 };
        await Batches.InsertAsync(batch, Token);
        await Batches.InsertAsync(batch with { Name = "other" }, Token);

        var read = await GetAsync(batch);

        Assert.Equal(
            (batch.Name, batch.OnComplete, batch.OnSuccess, 7, batch.Created, batch.Updated, false, 0),
            (read.Name, read.OnComplete, read.OnSuccess, read.Total, read.Created, read.Updated, read.IsStored, read.Adding));
        Assert.Null(read.FinishedAt);
        Assert.Null(read.CancelledAt);
        Assert.Empty(read.Counts);
    }

    [Fact]
    public async Task Of_one_key_there_is_one_batch()
    {
        var first = NewBatch() with { IdempotencyKey = "night" };

        Assert.Null(await Batches.InsertAsync(first, Token));
        Assert.Null(await Batches.InsertAsync(first, Token));
        Assert.Equal(first.Id, await Batches.InsertAsync(NewBatch() with { IdempotencyKey = "night" }, Token));
        Assert.Null(await Batches.InsertAsync(NewBatch() with { IdempotencyKey = "day" }, Token));
        Assert.Equal("night", (await GetAsync(first)).IdempotencyKey);
        Assert.True(await Batches.DeleteAsync(first.Id, Token));
        Assert.Null(await Batches.InsertAsync(NewBatch() with { IdempotencyKey = "night" }, Token));
    }

    [Fact]
    public async Task Those_who_add_jobs_are_counted_with_them()
    {
        var batch = await StoreAsync();

        Assert.True(await Batches.BeginAddAsync(batch.Id, 5, Now, Token));
        Assert.True(await Batches.BeginAddAsync(batch.Id, 3, Now.AddSeconds(1), Token));
        await Batches.EndAddAsync(batch.Id, 2, Now.AddSeconds(2), Token);
        await Batches.SetStoredAsync(batch.Id, Token);

        var read = await GetAsync(batch);
        Assert.Equal((6, 1, true, Now.AddSeconds(2)), (read.Total, read.Adding, read.IsStored, read.Updated));
    }

    [Fact]
    public async Task Of_several_who_end_a_batch_one_does()
    {
        var batch = await StoreAsync();
        var counts = new Dictionary<JobStatus, long> { [JobStatus.Success] = 3, [JobStatus.Failed] = 1 };

        Assert.True(await Batches.FinishAsync(batch, counts, Now, Token));
        Assert.False(await Batches.FinishAsync(batch, counts, Now.AddHours(1), Token));
        var finished = await GetAsync(batch);
        Assert.Equal((Now, 4), (finished.FinishedAt, finished.Total));
        Assert.Equal(counts, finished.Counts);
        Assert.True(await Batches.FinishAsync(finished, new Dictionary<JobStatus, long> { [JobStatus.Success] = 4 }, Now.AddHours(1), Token));
        Assert.Equal(Now, (await GetAsync(batch)).FinishedAt);
    }

    [Fact]
    public async Task A_batch_to_which_jobs_are_added_does_not_end()
    {
        var batch = await StoreAsync();
        await Batches.BeginAddAsync(batch.Id, 1, Now, Token);

        Assert.False(await Batches.FinishAsync(batch, new Dictionary<JobStatus, long>(), Now, Token));
    }

    [Fact]
    public async Task A_cancelled_or_finished_batch_takes_no_jobs()
    {
        var (cancelled, finished) = (await StoreAsync(), await StoreAsync());

        Assert.True(await Batches.CancelAsync(cancelled.Id, abortsRunning: false, Now, Token));
        Assert.True(await Batches.CancelAsync(cancelled.Id, abortsRunning: true, Now.AddHours(1), Token));
        await Batches.FinishAsync(finished, new Dictionary<JobStatus, long>(), Now, Token);

        Assert.Equal((Now, true), ((await GetAsync(cancelled)).CancelledAt, (await GetAsync(cancelled)).AbortsRunning));
        Assert.False(await Batches.BeginAddAsync(cancelled.Id, 1, Now, Token));
        Assert.False(await Batches.BeginAddAsync(finished.Id, 1, Now, Token));
        Assert.False(await Batches.BeginAddAsync(JobId.New(Clock), 1, Now, Token));
        Assert.False(await Batches.CancelAsync(finished.Id, abortsRunning: false, Now, Token));
    }

    [Fact]
    public async Task A_batch_is_closed_once_and_only_when_nobody_has_added_to_it_for_long()
    {
        var (silent, loud, cancelled, whole) = (await StoreAsync(), await StoreAsync(), await StoreAsync(), await StoreAsync());
        await Batches.BeginAddAsync(loud.Id, 1, Now.AddSeconds(1), Token);
        await Batches.CancelAsync(cancelled.Id, abortsRunning: false, Now, Token);
        await Batches.SetStoredAsync(whole.Id, Token);

        Assert.True(await Batches.CloseAsync(silent.Id, Now, Token));
        Assert.False(await Batches.CloseAsync(silent.Id, Now, Token));
        Assert.False(await Batches.CloseAsync(loud.Id, Now, Token));
        Assert.False(await Batches.CloseAsync(cancelled.Id, Now, Token));
        Assert.False(await Batches.CloseAsync(whole.Id, Now, Token));
        Assert.False(await Batches.CloseAsync(JobId.New(Clock), Now, Token));

        Assert.Equal((true, false), ((await GetAsync(silent)).IsStored, (await GetAsync(loud)).IsStored));
        // Whoever has read it before does not end it as an incomplete one.
        Assert.False(await Batches.FinishAsync(silent, new Dictionary<JobStatus, long>(), Now, Token));
        var ended = await GetAsync(silent);
        Assert.True(await Batches.FinishAsync(ended, new Dictionary<JobStatus, long>(), Now, Token));
    }

    [Fact]
    public async Task Lists_are_paged_newest_first_and_looks_oldest_first()
    {
        var batches = new List<Batch>();
        for (var i = 0; i < 5; i++)
        {
            batches.Add(await StoreAsync());
        }

        await Batches.FinishAsync(batches[1], new Dictionary<JobStatus, long>(), Now, Token);
        List<JobId> ids = [.. batches.Select(batch => batch.Id)];

        Assert.Equal([ids[4], ids[3]], IdsOf(await Batches.ListAsync(null, 2, Token)));
        Assert.Equal([ids[2], ids[1], ids[0]], IdsOf(await Batches.ListAsync(ids[3], 10, Token)));
        Assert.Equal([ids[0], ids[2]], IdsOf(await Batches.FindAsync(isFinished: false, null, 2, Token)));
        Assert.Equal([ids[3], ids[4]], IdsOf(await Batches.FindAsync(isFinished: false, ids[2], 10, Token)));
        Assert.Equal([ids[1]], IdsOf(await Batches.FindAsync(isFinished: true, null, 10, Token)));
        Assert.True(await Batches.DeleteAsync(ids[1], Token));
        Assert.False(await Batches.DeleteAsync(ids[1], Token));
        Assert.Empty(await Batches.GetAsync([ids[1]], Token));
    }

    [Fact]
    public async Task Jobs_of_a_tag_are_counted_by_status()
    {
        var tag = Batch.TagOf(JobId.New(Clock));
        var jobs = await InsertManyAsync(5, (job, i) => job with { Path = $"task{i % 2}", Tags = i < 4 ? ["x", tag] : ["x"] });
        await StartAsync(jobs[0]);
        await TransitionAsync(JobStatus.Cancel, jobs[1].Id);

        var counts = await Queries.CountByStatusAsync(tag, Token);

        Assert.Equal(new Dictionary<JobStatus, long> { [JobStatus.Queued] = 2, [JobStatus.Started] = 1, [JobStatus.Cancel] = 1 }, counts);
        Assert.Empty(await Queries.CountByStatusAsync("nobody", Token));
    }

    [Fact]
    public async Task Expired_jobs_are_kept_as_long_as_their_batch_has_not_ended()
    {
        var (open, finished) = (await StoreAsync(), await StoreAsync());
        await Batches.FinishAsync(finished, new Dictionary<JobStatus, long>(), Now, Token);
        var ofOpen = await InsertAsync(NewJob() with { Status = JobStatus.Cancel, DateExpires = Now, Tags = [open.Tag] });
        var ofFinished = await InsertAsync(NewJob() with { Status = JobStatus.Cancel, DateExpires = Now, Tags = [finished.Tag] });
        var alone = await InsertAsync(NewJob() with { Status = JobStatus.Cancel, DateExpires = Now });

        Assert.Equal(3, await Jobs.DeleteExpiredAsync(Now, 10, Token));

        Assert.Equal([ofOpen.Id], (await Queries.GetAsync([ofOpen.Id, ofFinished.Id, alone.Id], withPayload: false, Token)).Select(job => job.Id));
        await Batches.FinishAsync(await GetAsync(open), new Dictionary<JobStatus, long>(), Now, Token);
        Assert.Equal(0, await Jobs.DeleteExpiredAsync(Now, 10, Token));
        Assert.Equal(1, await Jobs.DeleteExpiredAsync(Now.AddHours(1), 10, Token));
    }

    private static IEnumerable<JobId> IdsOf(IEnumerable<Batch> batches) => batches.Select(batch => batch.Id);

    private Batch NewBatch() => new() { Id = JobId.New(Clock), Created = Now, Updated = Now };

    private async Task<Batch> StoreAsync()
    {
        var batch = NewBatch();
        await Batches.InsertAsync(batch, Token);
        return batch;
    }

    private async Task<Batch> GetAsync(Batch batch) => Assert.Single(await Batches.GetAsync([batch.Id], Token));
}
