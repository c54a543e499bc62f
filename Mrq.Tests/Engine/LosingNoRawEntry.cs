using System.Collections.Concurrent;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Engine;

/// <summary>The lines of docs/crash-points.md that are of raw queues: a process dies right after a storage call, or the call fails once.</summary>
public abstract class LosingNoRawEntry(StorePair pair) : EngineSpec(pair)
{
    private const int Entries = 20;

    private static readonly QueueName Clicks = new("clicks_raw");

    private readonly ConcurrentDictionary<string, int> _runs = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private sealed record Raw(string Text);

    [Theory]
    [InlineData(nameof(IRawQueueStore.DequeueAsync), false)]
    [InlineData(nameof(IJobStore.InsertAsync), false)]
    [InlineData(nameof(IRawQueueStore.ForgetAsync), false)]
    [InlineData(nameof(IJobStore.CompleteAsync), false)]
    [InlineData(nameof(IRawQueueStore.RejectAsync), false)]
    [InlineData(nameof(IRawQueueStore.DequeueAsync), true)]
    [InlineData(nameof(IRawQueueStore.ForgetAsync), true)]
    public async Task When_a_process_dies_every_entry_runs_and_has_at_most_one_document(string call, bool isUnstored)
    {
        var faults = new FaultyStores(call, isFatal: true, onlyPort: PortOf(call));
        await using (var producer = await StartEngineAsync(b => Configure(b, null, isUnstored), workers: false))
        {
            await EnqueueAsync(producer, "");
        }

        // Its end is never told to anyone: it is not stopped, and what it still tries fails.
        var victim = await StartEngineAsync(b => Configure(b, faults, isUnstored), Listen);
        await faults.Struck.Task.WaitAsync(TestEngine.Patience, Token);

        await using var survivor = await StartEngineAsync(b => Configure(b, null, isUnstored), Listen);
        await WaitUntilSettledAsync(survivor);

        Assert.Equal(Entries, _runs.Count);
        var jobs = await JobsAsync(survivor);
        Assert.All(jobs, job => Assert.Equal(JobStatus.Success, job.Status));
        Assert.Equal(isUnstored ? 0 : Entries, jobs.Count);
        Assert.Equal("bad", Assert.Single(await survivor.Get<IRawQueueContents>().ListRejectedAsync(Clicks, 0, 10, Token)).Entry.Params);
        victim.Abandon();
    }

    [Theory]
    [InlineData(nameof(IRawQueueStore.DequeueAsync), false)]
    [InlineData(nameof(IJobStore.InsertAsync), false)]
    [InlineData(nameof(IRawQueueStore.ForgetAsync), false)]
    [InlineData(nameof(IJobStore.CompleteAsync), false)]
    [InlineData(nameof(IRawQueueStore.RejectAsync), false)]
    [InlineData(nameof(IRawQueueStore.ListTakersAsync), false)]
    [InlineData(nameof(IRawQueueStore.ForgetAsync), true)]
    public async Task A_call_that_fails_once_costs_time_and_no_entry(string call, bool isUnstored)
    {
        var faults = new FaultyStores(call, isFatal: false, onlyPort: PortOf(call));
        await using var mrq = await StartEngineAsync(b => Configure(b, faults, isUnstored), Listen);

        await EnqueueAsync(mrq, "");
        await faults.Struck.Task.WaitAsync(TestEngine.Patience, Token);
        // What could not be forgotten goes with the next.
        await EnqueueAsync(mrq, "more");
        await WaitUntilSettledAsync(mrq);

        Assert.Equal(2 * Entries, _runs.Count);
        Assert.Equal(isUnstored ? 0 : 2 * Entries, (await JobsAsync(mrq)).Count(job => job.Status == JobStatus.Success));
    }

    [Fact]
    public async Task An_entry_that_could_not_be_forgotten_goes_without_another()
    {
        var faults = new FaultyStores(nameof(IRawQueueStore.ForgetAsync), isFatal: false, onlyPort: typeof(IRawQueueStore));
        await using var mrq = await StartEngineAsync(b => Configure(b, faults, false), Listen);

        await mrq.Get<RawQueueClient>().EnqueueAsync(Clicks, ["a"], Token);
        await faults.Struck.Task.WaitAsync(TestEngine.Patience, Token);

        await WaitUntilSettledAsync(mrq);
        Assert.Equal(JobStatus.Success, Assert.Single(await JobsAsync(mrq)).Status);
    }

