using Microsoft.Extensions.DependencyInjection;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Maintenance;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Engine;

/// <summary>When a worker of another machine is taken for dead, and when it only could not report.</summary>
public abstract class TellingADeadWorker(StorePair pair) : EngineSpec(pair)
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Silence = 3 * ReportInterval + TimeSpan.FromSeconds(1);

    private readonly FakeClock _clock = new();
    private readonly FaultyStores _faults = new(nameof(IJobQueries.StartedByWorkerAsync), isFatal: false, isArmed: false);
    private readonly WorkerId _worker = new("elsewhere-1");
    private ServiceProvider _services = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A worker of another machine that has reported and runs a job.</summary>
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        var services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(_clock).AddMrq(Stores.Use);
        _faults.Decorate(services);
        FaultyStores.DecorateAll(services);
        _services = services.BuildServiceProvider();
        await Get<IStorage>().OpenAsync(Token);
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
        await ReportAsync();
        await Get<IJobStore>().InsertAsync([job], Token);
        await Get<IJobStore>().StartAsync([job.Id], _worker, _clock.GetUtcNow(), Token);
    }

    public override async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task One_that_reports_is_alive()
    {
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(0, await LookAfterAsync(ReportInterval));
            await ReportAsync();
        }
    }

    [Fact]
    public async Task One_that_two_looks_in_a_row_find_silent_is_dead()
    {
        Assert.Equal(0, await LookAfterAsync(ReportInterval));
        Assert.Equal(0, await LookAfterAsync(ReportInterval));
        Assert.Equal(0, await LookAfterAsync(ReportInterval));
        Assert.Equal(0, await LookAfterAsync(ReportInterval));

        Assert.Equal(1, await LookAfterAsync(ReportInterval));
    }

    [Fact]
    public async Task What_it_had_in_hand_is_told_with_its_last_report()
    {
        await LookAfterAsync(Silence);
        Assert.Equal(1, await LookAfterAsync(ReportInterval));

        var report = await Get<IWorkerStore>().FindAsync(_worker, Token);
        Assert.Equal((1, _clock.GetUtcNow()), (report!.JobsGivenBack, report.DateGivenBack));
    }

    [Fact]
    public async Task Looks_closer_together_than_two_reports_do_not_count_twice()
    {
        Assert.Equal(0, await LookAfterAsync(Silence));
        Assert.Equal(0, await LookAfterAsync(TimeSpan.FromSeconds(1)));

        Assert.Equal(1, await LookAfterAsync(TimeSpan.FromSeconds(4)));
    }

    [Fact]
    public async Task One_that_reports_again_after_the_store_was_away_is_alive()
    {
        await LookAfterAsync(ReportInterval);
        // No look, and no report, while it is away.
        Assert.Equal(0, await LookAfterAsync(Silence));
        await ReportAsync();

        Assert.Equal(0, await LookAfterAsync(ReportInterval));
        Assert.Equal(0, await LookAfterAsync(ReportInterval));
    }

    [Fact]
    public async Task A_look_that_fails_has_found_nobody_silent()
    {
        Assert.Equal(0, await LookAfterAsync(Silence));
        _faults.Arm();
        await Assert.ThrowsAsync<StorageUnavailableException>(() => LookAfterAsync(ReportInterval));

        Assert.Equal(0, await LookAfterAsync(ReportInterval));
        Assert.Equal(1, await LookAfterAsync(ReportInterval));
    }

    [Fact]
    public async Task A_leader_that_another_one_stood_in_for_begins_anew()
    {
        Assert.Equal(0, await LookAfterAsync(Silence));

        Assert.Equal(0, await LookAfterAsync(TimeSpan.FromMinutes(10)));
        Assert.Equal(1, await LookAfterAsync(ReportInterval));
    }

    /// <summary>Answers how many jobs were given back.</summary>
    private async Task<int> LookAfterAsync(TimeSpan time)
    {
        _clock.Advance(time);
        return (await _services.GetServices<IMaintenanceTask>().OfType<RequeueStartedJobs>().Single().RunAsync(Token)).Changed;
    }

    private Task<StopMode?> ReportAsync() => Get<IWorkerStore>().ReportAsync(
        new WorkerReport
        {
            Id = _worker,
            Name = "elsewhere",
            Node = "another-machine",
            ProcessId = 1,
            ProcessStarted = _clock.GetUtcNow(),
            Status = WorkerStatus.Full,
            Queues = [QueueName.Default],
            Concurrency = 1,
            DateStarted = _clock.GetUtcNow(),
            DateReported = _clock.GetUtcNow(),
            ReportInterval = ReportInterval,
            DateExpires = _clock.GetUtcNow() + TimeSpan.FromHours(1),
        },
        Token);

    private T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();
}

public sealed class TellingADeadWorkerOnSqlite() : TellingADeadWorker(StorePair.Sqlite);

public sealed class TellingADeadWorkerOnRedisAndMongo() : TellingADeadWorker(StorePair.RedisAndMongo);
