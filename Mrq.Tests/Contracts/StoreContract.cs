using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Contracts;

/// <summary>What the contracts of all ports share: fresh stores, a clock, and short ways to make jobs.</summary>
public abstract class StoreContract(StoreFamily family) : IAsyncLifetime
{
    protected static readonly WorkerId W1 = new("w1");
    protected static readonly WorkerId W2 = new("w2");
    protected static readonly QueueName Q = new("q");
    protected static readonly QueueName Other = new("other");

    private readonly List<Stores> _opened = [];
    private Stores? _stores;

    protected FakeClock Clock { get; } = new();

    protected DateTimeOffset Now => Clock.GetUtcNow();

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected Stores Stores => _stores ?? throw new InvalidOperationException("The test has not begun.");

    protected IJobStore Jobs => Stores.Jobs;

    protected IJobQueries Queries => Stores.Queries;

    protected IQueueStore Queues => Stores.Queues;

    protected IRawQueueStore RawQueues => Stores.RawQueues;

    protected IRawQueueContents RawContents => Stores.RawContents;

    public async ValueTask InitializeAsync() => _stores = await OpenAsync();

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var stores in _opened)
        {
            await stores.DisposeAsync();
        }

        await family.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>The stores as another process sees them.</summary>
    protected async Task<Stores> OpenAsync()
    {
        var stores = await family.OpenAsync(Clock);
        _opened.Add(stores);
        return stores;
    }

    protected Job NewJob(string path = "task", QueueName? queue = null) => new()
    {
        Id = JobId.New(Clock),
        Path = path,
        Params = "{}",
        Queue = queue ?? Q,
        Status = JobStatus.Queued,
        DateQueued = Now,
        DateUpdated = Now,
    };

    protected async Task<Job> InsertAsync(Job job)
    {
        var inserted = Assert.Single(await Jobs.InsertAsync([job], Token));
        Assert.Null(inserted.Existing);
        return job;
    }

    protected Task<Job> InsertAsync(string path = "task", QueueName? queue = null) => InsertAsync(NewJob(path, queue));

    protected async Task<IReadOnlyList<Job>> InsertManyAsync(int count, Func<Job, int, Job>? change = null)
    {
        var jobs = Enumerable.Range(0, count).Select(i => change is null ? NewJob() : change(NewJob(), i)).ToList();
        await Jobs.InsertAsync(jobs, Token);
        return jobs;
    }

    protected async Task<Job> StartAsync(Job job, WorkerId? worker = null) =>
        Assert.Single(await Jobs.StartAsync([job.Id], worker ?? W1, Now, Token));

    protected async Task<Job> StartNewAsync(WorkerId? worker = null) => await StartAsync(await InsertAsync(), worker);

    protected JobCompletion Completion(Job started, JobStatus status = JobStatus.Success) => new()
    {
        Id = started.Id,
        Worker = started.Worker ?? W1,
        Attempt = started.Attempt,
        Status = status,
        At = Now,
        Path = started.Path,
        Queue = started.Queue,
        PreviousExceptionType = started.ExceptionType,
        TotalTime = 0.5,
    };

    protected JobCompletion Failure(Job started, JobStatus status = JobStatus.Failed, string type = "System.Exception") =>
        Completion(started, status) with
        {
            Failure = new TracebackEntry(Now, status, type, "it broke", "at Task.Run()", started.Worker),
        };

    protected async Task<bool> CompleteAsync(JobCompletion completion) => Assert.Single(await Jobs.CompleteAsync([completion], Token));

    /// <summary>Brings a new job to a status, whatever it takes.</summary>
    protected async Task<Job> InsertInAsync(JobStatus status, string path = "task", QueueName? queue = null)
    {
        var job = NewJob(path, queue);
        switch (status)
        {
            case JobStatus.Queued:
                return await InsertAsync(job);
            case JobStatus.Scheduled:
                return await InsertAsync(job with { Status = status, RunAt = Now.AddHours(1) });
            case JobStatus.Cancel:
                await InsertAsync(job);
                await TransitionAsync(status, job.Id);
                break;
            default:
                var started = await StartAsync(await InsertAsync(job));
                if (status != JobStatus.Started)
                {
                    Assert.True(await CompleteAsync(status == JobStatus.Success ? Completion(started) : Failure(started, status)));
                }

                break;
        }

        return await GetAsync(job.Id);
    }

    protected Task<IReadOnlyList<TransitionedJob>> TransitionAsync(JobStatus to, params JobId[] jobs) =>
        Jobs.TransitionAsync(new JobTransition { Jobs = jobs, From = JobStatuses.All, To = to, At = Now }, Token);

    protected async Task<Job> GetAsync(JobId id) => Assert.Single(await Queries.GetAsync([id], withPayload: true, Token));

    protected async Task<IReadOnlyList<JobId>> FindAsync(JobFilter filter, int limit = 50) =>
        [.. (await Queries.FindAsync(filter, new JobPageRequest(Limit: limit), Token)).Jobs.Select(job => job.Id)];
}