    [Theory]
    [InlineData(JobStatus.Success, JobStatus.Failed)]
    [InlineData(JobStatus.Failed, JobStatus.Failed)]
    [InlineData(JobStatus.Retry, JobStatus.Failed)]
    public async Task An_end_that_the_store_does_not_take_is_stored_without_what_the_task_gave(JobStatus refused, JobStatus expected)
    {
        var faults = Refusing(job => job.Params.Contains("odd", StringComparison.Ordinal) && job.ExceptionType != typeof(InvalidDataException).FullName);
        await using var mrq = await StartEngineAsync(b => Configure(b, faults, [JobStatus.Started], refused), Listen);

        await mrq.Get<RawQueueClient>().EnqueueAsync(Clicks, ["a", "odd", "b"], Token);
        await WaitUntilSettledAsync(mrq, isRetried: refused == JobStatus.Retry);

        var odd = Assert.Single(await JobsAsync(mrq), job => job.Params.Contains("odd", StringComparison.Ordinal));
        Assert.Equal((expected, "regular", "clicks_raw"), (odd.Status, odd.Queue.Value, odd.RawQueue?.Value));
        Assert.Contains("did not take the end", odd.ExceptionMessage, StringComparison.Ordinal);
        Assert.Null(odd.Result);
        Assert.Equal(3, (await JobsAsync(mrq)).Count);
    }

