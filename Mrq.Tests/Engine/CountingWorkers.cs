using Microsoft.Extensions.DependencyInjection;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Engine;

/// <summary>The workers as every page and command tells of them.</summary>
public abstract class CountingWorkers(StorePair pair) : EngineSpec(pair)
{
    private readonly FakeClock _clock = new();
    private ServiceProvider _services = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(_clock).AddMrq(Stores.Use).BuildServiceProvider();
        await _services.GetRequiredService<IStorage>().OpenAsync(Token);
    }

    public override async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task In_hand_is_what_the_documents_say_and_what_has_none()
    {
        await ReportAsync("web-1", report => report with { Jobs = [Running(isStored: true), Running(isStored: true), Running(isStored: false)] });
        await StartAsync("web-1");

        var worker = Assert.Single(await OverviewAsync());

        Assert.Equal((true, 2), (worker.IsAlive, worker.InHand));
    }

    [Fact]
    public async Task Those_of_bulk_actions_are_not_counted()
    {
        await ReportAsync("web-1", report => report with { Concurrency = 1 });
        await ReportAsync("web-2", report => report with { Concurrency = 10 });
        await ReportAsync("bulk", report => report with { Queues = [QueueName.System] });
        await ReportAsync("ended", report => report with { Status = WorkerStatus.Stop });
        await StartAsync("web-1");
        await StartAsync("web-1");
        await StartAsync("web-2");
        await StartAsync("bulk");

        // Of the two of web-1 one waits for the slot.
        Assert.Equal(new WorkerTotals(Alive: 2, Slots: 11, Running: 2), WorkerTotals.Of(await OverviewAsync()));
    }

    [Fact]
    public async Task Each_has_its_place_by_name_whatever_becomes_of_it()
    {
        foreach (var name in new[] { "web-10", "web-9", "bulk", "api" })
        {
            await ReportAsync(name, report => name == "bulk" ? report with { Queues = [QueueName.System] } : report);
        }

        Assert.Equal(["api", "web-9", "web-10", "bulk"], (await OverviewAsync()).Select(worker => worker.Report.Name));

        await ReportAsync("api", report => report with { Status = WorkerStatus.Stop });

        Assert.Equal(["api", "web-9", "web-10", "bulk"], (await OverviewAsync()).Select(worker => worker.Report.Name));
    }

    [Fact]
    public async Task One_that_is_lost_is_of_interest_until_its_jobs_have_been_back_for_a_while()
    {
        await ReportAsync("web-1", report => report);
        await StartAsync("web-1");
        Assert.False((await SingleAsync()).IsLost);

        _clock.Advance(TimeSpan.FromMinutes(20));
        Assert.True((await SingleAsync()).IsLost);
        Assert.True((await SingleAsync()).IsOfInterest(_clock.GetUtcNow()));

        await EndAllAsync();
        await _services.GetRequiredService<IWorkerStore>().AddGivenBackAsync(new("web-1"), 1, _clock.GetUtcNow(), Token);
        _clock.Advance(TimeSpan.FromMinutes(9));
        Assert.True((await SingleAsync()).IsOfInterest(_clock.GetUtcNow()));

        _clock.Advance(TimeSpan.FromMinutes(2));
        Assert.False((await SingleAsync()).IsOfInterest(_clock.GetUtcNow()));
    }

    private Task<IReadOnlyList<WorkerOverview>> OverviewAsync() => _services.GetRequiredService<WorkerControl>().OverviewAsync(Token);

    private async Task<WorkerOverview> SingleAsync() => Assert.Single(await OverviewAsync());

    private RunningJob Running(bool isStored) => new(JobId.New(_clock), "task", QueueName.Default, _clock.GetUtcNow(), null, isStored);

    private async Task StartAsync(string worker)
    {
        var job = new Job
        {
            Id = JobId.New(_clock),
            Path = "task",
            Params = "{}",
            Queue = QueueName.Default,
            Status = JobStatus.Queued,
            DateQueued = _clock.GetUtcNow(),
            DateUpdated = _clock.GetUtcNow(),
        };
        var jobs = _services.GetRequiredService<IJobStore>();
        await jobs.InsertAsync([job], Token);
        await jobs.StartAsync([job.Id], new WorkerId(worker), _clock.GetUtcNow(), Token);
    }

    private async Task EndAllAsync()
    {
        var started = await _services.GetRequiredService<IJobQueries>().FindIdsAsync(new JobFilter(), null, 10, Token);
        await _services.GetRequiredService<IJobStore>().TransitionAsync(
            new JobTransition { Jobs = started, From = JobStatuses.Of(JobStatus.Started), To = JobStatus.Queued, At = _clock.GetUtcNow() }, Token);
    }

    private Task<StopMode?> ReportAsync(string name, Func<WorkerReport, WorkerReport> change) => _services.GetRequiredService<IWorkerStore>().ReportAsync(
        change(new WorkerReport
        {
            Id = new WorkerId(name),
            Name = name,
            Node = "another-machine",
            ProcessId = 1,
            ProcessStarted = _clock.GetUtcNow(),
            Status = WorkerStatus.Spawn,
            Queues = [QueueName.Default],
            Concurrency = 1,
            DateStarted = _clock.GetUtcNow(),
            DateReported = _clock.GetUtcNow(),
            ReportInterval = TimeSpan.FromSeconds(5),
            DateExpires = _clock.GetUtcNow() + TimeSpan.FromHours(1),
        }),
        Token);
}

public sealed class CountingWorkersOnSqlite() : CountingWorkers(StorePair.Sqlite);

public sealed class CountingWorkersOnRedisAndMongo() : CountingWorkers(StorePair.RedisAndMongo);
