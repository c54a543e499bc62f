using System.Text.Json;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Server;

/// <summary>A real worker process that gets signals while its jobs run, line by line as the original's own suite has it.</summary>
public abstract class InterruptingAWorkerProcess(StorePair pair) : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private TestStores? _stores;
    private TestEngine? _people;
    private VisitedPlace? _place;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private VisitedPlace Place => _place ?? throw new InvalidOperationException("No test runs.");

    private TestEngine People => _people ?? throw new InvalidOperationException("No test runs.");

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(2, 1)]
    public async Task One_SIGINT_lets_running_jobs_end_and_no_other_is_begun(int concurrency, int processes)
    {
        var ids = await EnqueueAsync(4);
        await using var process = Start(concurrency, processes);
        await Place.ArrivalsAsync(concurrency);

        await process.SignalAsync("INT");
        await UntilWorkerAsync(WorkerStatus.Join);
        Place.Release();

        Assert.Equal(0, await process.ExitAsync());
        Assert.Equal(
            Enumerable.Repeat(JobStatus.Success, concurrency).Concat(Enumerable.Repeat(JobStatus.Queued, 4 - concurrency)), await StatusesAsync(ids));
        Assert.Equal((concurrency, EndReason.Process), (Place.Order.Count, (await WorkerAsync())?.EndReason));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(2, 1)]
    public async Task Two_SIGINTs_interrupt_running_jobs_which_go_back_to_their_queue_in_their_order(int concurrency, int processes)
    {
        var ids = await EnqueueAsync(3);
        await using var process = Start(concurrency, processes, "--shutdown_timeout", "3600");
        await Place.ArrivalsAsync(concurrency);

        await process.SignalAsync("INT");
        await UntilWorkerAsync(WorkerStatus.Join);
        await process.SignalAsync("INT");

        Assert.Equal(0, await process.ExitAsync());
        await AssertBackInOrderAsync(ids, concurrency);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(2, 1)]
    public async Task A_SIGTERM_interrupts_jobs_that_outlast_the_shutdown_timeout(int concurrency, int processes)
    {
        var ids = await EnqueueAsync(3);
        await using var process = Start(concurrency, processes, "--shutdown_timeout", "0");
        await Place.ArrivalsAsync(concurrency);

        await process.SignalAsync("TERM");

        Assert.Equal(0, await process.ExitAsync());
        await AssertBackInOrderAsync(ids, concurrency);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(2, 1)]
    public async Task After_a_SIGKILL_running_jobs_go_back_as_soon_as_it_is_seen_that_the_process_is_gone(int concurrency, int processes)
    {
        var ids = await EnqueueAsync(3);
        await using (var process = Start(concurrency, processes))
        {
            await Place.ArrivalsAsync(concurrency);
            await process.SignalAsync("KILL");
            Assert.NotEqual(0, await process.ExitAsync());
        }

        foreach (var id in ids)
        {
            await People.WaitForAsync(id, JobStatus.Queued);
        }

        Place.Release();
        await using var next = Start(concurrency, processes, "--dequeue_strategy", "burst");
        Assert.Equal(0, await next.ExitAsync());
        Assert.All(await StatusesAsync(ids), status => Assert.Equal(JobStatus.Success, status));
    }

    [Fact]
    public async Task With_max_jobs_5_it_ends_by_itself_after_5_of_12()
    {
        Place.Release();
        var ids = await EnqueueAsync(12);

        await using var process = Start(2, 0, "--max_jobs", "5");

        Assert.Equal(0, await process.ExitAsync());
        Assert.Equal(5, (await StatusesAsync(ids)).Count(status => status == JobStatus.Success));
        Assert.Equal(7, await People.WaitingAsync("default"));
        Assert.Contains("as many jobs as max_jobs says", process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_supervisor_starts_it_anew_until_nothing_is_left()
    {
        Place.Release();
        var ids = await EnqueueAsync(12);

        await using var process = Start(2, 1, "--max_jobs", "5", "--dequeue_strategy", "burst");

        Assert.Equal(0, await process.ExitAsync());
        Assert.All(await StatusesAsync(ids), status => Assert.Equal(JobStatus.Success, status));
        Assert.Equal(
            [EndReason.MaxJobs, EndReason.MaxJobs, EndReason.WorkedOff],
            (await People.Get<IWorkerStore>().ListAsync(Token)).Where(w => !w.IsSystem).OrderBy(w => w.DateStarted).Select(w => w.EndReason!.Value));
    }

    [Fact]
    public async Task Told_by_a_person_it_finishes_its_jobs_and_the_process_ends()
    {
        var ids = await EnqueueAsync(2);
        await using var process = Start(1, 0);
        await Place.ArrivalsAsync(1);

        await People.Get<WorkerControl>().StopAsync((await WorkerAsync())!.Id, StopMode.Drain, Token);
        await UntilWorkerAsync(WorkerStatus.Join);
        Place.Release();

        Assert.Equal(0, await process.ExitAsync());
        Assert.Equal([JobStatus.Success, JobStatus.Queued], await StatusesAsync(ids));
    }

    public async ValueTask InitializeAsync()
    {
        _place = await VisitedPlace.StartAsync();
        _stores = await TestStores.MakeAsync(pair);
        _people = await TestEngine.StartAsync(b => b.Configure(o => o.AcceptUnknownTasks = true), workers: false, stores: _stores);
    }

    public async ValueTask DisposeAsync()
    {
        await Place.DisposeAsync();
        await People.DisposeAsync();
        await _stores!.DisposeAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private MrqProcess Start(int concurrency, int processes, params string[] more) => MrqProcess.Start(
        _folder, ["worker", .. _stores!.Arguments, "--concurrency", $"{concurrency}", "--processes", $"{processes}", "--prefetch", "0", "--report_interval", "0.5", .. more]);

    private async Task<IReadOnlyList<JobId>> EnqueueAsync(int count) => [.. (await People.Client.EnqueueManyAsync(
        [.. Enumerable.Range(0, count).Select(i => new JobRequest { Path = "samples.fetch", Params = JsonSerializer.Serialize(Place.Staying($"{i}")) })], Token)).Select(e => e.Id)];

    private async Task<IReadOnlyList<JobStatus>> StatusesAsync(IReadOnlyList<JobId> ids)
    {
        var statuses = new List<JobStatus>();
        foreach (var id in ids)
        {
            statuses.Add((await People.FindAsync(id)).Status);
        }

        return statuses;
    }

    /// <summary>
    /// Maintenance of another process has requeued what was interrupted: it stands before what waited, which is in its order. Of two that ran at once either may be the first, as their
    /// ends are recorded one after the other.
    /// </summary>
    private async Task AssertBackInOrderAsync(IReadOnlyList<JobId> ids, int interrupted)
    {
        foreach (var id in ids)
        {
            await People.WaitForAsync(id, JobStatus.Queued);
        }

        await People.WaitUntilAsync(async () => await People.WaitingAsync("default") == ids.Count);
        var waiting = await People.Queues.PeekAsync(QueueName.Default, 0, 10, Token);
        Assert.Equal(ids.Take(interrupted), waiting.Take(interrupted).Order());
        Assert.Equal(ids.Skip(interrupted), waiting.Skip(interrupted));
        foreach (var id in ids.Take(interrupted))
        {
            Assert.Equal("interrupt", Assert.Single((await People.FindAsync(id)).TracebackHistory).ExceptionType);
        }
    }

    private async Task<WorkerReport?> WorkerAsync() => (await People.Get<IWorkerStore>().ListAsync(Token)).FirstOrDefault(w => !w.IsSystem);

    private Task UntilWorkerAsync(WorkerStatus status) => People.WaitUntilAsync(async () => (await WorkerAsync())?.Status == status);
}

public sealed class InterruptingAWorkerProcessOnSqlite() : InterruptingAWorkerProcess(StorePair.Sqlite);

public sealed class InterruptingAWorkerProcessOnRedisAndMongo() : InterruptingAWorkerProcess(StorePair.RedisAndMongo);
