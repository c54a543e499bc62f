using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Storage.Mongo;
using Mrq.Storage.Mongo.Driver;
using Mrq.Tests.Contracts;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Storage;

/// <summary>Whoever has the collections of the original sees its jobs, and can act on them.</summary>
public sealed class OriginalDocuments : StoreContract
{
    private readonly MongoFamily _family;

    public OriginalDocuments(SharedMongoServer server)
        : this(new MongoFamily(server))
    {
    }

    private OriginalDocuments(MongoFamily family)
        : base(family) => _family = family;

    [Fact]
    public async Task A_finished_job_is_read_with_all_that_both_know()
    {
        var (id, worker) = (JobId.New(Clock), JobId.New(Clock));
        await InsertAsync(w => w
            .ObjectId("_id"u8, id).String("path"u8, "tasks.crawler.Fetch")
            .BeginDocument("params"u8).String("url"u8, "http://example.org/ü").Int32("depth"u8, 3).Double("weight"u8, 2.5).Date("since"u8, Now).Null("none"u8).End()
            .String("queue"u8, "crawl").String("status"u8, "success").Double("retry_count"u8, 1)
            .Date("datequeued"u8, Now).Date("datestarted"u8, Now.AddSeconds(1)).Date("dateupdated"u8, Now.AddSeconds(3)).Date("dateexpires"u8, Now.AddDays(7))
            .ObjectId("worker"u8, worker).Double("totaltime"u8, 2.25).Int32("time"u8, 1).Int64("switches"u8, 12).Int32("progress"u8, 1)
            .BeginArray("result"u8).Int64(default, 1).Boolean(default, true).End()
            .Double("memory_diff"u8, 4096)
            .BeginArray("traceback_history"u8).BeginDocument(default)
            .Date("date"u8, Now).String("traceback"u8, "Traceback …").String("exceptiontype"u8, "KeyError").Null("original_traceback"u8).End().End());

        var job = await GetAsync(id);

        Assert.Equal("""{"url":"http://example.org/ü","depth":3,"weight":2.5,"since":"2026-03-01T12:00:00.0000000Z","none":null}""", job.Params);
        Assert.Equal(("tasks.crawler.Fetch", new QueueName("crawl"), JobStatus.Success, 1), (job.Path, job.Queue, job.Status, job.RetryCount));
        Assert.Equal((Now, Now.AddSeconds(1), Now.AddSeconds(3), Now.AddDays(7)), (job.DateQueued, job.DateStarted, job.DateUpdated, job.DateExpires));
        Assert.Equal((new WorkerId(worker.ToString()), 2.25, new JobUsage(1, 12, null, 4096), 1.0, "[1,true]"), (job.Worker, job.TotalTime, job.Usage, job.Progress, job.Result));
        var failure = Assert.Single(job.TracebackHistory);
        Assert.Equal((Now, "KeyError", "Traceback …"), (failure.Date, failure.ExceptionType, failure.Traceback));
    }

    [Fact]
    public async Task A_job_of_which_next_to_nothing_is_known_is_still_a_job()
    {
        var id = JobId.New(Clock);
        await InsertAsync(w => w.ObjectId("_id"u8, id).Null("path"u8).Null("params"u8).String("queue"u8, "a queue, as we would not name it").String("status"u8, "odd"));

        var job = await GetAsync(id);

        Assert.Equal(("", "{}", "a queue, as we would not name it"), (job.Path, job.Params, job.Queue.Value));
        Assert.Equal((JobStatus.Cancel, id.Time, id.Time), (job.Status, job.DateQueued, job.DateUpdated));
    }

    [Theory]
    [InlineData("odd")]
    [InlineData(null)]
    public async Task A_job_whose_status_nobody_knows_can_be_requeued(string? status)
    {
        var id = JobId.New(Clock);
        await InsertAsync(w => w.ObjectId("_id"u8, id).String("path"u8, "task").String("queue"u8, Q.Value).String("status"u8, status));

        Assert.Equal([new TransitionedJob(id, JobStatus.Cancel, Q, Q)], await TransitionAsync(JobStatus.Queued, id).WaitAsync(TimeSpan.FromSeconds(10), Token));
        Assert.Equal(JobStatus.Queued, (await GetAsync(id)).Status);
    }