    [Fact]
    public async Task An_entry_of_whose_end_the_store_takes_no_document_is_set_aside_with_the_error()
    {
        var faults = Refusing(job => job.Params.Contains("odd", StringComparison.Ordinal));
        await using var mrq = await StartEngineAsync(b => Configure(b, faults, [JobStatus.Started], JobStatus.Success), Listen);

        await mrq.Get<RawQueueClient>().EnqueueAsync(Clicks, ["a", "odd", "b"], Token);
        await WaitUntilSettledAsync(mrq);

        var odd = Assert.Single(await mrq.Get<IRawQueueContents>().ListRejectedAsync(Clicks, 0, 10, Token));
        Assert.Equal("odd", odd.Entry.Params);
        Assert.Contains("ended as success", odd.Error, StringComparison.Ordinal);
        Assert.Equal(["a", "b", "odd"], _runs.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(2, (await JobsAsync(mrq)).Count(job => job.Status == JobStatus.Success));
    }

    [Fact]
    public async Task What_a_worker_that_is_gone_had_in_flight_goes_back_unless_it_has_a_document()
    {
        await using var mrq = await StartEngineAsync(b => Configure(b, null, false), w => w.Queues = [new QueueName("regular")]);
        var gone = new WorkerId("gone");
        JobId[] ids = [JobId.New(TimeProvider.System), JobId.New(TimeProvider.System)];
        await mrq.Get<IRawQueueStore>().EnqueueAsync([new RawEntry(Clicks, "stored"), new RawEntry(Clicks, "lost")], Token);
        var now = TimeProvider.System.GetUtcNow();
        var request = new RawDequeue { Worker = gone, Queues = [Clicks], Served = [new ServedRawQueue(Clicks, false, null)], Jobs = ids, Now = now };
        await mrq.Get<IJobStore>().InsertAsync(
            [new Job { Id = ids[0], Path = "run", Params = """{"text":"stored"}""", Queue = new QueueName("regular"), Status = JobStatus.Started, Worker = gone, Attempt = 1, DateQueued = now, DateUpdated = now, DateStarted = now }], Token);

        Assert.Equal(2, (await mrq.Get<IRawQueueStore>().DequeueAsync(request, Token)).Count);

        Assert.Equal(JobStatus.Success, (await mrq.WaitForEndAsync(ids[0])).Status);
        await mrq.WaitUntilAsync(async () => (await mrq.Get<IRawQueueStore>().ListTakersAsync(Token)).Count == 0);
        Assert.Equal(["lost"], (await mrq.Get<IRawQueueContents>().PeekAsync(Clicks, 0, 10, Token)).Select(e => e.Params));
        Assert.Equal(["stored"], _runs.Keys);
    }

    [Fact]
    public async Task What_a_living_worker_has_in_flight_is_left_to_it()
    {
        var gate = new Gate();
        await using var mrq = await StartEngineAsync(
            b =>
            {
                b.AddTask<Raw>("run", (_, _, token) => gate.PassAsync(token));
                b.AddRawQueue("clicks_raw", Make, new RawQueueOptions { NoStorage = JobStatuses.Of(JobStatus.Started, JobStatus.Success) });
                b.Configure(o => o.LostJobGrace = TimeSpan.FromSeconds(1));
            },
            Listen);
        await mrq.Get<RawQueueClient>().EnqueueAsync(Clicks, ["a"], Token);
        await gate.WaitForArrivalsAsync();

        // Two rounds of the maintenance, each of which expires a document.
        for (var i = 0; i < 2; i++)
        {
            var now = TimeProvider.System.GetUtcNow();
            var expired = new Job { Id = JobId.New(TimeProvider.System), Path = "run", Params = "{}", Queue = Clicks, Status = JobStatus.Success, DateQueued = now, DateUpdated = now, DateExpires = now };
            await mrq.Get<IJobStore>().InsertAsync([expired], Token);
            await mrq.WaitUntilAsync(async () => (await mrq.Queries.GetAsync([expired.Id], false, Token)).Count == 0);
        }

        Assert.Single(await mrq.Get<IRawQueueStore>().ListTakersAsync(Token));
        Assert.Empty(await mrq.Get<IRawQueueContents>().ListAsync(TimeProvider.System.GetUtcNow(), Token));
        Assert.Equal(1, gate.Arrivals);
        gate.Open();
    }

    // Queues of ids have calls of the same names.
    private static Type PortOf(string call) =>
        typeof(IRawQueueStore).GetMethod(call) is null ? typeof(IJobStore) : typeof(IRawQueueStore);

    private static void Listen(WorkerOptions worker) => worker.Queues = [Clicks, new QueueName("regular")];

    private static JobRequest Make(string raw) =>
        raw == "bad" ? throw new FormatException("bad") : new() { Path = "run", Params = System.Text.Json.JsonSerializer.Serialize(new { text = raw }) };

    private static FaultyStores Refusing(Func<Job, bool> refuses) => new(nameof(IJobStore.InsertAsync), isFatal: false, times: 0)
    {
        Refuses = jobs => jobs is IReadOnlyList<Job> documents && documents.Any(refuses),
    };

    private void Configure(MrqBuilder mrq, FaultyStores? faults, bool isUnstored) =>
        Configure(mrq, faults, isUnstored ? [JobStatus.Started, JobStatus.Success] : [], JobStatus.Success);

    /// <param name="end">How the jobs end: in success, failed, or retry.</param>
    private void Configure(MrqBuilder mrq, FaultyStores? faults, JobStatus[] unstored, JobStatus end)
    {
        mrq.AddTask<Raw, string>("run", (p, context, _) =>
        {
            _runs.AddOrUpdate(p.Text, 1, (_, runs) => runs + 1);
            if (end == JobStatus.Retry)
            {
                context.Retry(TimeSpan.FromHours(1), new QueueName("other"));
            }

            return end == JobStatus.Failed ? throw new TimeoutException("late") : Task.FromResult(p.Text);
        });
        mrq.AddRawQueue("clicks_raw", Make, new RawQueueOptions
        {
            RetryQueue = new QueueName("regular"),
            NoStorage = JobStatuses.Of(unstored),
        });
        faults?.Decorate(mrq.Services);
    }

    private static Task EnqueueAsync(TestEngine mrq, string prefix) => mrq.Get<RawQueueClient>().EnqueueAsync(
        Clicks, [.. Enumerable.Range(0, Entries).Select(i => $"{prefix}{i}"), "bad"], Token);

    private static async Task<IReadOnlyList<Job>> JobsAsync(TestEngine mrq) =>
        (await mrq.Queries.FindAsync(new JobFilter(), new JobPageRequest(Limit: 1000), Token)).Jobs;

    /// <summary>Nothing waits, is in flight, or runs.</summary>
    /// <param name="isRetried">True: jobs may wait for their retry.</param>
    // Twice: between the look into the queue and that at what is in flight, maintenance may put entries back.
    private static Task WaitUntilSettledAsync(TestEngine mrq, bool isRetried = false) =>
        mrq.WaitUntilAsync(async () => await IsSettledAsync(mrq, isRetried) && await IsSettledAsync(mrq, isRetried));

    private static async Task<bool> IsSettledAsync(TestEngine mrq, bool isRetried) =>
        (await mrq.Get<IRawQueueContents>().ListAsync(TimeProvider.System.GetUtcNow(), Token)).Sum(q => q.Size) == 0 &&
        (await mrq.Get<IRawQueueStore>().ListTakersAsync(Token)).Count == 0 &&
        !(await mrq.Queries.CountsAsync(Token)).Any(c => c.Count > 0 && JobStatuses.Live.Contains(c.Status) && !(isRetried && c.Status == JobStatus.Retry));
}

public sealed class LosingNoRawEntryOnSqlite() : LosingNoRawEntry(StorePair.Sqlite);

public sealed class LosingNoRawEntryOnRedisAndMongo() : LosingNoRawEntry(StorePair.RedisAndMongo);
