using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Workers;
using static Microsoft.Playwright.Assertions;

namespace Mrq.Tests.Browser;

/// <summary>What the pages tell of workers: of what they run now, and of those that are gone.</summary>
public sealed class WatchingWorkers(Chromium chromium) : Journey(chromium)
{
    private static readonly WorkerId Far = new("far-1");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private DateTimeOffset Now { get; } = TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task A_card_shows_the_jobs_that_run_whatever_the_worker_last_reported()
    {
        var (first, second) = (await StartAsync("first"), await StartAsync("second"));
        // It will not report again while the test runs, and said then that it runs a job which has ended since.
        await ReportAsync(Report(Far, "far") with { ReportInterval = TimeSpan.FromHours(1), Jobs = [new RunningJob(JobId.New(TimeProvider.System), "ended", QueueName.Default, Now, null)] });

        await GoAsync("workers");
        var card = Page.Locator(".worker", new() { HasText = "far" });
        await Expect(card.Locator(".in-hand a .cut")).ToHaveTextAsync(["first", "second"]);
        await Expect(card.Locator(".slots b")).ToHaveTextAsync("2");

        await EndAsync(first);
        await Expect(card.Locator(".in-hand a .cut")).ToHaveTextAsync(["second"]);
        await Expect(card.Locator(".in-hand > *")).ToHaveCountAsync(2);
        await StartAsync("third");
        await Expect(card.Locator(".in-hand a .cut")).ToHaveTextAsync(["third", "second"]);
        await EndAsync(second);
        await Expect(card.Locator(".slots b")).ToHaveTextAsync("1");
    }

    [Fact]
    public async Task Every_page_counts_the_same_workers()
    {
        await ReportAsync(Report(Far, "far") with { ReportInterval = TimeSpan.FromHours(1) });

        await GoAsync("workers");
        await Expect(Page.Locator(".page-head .num")).ToContainTextAsync("2 alive");
        await GoAsync("");
        await Expect(Page.Locator("section", new() { HasText = "All workers" }).Locator("header .num")).ToHaveTextAsync("2 alive");
        await Expect(Page.Locator(".workers-mini tbody tr")).ToHaveCountAsync(2);
    }

    [Fact]
    public async Task One_that_is_lost_says_where_its_jobs_are_and_leaves_after_a_while()
    {
        await ReportAsync(Report(Far, "far") with { DateReported = Now.AddMinutes(-1) });
        await Server.Get<IWorkerStore>().AddGivenBackAsync(Far, 3, Now, Token);
        await ReportAsync(Report(new("long-ago"), "long-ago") with { DateReported = Now.AddMinutes(-30) });

        await GoAsync("workers");
        var card = Page.Locator(".worker", new() { HasText = "far" });
        await Expect(card).ToContainTextAsync("Lost");
        await Expect(card).ToContainTextAsync("It reports no more. 3 jobs went back to their queues");
        await Expect(Page.Locator(".worker", new() { HasText = "long-ago" })).ToHaveCountAsync(0);

        await Page.GetByLabel("Show stopped").CheckAsync();
        await Expect(Page.Locator(".worker", new() { HasText = "long-ago" })).ToContainTextAsync("It reports no more, and has no job in hand.");
    }

    private Task<StopMode?> ReportAsync(WorkerReport report) => Server.Get<IWorkerStore>().ReportAsync(report, Token);

    private async Task<Job> StartAsync(string path)
    {
        var job = new Job
        {
            Id = JobId.New(TimeProvider.System),
            Path = path,
            Params = "{}",
            Queue = new QueueName(Parked),
            Status = JobStatus.Queued,
            DateQueued = Now,
            DateUpdated = Now,
        };
        await Server.Get<IJobStore>().InsertAsync([job], Token);
        var started = Assert.Single(await Server.Get<IJobStore>().StartAsync([job.Id], Far, TimeProvider.System.GetUtcNow(), Token));
        Server.Get<ICoordination>().Publish(Changes.Jobs);
        return started;
    }

    private async Task EndAsync(Job job)
    {
        var end = new JobCompletion
        {
            Id = job.Id,
            Worker = Far,
            Attempt = job.Attempt,
            Status = JobStatus.Success,
            Path = job.Path,
            Queue = job.Queue,
            TotalTime = 0,
            At = TimeProvider.System.GetUtcNow(),
        };
        Assert.True(Assert.Single(await Server.Get<IJobStore>().CompleteAsync([end], Token)));
        Server.Get<ICoordination>().Publish(Changes.Jobs);
    }

    private WorkerReport Report(WorkerId id, string name) => new()
    {
        Id = id,
        Name = name,
        Node = "another-machine",
        ProcessId = 1,
        ProcessStarted = Now,
        Status = WorkerStatus.Spawn,
        Queues = [QueueName.Default],
        Concurrency = 4,
        DateStarted = Now,
        DateReported = Now,
        ReportInterval = TimeSpan.FromSeconds(5),
        DateExpires = Now + TimeSpan.FromHours(1),
    };
}
