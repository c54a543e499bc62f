using Mrq.Jobs;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Tests.Contracts;

/// <summary>What every <see cref="IWorkerStore"/> does.</summary>
public abstract class WorkerStoreContract(StoreFamily family) : StoreContract(family)
{
    [Fact]
    public async Task A_report_comes_back_as_it_was_given()
    {
        var report = Report(W1) with
        {
            Jobs = [new RunningJob(JobId.New(Clock), "task", Q, Now, 0.5) { Io = new OpenIo("http.get", "GET http://a/é", Now) }, new RunningJob(JobId.New(Clock), "task", Other, Now, null, IsStored: false)],
            DoneJobs = 7_000_000_000,
            FailedJobs = 3,
            Overdue = 1,
            CpuUserSeconds = 1.5,
            CpuSystemSeconds = 0.25,
            CpuUse = 0.75,
            MemoryBytes = 5_000_000_000,
            Io = new WorkerIo([new IoTime("http.get", 5_000_000_000, 1.5), new IoTime("(other)", 1, 0.25)], [new IoTime("task", 2, 1.75)]),
            Tasks = ["a", "b"],
            DequeueStrategy = DequeueStrategy.Weighted,
            TaskWhitelist = ["a"],
            TaskBlacklist = ["b", "c"],
            Supervision = new Supervision
            {
                Supervisor = 4000,
                Index = 2,
                Count = 4,
                Restarts = 3,
                LastEnd = "killed by SIGKILL after 12.3 s",
                Failing = [new FailingProcess(3, 7, "exit code 134 after 0.2 s")],
            },
            EndReason = EndReason.MaxJobs,
            LocalIp = "10.0.0.5",
            ExternalIp = "2001:db8::1",
        };

        await Stores.Workers.ReportAsync(report, Token);

        Assert.Equivalent(report, await Stores.Workers.FindAsync(W1, Token), strict: true);
        Assert.Null(await Stores.Workers.FindAsync(W2, Token));
    }

    [Fact]
    public async Task A_later_report_replaces_the_earlier()
    {
        await Stores.Workers.ReportAsync(Report(W1), Token);
        await Stores.Workers.ReportAsync(Report(W1) with { Status = WorkerStatus.Stop, DoneJobs = 5 }, Token);

        var report = Assert.Single(await Stores.Workers.ListAsync(Token));
        Assert.Equal((WorkerStatus.Stop, 5), (report.Status, report.DoneJobs));
    }

    [Fact]
    public async Task Reports_are_listed_the_latest_started_first()
    {
        await Stores.Workers.ReportAsync(Report(W1), Token);
        Clock.Advance(TimeSpan.FromSeconds(1));
        await Stores.Workers.ReportAsync(Report(W2), Token);

        Assert.Equal([W2, W1], (await Stores.Workers.ListAsync(Token)).Select(report => report.Id));
    }

    [Fact]
    public async Task A_worker_learns_that_it_was_told_to_stop()
    {
        Assert.Null(await Stores.Workers.ReportAsync(Report(W1), Token));
        Assert.Null(await Stores.Workers.FindStopRequestAsync(W1, Token));

        Assert.True(await Stores.Workers.RequestStopAsync(W1, StopMode.Drain, Token));

        Assert.Equal(StopMode.Drain, await Stores.Workers.FindStopRequestAsync(W1, Token));
        Assert.Equal(StopMode.Drain, await Stores.Workers.ReportAsync(Report(W1), Token));
        Assert.Equal(StopMode.Drain, await Stores.Workers.ReportAsync(Report(W1), Token));
    }

    [Fact]
    public async Task An_interrupt_is_not_softened_by_a_later_drain()
    {
        await Stores.Workers.ReportAsync(Report(W1), Token);
        await Stores.Workers.RequestStopAsync(W1, StopMode.Drain, Token);
        await Stores.Workers.RequestStopAsync(W1, StopMode.Interrupt, Token);
        await Stores.Workers.RequestStopAsync(W1, StopMode.Drain, Token);

        Assert.Equal(StopMode.Interrupt, await Stores.Workers.FindStopRequestAsync(W1, Token));
    }

    [Fact]
    public async Task Jobs_that_were_given_back_are_counted_until_the_worker_reports_again()
    {
        await Stores.Workers.ReportAsync(Report(W1), Token);
        await Stores.Workers.AddGivenBackAsync(W1, 2, Now, Token);
        await Stores.Workers.AddGivenBackAsync(W1, 3, Now.AddSeconds(1), Token);
        await Stores.Workers.AddGivenBackAsync(W2, 1, Now, Token);

        Assert.Equivalent(Report(W1) with { JobsGivenBack = 5, DateGivenBack = Now.AddSeconds(1) }, Assert.Single(await Stores.Workers.ListAsync(Token)), strict: true);

        await Stores.Workers.ReportAsync(Report(W1), Token);
        Assert.Equivalent(Report(W1), await Stores.Workers.FindAsync(W1, Token), strict: true);
    }

    [Fact]
    public async Task A_worker_that_nobody_knows_cannot_be_stopped()
    {
        Assert.False(await Stores.Workers.RequestStopAsync(W1, StopMode.Drain, Token));
        Assert.Null(await Stores.Workers.FindStopRequestAsync(W1, Token));
    }

    [Fact]
    public async Task Expired_reports_are_deleted_and_counted()
    {
        await Stores.Workers.ReportAsync(Report(W1) with { DateExpires = Now.AddMinutes(1) }, Token);
        await Stores.Workers.ReportAsync(Report(W2) with { DateExpires = Now.AddMinutes(3) }, Token);

        Assert.Equal(0, await Stores.Workers.DeleteExpiredAsync(Now, Token));
        Assert.Equal(1, await Stores.Workers.DeleteExpiredAsync(Now.AddMinutes(2), Token));
        Assert.Equal([W2], (await Stores.Workers.ListAsync(Token)).Select(report => report.Id));
    }

    private WorkerReport Report(WorkerId id) => new()
    {
        Id = id,
        Name = "web-1",
        Node = "host",
        ProcessSpace = "boot/pid:[1]",
        ProcessId = 4711,
        ProcessStarted = Now.AddMilliseconds(-5),
        Status = WorkerStatus.Spawn,
        Queues = [Q, Other],
        Concurrency = 10,
        DateStarted = Now,
        DateReported = Now,
        ReportInterval = TimeSpan.FromSeconds(10),
        DateExpires = Now.AddHours(1),
    };
}
