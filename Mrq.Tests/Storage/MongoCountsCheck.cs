using Microsoft.Extensions.Logging.Abstractions;
using Mrq.Jobs;
using Mrq.Storage;
using Mrq.Storage.Mongo;
using Mrq.Storage.Mongo.Driver;
using Mrq.Tests.Contracts;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

/// <summary>Totals that a dead process, or another program, has left wrong are put right; others are left alone.</summary>
public sealed class MongoCountsCheck : StoreContract
{
    private readonly MongoFamily _family;
    private MongoDatabase? _database;

    public MongoCountsCheck(SharedMongoServer server)
        : this(new MongoFamily(server))
    {
    }

    private MongoCountsCheck(MongoFamily family)
        : base(family) => _family = family;

    [Fact]
    public async Task Documents_that_were_there_before_any_total_are_counted_at_once()
    {
        var check = await OpenCheckAsync();
        await WriteJobsAsync(new BulkWrites(true).Insert(Foreign("success")).Insert(Foreign("success")).Insert(Foreign("failed")));

        Assert.Equal(2, await check.CheckAsync(Token));

        Assert.Equal(
            [new JobCount("theirs", Q, JobStatus.Success, null, 2), new JobCount("theirs", Q, JobStatus.Failed, null, 1)],
            (await Queries.CountsAsync(Token)).OrderBy(count => count.Status));
        Assert.Equal(2, (await FindAsync(new JobFilter { Statuses = JobStatuses.Of(JobStatus.Success) })).Count);
    }

    [Fact]
    public async Task A_wrong_total_is_put_right_by_the_second_pass()
    {
        var check = await OpenCheckAsync();
        var jobs = await InsertManyAsync(3);
        await WriteJobsAsync(new BulkWrites(true).DeleteOne(BsonWriter.Document(w => w.ObjectId("_id"u8, jobs[0].Id))));

        Assert.Equal(0, await check.CheckAsync(Token));
        Assert.Equal(3, Assert.Single(await Queries.CountsAsync(Token)).Count);
        Assert.Equal(1, await check.CheckAsync(Token));
        Assert.Equal(2, Assert.Single(await Queries.CountsAsync(Token)).Count);
        Assert.Equal(0, await check.CheckAsync(Token));
    }

    [Fact]
    public async Task A_total_that_changes_between_the_passes_waits_for_a_quiet_time()
    {
        var check = await OpenCheckAsync();
        var jobs = await InsertManyAsync(3);
        await WriteJobsAsync(new BulkWrites(true).DeleteOne(BsonWriter.Document(w => w.ObjectId("_id"u8, jobs[0].Id))));
        await check.CheckAsync(Token);
        await InsertAsync();

        Assert.Equal(0, await check.CheckAsync(Token));
        Assert.Equal(1, await check.CheckAsync(Token));
        Assert.Equal(3, Assert.Single(await Queries.CountsAsync(Token)).Count);
    }

    [Fact]
    public async Task A_group_that_nobody_counted_is_found_by_the_second_pass()
    {
        var check = await OpenCheckAsync();
        await InsertAsync();
        await WriteJobsAsync(new BulkWrites(true).Insert(Foreign("success")));

        Assert.Equal(0, await check.CheckAsync(Token));
        Assert.Equal(1, await check.CheckAsync(Token));
        Assert.Equal(2, (await Queries.CountsAsync(Token)).Count);
    }

    [Fact]
    public async Task A_group_without_jobs_is_forgotten()
    {
        var check = await OpenCheckAsync();
        var job = await InsertAsync();
        await Jobs.DeleteAsync([job.Id], Token);

        Assert.Equal(0, await check.CheckAsync(Token));
        Assert.Equal(1, await check.CheckAsync(Token));
        Assert.Empty(await new JobCounts(Database).LoadAsync(Token));
        await InsertAsync();
        Assert.Equal(1, Assert.Single(await Queries.CountsAsync(Token)).Count);
    }

    private MongoDatabase Database => _database ?? throw new InvalidOperationException("The check has not been opened.");

    public override async ValueTask DisposeAsync()
    {
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }

        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private async Task<JobCountsCheck> OpenCheckAsync()
    {
        _database = new MongoDatabase(_family.Options, TimeProvider.System, NullLogger<MongoDatabase>.Instance);
        await _database.OpenAsync(Token);
        return new JobCountsCheck(_database, new JobCounts(_database), Clock);
    }

    private async Task WriteJobsAsync(BulkWrites writes) =>
        (await Database.RunAsync(client => client.BulkWriteAsync(Database.Collections.Jobs, writes, Token))).OrThrow();

    /// <summary>A document as another program makes it.</summary>
    private byte[] Foreign(string status) => BsonWriter.Document(w => w
        .ObjectId("_id"u8, JobId.New(Clock)).String("path"u8, "theirs").String("queue"u8, Q.Value).String("status"u8, status));
}
