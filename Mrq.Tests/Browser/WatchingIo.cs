using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Tests.Support;
using Mrq.Workers;
using static Microsoft.Playwright.Assertions;

namespace Mrq.Tests.Browser;

/// <summary>What the pages tell of the I/O of jobs.</summary>
public sealed partial class WatchingIo(Chromium chromium) : Journey(chromium)
{
    private readonly Gate _gate = new();
    private HeldServer? _slow;

    public override async ValueTask DisposeAsync()
    {
        _gate.Open();
        await base.DisposeAsync();
        if (_slow is not null)
        {
            await _slow.DisposeAsync();
        }
    }

    [Fact]
    public async Task An_open_call_is_listed_with_its_job_and_its_worker_until_it_ends_and_then_counted()
    {
        _slow = await HeldServer.StartAsync(_gate);
        await GoAsync("io");
        await Expect(Page.Locator(".empty")).ToContainTextAsync("No job waits for I/O");
        await MarkAsync();

        var id = await Server.EnqueueAsync("fetch");
        await _gate.WaitForArrivalsAsync();

        await Expect(Row(id)).ToContainTextAsync("http.get");
        await Expect(Row(id)).ToContainTextAsync($"GET {_slow.Address}slow");
        await Expect(Row(id).GetByRole(AriaRole.Link)).ToHaveCountAsync(2);
        await Expect(Page.Locator(".page-head")).ToContainTextAsync("1 job waits");

        var job = await OpenAsync();
        await GoAsync($"jobs/{id}", job);
        await Expect(job.GetByText("It waits for http.get")).ToHaveCountAsync(1);

        _gate.Open();
        await Server.EndOfAsync(id);

        await Expect(job.GetByText("It waits for http.get")).ToHaveCountAsync(0);
        await job.Context.CloseAsync();
        await Expect(Page.Locator(".empty")).ToContainTextAsync("No job waits for I/O");
        await Expect(Page.GetByRole(AriaRole.Row, new() { NameRegex = HttpGet() })).ToHaveCountAsync(1);
        await AssertNotReloadedAsync();
    }

    [Fact]
    public async Task A_worker_tells_by_type_and_by_task_what_its_jobs_have_waited_for()
    {
        _gate.Open();
        _slow = await HeldServer.StartAsync(_gate);
        await Server.EndOfAsync(await Server.EnqueueAsync("fetch"));
        await GoAsync("workers");

        await Page.Locator(".worker-io button").ClickAsync();

        var dialog = Page.GetByRole(AriaRole.Dialog);
        await Expect(dialog.GetByRole(AriaRole.Table, new() { Name = "Type" })).ToContainTextAsync("http.get");
        await Expect(dialog.GetByRole(AriaRole.Table, new() { Name = "Task" })).ToContainTextAsync("fetch");
    }

    [Fact]
    public async Task A_job_that_two_workers_tell_of_is_listed_for_both()
    {
        // As when it is tried again at once: the worker that had it has not reported since.
        var id = JobId.New(TimeProvider.System);
        await GoAsync("io");
        await MarkAsync();
        await ReportAsync("before", id);
        await Expect(Row($"{id}")).ToHaveCountAsync(1);

        await ReportAsync("after", id);

        await Expect(Row($"{id}")).ToHaveCountAsync(2);
        await AssertNotReloadedAsync();
    }

    private async Task ReportAsync(string worker, JobId job)
    {
        var now = TimeProvider.System.GetUtcNow();
        await Server.Get<IWorkerStore>().ReportAsync(
            new WorkerReport
            {
                Id = new WorkerId(worker),
                Name = worker,
                Node = "another-machine",
                ProcessId = 1,
                ProcessStarted = now,
                Status = WorkerStatus.Spawn,
                Queues = [QueueName.Default],
                Concurrency = 1,
                DateStarted = now,
                DateReported = now,
                ReportInterval = TimeSpan.FromMinutes(1),
                DateExpires = now.AddHours(1),
                Io = new WorkerIo([], []),
                Jobs = [new RunningJob(job, "fetch", QueueName.Default, now, Progress: null) { Io = new OpenIo("http.get", "GET http://far/", now) }],
            },
            TestContext.Current.CancellationToken);
        Server.Get<ICoordination>().Publish(Changes.Workers);
    }

    protected override void Register(MrqBuilder mrq) => mrq
        .Configure(o => o.TraceIo = true)
        .AddTask("fetch", async (NoParams _, JobContext _, CancellationToken token) =>
        {
            using var client = new HttpClient();
            await client.GetStringAsync(new Uri(_slow!.Address, "slow"), token);
        });

    [GeneratedRegex("^http.get 1 ", RegexOptions.None, 1000)]
    private static partial Regex HttpGet();
}

/// <summary>The same pages where nobody has asked for it.</summary>
public sealed class WatchingNoIo(Chromium chromium) : Journey(chromium)
{
    [Fact]
    public async Task The_page_says_that_it_is_off_and_how_it_is_switched_on()
    {
        await GoAsync("io");

        await Expect(Page.Locator(".empty")).ToContainTextAsync("I/O is not traced");
        await Expect(Page.Locator(".empty")).ToContainTextAsync("The worker that runs was started without it.");
        await Expect(Page.Locator(".empty")).ToContainTextAsync("mrq worker --trace_io");
    }
}