    [Fact]
    public async Task Its_jobs_are_found_counted_and_requeued()
    {
        var ids = await InsertFailedAsync(3);
        await CountAsync();

        Assert.Equal(ids.OrderDescending(), await FindAsync(new JobFilter { ExceptionType = "Key*", Queue = "crawl" }));
        Assert.Equal(3, await Queries.CountAsync(new JobFilter { Path = "tasks.*" }, 100, Token));
        Assert.Equal(ids.OrderDescending(), await FindAsync(new JobFilter { Params = """{"n": 7}""" }));

        Assert.Equal(3, (await TransitionAsync(JobStatus.Queued, [.. ids])).Count);
        var started = await Jobs.StartAsync(ids, W1, Now, Token);

        Assert.Equal([1, 1, 1], started.Select(job => job.Attempt));
        Assert.Equal([true, true, true], await Jobs.CompleteAsync([.. started.Select(job => Completion(job))], Token));
        Assert.Equal([new JobCount("tasks.Fetch", new QueueName("crawl"), JobStatus.Success, null, 3)], await Queries.CountsAsync(Token));
    }

    [Fact]
    public async Task Its_jobs_are_deleted_when_they_expire()
    {
        await InsertFailedAsync(2);

        Assert.Equal(0, await Jobs.DeleteExpiredAsync(Now, 10, Token));
        Assert.Equal(2, await Jobs.DeleteExpiredAsync(Now.AddDays(2), 10, Token));
    }

    [Fact]
    public async Task Its_indexes_may_stay()
    {
        var options = _family.Options with { Database = $"{_family.Name}-indexes" };
        await using var client = MongoClient.Open(new MongoSettings { ConnectionString = options.ConnectionString });
        await client.WriteCommandAsync(
            options.Database,
            BsonWriter.Document(w => w
                .String("createIndexes"u8, "mrq_jobs").BeginArray("indexes"u8)
                .BeginDocument(default).BeginDocument("key"u8).Int32("dateexpires"u8, 1).End().String("name"u8, "dateexpires_1").Boolean("sparse"u8, true)
                .Int32("expireAfterSeconds"u8, 0).End()
                .BeginDocument(default).BeginDocument("key"u8).Int32("status"u8, 1).End().String("name"u8, "status_1").End()
                .End()),
            Token);
        await using var database = new MongoDatabase(options, TimeProvider.System, NullLogger<MongoDatabase>.Instance);

        await database.OpenAsync(Token);

        Assert.Empty(await database.CheckAsync(Token));
        await database.DropAsync(Token);
    }

    private async Task<List<JobId>> InsertFailedAsync(int count)
    {
        List<JobId> ids = [.. Enumerable.Range(0, count).Select(_ => JobId.New(Clock))];
        foreach (var id in ids)
        {
            await InsertAsync(w => w
                .ObjectId("_id"u8, id).String("path"u8, "tasks.Fetch").BeginDocument("params"u8).Double("n"u8, 7).End().String("queue"u8, "crawl")
                .String("status"u8, "failed").String("exceptiontype"u8, "KeyError").Date("dateexpires"u8, Now.AddDays(1)).ObjectId("worker"u8, id));
        }

        return ids;
    }

    private async Task InsertAsync(Action<BsonWriter> document) => await UseAsync(async database =>
        (await database.RunAsync(client => client.InsertManyAsync(database.Collections.Jobs, BsonWriter.Document(document), true, Token))).OrThrow());

    private async Task CountAsync() => await UseAsync(database => new JobCountsCheck(database, new JobCounts(database), Clock).CheckAsync(Token));

    private async Task UseAsync<T>(Func<MongoDatabase, Task<T>> use)
    {
        await using var database = new MongoDatabase(_family.Options, TimeProvider.System, NullLogger<MongoDatabase>.Instance);
        await database.OpenAsync(Token);
        await use(database);
    }
}
