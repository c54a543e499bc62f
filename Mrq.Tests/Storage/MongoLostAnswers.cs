using Mrq.Jobs;
using Mrq.Storage;
using Mrq.Storage.Mongo.Driver;
using Mrq.Tests.Contracts;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

/// <summary>
/// The server does what it was asked, and the answer is lost: once, as often as the driver repeats, and once more. The store still knows which jobs it changed,
/// and counts each once.
/// </summary>
public sealed class MongoLostAnswers : StoreContract
{
    private readonly MongoFamily _family;

    public MongoLostAnswers(SharedMongoServer server)
        : this(new MongoFamily(server))
    {
    }

    private MongoLostAnswers(MongoFamily family)
        : base(family) => _family = family;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Of_an_insert(int times)
    {
        Job[] jobs = [NewJob(), NewJob() with { UniqueKey = "key" }, NewJob() with { UniqueKey = "key" }];
        await LoseAsync("insert", times);

        var answers = await Jobs.InsertAsync(jobs, Token);

        Assert.Equal([new(jobs[0].Id, null), new(jobs[1].Id, null), new InsertedJob(jobs[1].Id, TakenKey.UniqueKey)], answers);
        await AssertTotalAsync(JobStatus.Queued, 2);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Of_a_start(int times)
    {
        var jobs = await InsertManyAsync(3);
        await LoseAsync("update", times);

        var started = await Jobs.StartAsync([.. jobs.Select(job => job.Id)], W1, Now, Token);

        Assert.Equal(jobs.Select(job => (job.Id, 1)), started.Select(job => (job.Id, job.Attempt)));
        await AssertTotalAsync(JobStatus.Started, 3);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Of_a_completion(int times)
    {
        var (first, second, late) = (await StartNewAsync(), await StartNewAsync(), await StartNewAsync());
        await LoseAsync("update", times);

        var answers = await Jobs.CompleteAsync([Completion(first), Completion(late) with { Attempt = 7 }, Failure(second, type: "E")], Token);

        Assert.Equal([true, false, true], answers);
        Assert.Single((await GetAsync(second.Id)).TracebackHistory);
        Assert.Equal(
            [(JobStatus.Started, null, 1), (JobStatus.Success, null, 1), (JobStatus.Failed, "E", 1)],
            (await Queries.CountsAsync(Token)).OrderBy(count => count.Status).Select(count => (count.Status, count.ExceptionType, count.Count)));
        Assert.Equal(2, (await Queries.RatesAsync(Now.AddMinutes(-1), TimeSpan.FromMinutes(5), Token)).Sum(point => point.Count));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Of_a_transition(int times)
    {
        var (queued, failed) = (await InsertAsync(), await InsertInAsync(JobStatus.Failed));
        await LoseAsync("update", times);

        var changed = await TransitionAsync(JobStatus.Cancel, queued.Id, failed.Id);

        Assert.Equal([(queued.Id, JobStatus.Queued), (failed.Id, JobStatus.Failed)], changed.Select(job => (job.Id, job.From)));
        Assert.Equal(2, (await Queries.CountsAsync(Token)).Where(count => count.Status == JobStatus.Cancel).Sum(count => count.Count));
        Assert.Equal(2, (await Queries.CountsAsync(Token)).Sum(count => count.Count));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Of_an_edit(int times)
    {
        var job = await InsertAsync();
        await LoseAsync("update", times);

        Assert.Equal(new TransitionedJob(job.Id, JobStatus.Queued, Q, Other), await Jobs.EditAsync(new JobEdit { Job = job.Id, Queue = Other, At = Now }, Token));
        Assert.Equal([new JobCount("task", Other, JobStatus.Queued, null, 1)], await Queries.CountsAsync(Token));
    }

    [Theory]
    [InlineData("update", 2)]
    [InlineData("delete", 1)]
    [InlineData("delete", 2)]
    public async Task Of_a_deletion(string command, int times)
    {
        var jobs = await InsertManyAsync(3);
        await LoseAsync(command, times);

        Assert.Equal(jobs.Select(job => job.Id), (await Jobs.DeleteAsync([.. jobs.Select(job => job.Id)], Token)).Select(job => job.Id));
        Assert.Empty(await Queries.CountsAsync(Token));
    }

    [Fact]
    public async Task Of_an_abort_request()
    {
        var job = await StartNewAsync();
        await LoseAsync("update", times: 1);

        Assert.Equal([job.Id], await Jobs.RequestAbortAsync([job.Id], Now, Token));
    }

    [Fact]
    public async Task Of_a_completion_that_too_few_members_have_confirmed()
    {
        var job = await StartNewAsync();
        await FailAsync("update", times: 1, "mrq_jobs", w => w
            .BeginDocument("writeConcernError"u8).Int32("code"u8, 64).String("errmsg"u8, "waiting for replication timed out").End());

        Assert.Equal([true], await Jobs.CompleteAsync([Completion(job)], Token));
        await AssertTotalAsync(JobStatus.Success, 1);
    }

    [Fact]
    public async Task A_completion_that_stays_unconfirmed_is_the_store_being_away()
    {
        var job = await StartNewAsync();
        await FailAsync("update", times: 3, "mrq_jobs", w => w
            .BeginDocument("writeConcernError"u8).Int32("code"u8, 64).String("errmsg"u8, "waiting for replication timed out").End());

        var error = await Assert.ThrowsAsync<StorageUnavailableException>(() => Jobs.CompleteAsync([Completion(job)], Token));

        Assert.Equal(StorageFailure.Unknown, error.Failure);
        Assert.Equal([true], await Jobs.CompleteAsync([Completion(job)], Token));
    }

    [Fact]
    public async Task Lost_answers_of_the_totals_fail_nothing()
    {
        var job = await InsertAsync();
        await LoseAsync("update", times: 2, "mrq_job_counts");

        await StartAsync(job);

        Assert.Equal([job.Id], await FindAsync(new JobFilter { Statuses = JobStatuses.Of(JobStatus.Started) }));
    }

    /// <summary>Lets the next answers to a command be lost.</summary>
    private Task LoseAsync(string command, int times, string collection = "mrq_jobs")
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable(MongoServer.Variable) is { Length: > 0 }, "Only the stand-in can lose an answer.");
        return FailAsync(command, times, collection, w => w.Boolean("closeConnection"u8, true).Boolean("executeFirst"u8, true));
    }

    private async Task FailAsync(string command, int times, string collection, Action<BsonWriter> how)
    {
        await using var client = MongoClient.Open(new MongoSettings { ConnectionString = _family.Options.ConnectionString, Threads = 1 });
        await client.WriteCommandAsync(
            "admin",
            BsonWriter.Document(w =>
            {
                w.String("configureFailPoint"u8, "failCommand").BeginDocument("mode"u8).Int32("times"u8, times).End()
                    .BeginDocument("data"u8).String("appName"u8, _family.Name).String("namespace"u8, $"{_family.Name}.{collection}")
                    .BeginArray("failCommands"u8).String(default, command).End();
                how(w);
                w.End();
            }),
            Token);
    }

    private async Task AssertTotalAsync(JobStatus status, long count) =>
        Assert.Equal([new JobCount("task", Q, status, null, count)], await Queries.CountsAsync(Token));
}
