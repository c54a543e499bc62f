using Microsoft.Extensions.DependencyInjection;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Engine;

/// <summary>Each step after which a process may die, and how the job is found again (docs/crash-points.md).</summary>
public abstract class LosingNoJob(StorePair pair) : EngineSpec(pair)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task A_document_whose_id_never_reached_its_queue_runs()
    {
        await using var mrq = await StartAsync();
        var job = Document();

        await mrq.Get<IJobStore>().InsertAsync([job], Token);

        Assert.Equal(JobStatus.Success, (await mrq.WaitForEndAsync(job.Id)).Status);
    }

    [Fact]
    public async Task An_id_that_was_taken_but_never_started_is_back_in_its_queue()
    {
        await using var mrq = await StartAsync();
        var job = Document() with { Queue = new QueueName("taken") };
        await mrq.Get<IJobStore>().InsertAsync([job], Token);
        await mrq.Queues.EnqueueAsync([new QueuedId(job.Id, job.Queue)], atHead: false, Token);

        Assert.Single(await mrq.Queues.DequeueAsync([job.Queue], 1, Now - Grace, Token));

        // First into the queue, then out of the started set: dying between the two loses nothing.
        await mrq.WaitUntilAsync(async () => (await mrq.Queues.FindStartedAsync(Now, 10, Token)).Count == 0);
        Assert.Equal(1, await mrq.WaitingAsync("taken"));
        Assert.Equal(JobStatus.Queued, (await mrq.FindAsync(job.Id)).Status);
    }

    [Fact]
    public async Task A_job_whose_worker_is_unknown_runs_again()
    {
        await using var mrq = await StartAsync();
        var job = Document();
        await mrq.Get<IJobStore>().InsertAsync([job], Token);

        await mrq.Get<IJobStore>().StartAsync([job.Id], new WorkerId("gone"), Now, Token);

        var ended = await mrq.WaitForEndAsync(job.Id);
        Assert.Equal((JobStatus.Success, 2), (ended.Status, ended.Attempt));
    }

    [Fact]
    public async Task A_job_whose_worker_fell_silent_runs_again_and_the_late_worker_is_refused()
    {
        await using var mrq = await StartAsync();
        var job = Document();
        var silent = Report() with { DateReported = Now - TimeSpan.FromMinutes(1) };
        await mrq.Get<IWorkerStore>().ReportAsync(silent, Token);
        await mrq.Get<IJobStore>().InsertAsync([job], Token);
        await mrq.Get<IJobStore>().StartAsync([job.Id], silent.Id, Now, Token);

        var ended = await mrq.WaitForEndAsync(job.Id);
        var late = await mrq.Get<IJobStore>().CompleteAsync(
            [new JobCompletion { Id = job.Id, Worker = silent.Id, Attempt = 1, Status = JobStatus.Failed, At = Now, Path = job.Path, Queue = job.Queue, TotalTime = 1 }], Token);

        Assert.Equal((JobStatus.Success, 2), (ended.Status, ended.Attempt));
        Assert.Equal([false], late);
        Assert.Equal(JobStatus.Success, (await mrq.FindAsync(job.Id)).Status);
    }

    [Fact]
    public async Task A_worker_that_was_silent_for_long_ends_the_runs_that_others_were_given()
    {
        var gate = new Gate();
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var faults = new FaultyStores(nameof(IWorkerStore.ReportAsync), isFatal: false, times: 4, isArmed: false);
        await using var mrq = await StartEngineAsync(b =>
        {
            b.AddTask<NoParams>("hold", async (_, _, token) =>
            {
                try
                {
                    await gate.PassAsync(token);
                }
                catch (OperationCanceledException)
                {
                    cancelled.TrySetResult();
                    throw;
                }
            });
            faults.Decorate(b.Services);
        });
        var id = await mrq.EnqueueAsync("hold");
        await gate.WaitForArrivalsAsync();
        var parked = new JobTransition
        {
            Jobs = [id],
            From = JobStatuses.Of(JobStatus.Started),
            To = JobStatus.Queued,
            At = Now,
            Queue = new QueueName("parked"),
        };
        await mrq.Get<IJobStore>().TransitionAsync(parked, Token);

        faults.Arm();
        await cancelled.Task.WaitAsync(TestEngine.Patience, Token);
        await mrq.WaitUntilAsync(async () => (await mrq.WorkerAsync()).Jobs.Count == 0);

        Assert.Equal((JobStatus.Queued, "parked"), ((await mrq.FindAsync(id)).Status, (await mrq.FindAsync(id)).Queue.Value));
    }

    [Fact]
    public async Task A_job_of_a_process_of_this_machine_that_is_gone_runs_again_without_waiting_for_its_silence()
    {
        await using var mrq = await StartAsync();
        var job = Document();
        // A process of that number that began at another time is another process.
        var dead = Report() with { DateReported = Now, ReportInterval = TimeSpan.FromHours(1), ProcessStarted = Now - TimeSpan.FromDays(400) };
        await mrq.Get<IWorkerStore>().ReportAsync(dead, Token);
        await mrq.Get<IJobStore>().InsertAsync([job], Token);
        await mrq.Get<IJobStore>().StartAsync([job.Id], dead.Id, Now, Token);

        Assert.Equal(JobStatus.Success, (await mrq.WaitForEndAsync(job.Id)).Status);
    }

    [Fact]
    public async Task A_burst_ends_only_when_what_a_dead_process_of_this_machine_left_has_run()
    {
        await using var services = new ServiceCollection().AddLogging().AddMrq(Stores.Use).BuildServiceProvider();
        await services.GetRequiredService<IStorage>().OpenAsync(Token);
        var jobs = services.GetRequiredService<IJobStore>();
        var dead = Report() with { ReportInterval = TimeSpan.FromHours(1), ProcessStarted = Now - TimeSpan.FromDays(400) };
        // The dead process led, too: nobody does maintenance until its term is over.
        await services.GetRequiredService<ICoordination>().TryLeadAsync("maintenance", "dead", Now, TimeSpan.FromHours(1), Token);
        await services.GetRequiredService<IWorkerStore>().ReportAsync(dead, Token);
        var (started, interrupted) = (Document(), Document());
        await jobs.InsertAsync([started, interrupted], Token);
        await jobs.StartAsync([started.Id, interrupted.Id], dead.Id, Now, Token);
        await jobs.TransitionAsync(
            new JobTransition { Jobs = [interrupted.Id], From = JobStatuses.Of(JobStatus.Started), To = JobStatus.Interrupt, At = Now, Worker = dead.Id }, Token);

        await using var mrq = await StartEngineAsync(
            b => b.AddTask<NoParams>("work", (_, _, _) => Task.CompletedTask), w => w.DequeueStrategy = DequeueStrategy.Burst);
        await mrq.WaitUntilAsync(async () => (await mrq.Get<IWorkerStore>().ListAsync(Token)).Any(w => w.EndReason == EndReason.WorkedOff && w.Status == WorkerStatus.Stop));

        Assert.Equal((JobStatus.Success, JobStatus.Success), ((await mrq.FindAsync(started.Id)).Status, (await mrq.FindAsync(interrupted.Id)).Status));
    }

    // Two containers may have one name; in both the server is process 1.
    [Theory]
    [InlineData("elsewhere")]
    [InlineData(null)]
    public async Task A_job_of_a_living_worker_is_left_alone(string? space)
    {
        await using var mrq = await StartAsync();
        var held = Document();
        var alive = Report() with { ProcessSpace = space, ProcessStarted = Now - TimeSpan.FromDays(1), DateReported = Now, ReportInterval = TimeSpan.FromHours(1) };
        await mrq.Get<IWorkerStore>().ReportAsync(alive, Token);
        await mrq.Get<IJobStore>().InsertAsync([held], Token);
        await mrq.Get<IJobStore>().StartAsync([held.Id], alive.Id, Now, Token);

        // When a job of a dead worker that was started later has been rescued, the rescuer has looked at this one, too.
        var other = Document();
        await mrq.Get<IJobStore>().InsertAsync([other], Token);
        await mrq.Get<IJobStore>().StartAsync([other.Id], new WorkerId("gone"), Now, Token);
        await mrq.WaitForEndAsync(other.Id);

        Assert.Equal((JobStatus.Started, 1), ((await mrq.FindAsync(held.Id)).Status, (await mrq.FindAsync(held.Id)).Attempt));
    }

    [Fact]
    public async Task An_id_without_a_document_is_forgotten()
    {
        await using var mrq = await StartAsync();
        var ghost = JobId.New(TimeProvider.System);

        await mrq.Queues.EnqueueAsync([new QueuedId(ghost, QueueName.Default)], atHead: false, Token);
        var real = await mrq.EnqueueAsync("work");

        Assert.Equal(JobStatus.Success, (await mrq.WaitForEndAsync(real)).Status);
        Assert.Equal(0, await mrq.WaitingAsync("default"));
    }

    [Fact]
    public async Task Ids_whose_documents_do_not_wait_are_taken_out_of_a_queue_that_nobody_takes_from()
    {
        var queue = new QueueName("parked");
        await using var mrq = await StartAsync();
        List<JobId> real = [];
        for (var i = 0; i < 3; i++)
        {
            real.Add(await mrq.EnqueueAsync("work", with: r => r with { Queue = queue }));
        }

        var cancelled = await mrq.EnqueueAsync("work", with: r => r with { Queue = queue });
        await mrq.Control.ApplyAsync(JobAction.Cancel, [cancelled], null, Token);
        // As a process leaves it that dies between the two steps of a cancel, or of a deletion.
        await mrq.Queues.EnqueueAsync([new QueuedId(cancelled, queue), new QueuedId(JobId.New(TimeProvider.System), queue)], atHead: true, Token);

        await mrq.WaitUntilAsync(async () => await mrq.WaitingAsync("parked") == 3);
        Assert.Equal(real, await mrq.Queues.PeekAsync(queue, 0, 10, Token));
    }

    [Fact]
    public async Task An_id_that_is_queued_again_while_it_is_taken_starts_its_document_once()
    {
        await using var mrq = await StartEngineAsync(_ => { }, workers: false);
        var job = Document();
        var jobs = mrq.Get<IJobStore>();
        await jobs.InsertAsync([job], Token);
        await mrq.Queues.EnqueueAsync([new QueuedId(job.Id, job.Queue)], atHead: false, Token);
        Assert.Single(await mrq.Queues.DequeueAsync([job.Queue], 1, Now, Token));
        await mrq.Queues.EnqueueAsync([new QueuedId(job.Id, job.Queue)], atHead: false, Token);
        Assert.Single(await mrq.Queues.DequeueAsync([job.Queue], 1, Now, Token));

        // Known to be alive: the job of an unknown worker is rescued, and could be started again for that reason.
        var first = Report() with { ProcessSpace = null, ReportInterval = TimeSpan.FromHours(1) };
        await mrq.Get<IWorkerStore>().ReportAsync(first, Token);
        Assert.Single(await jobs.StartAsync([job.Id], first.Id, Now, Token));
        Assert.Empty(await jobs.StartAsync([job.Id], new WorkerId("second"), Now, Token));
    }

    [Fact]
    public async Task What_has_served_its_time_is_deleted_with_its_log()
    {
        await using var mrq = await StartEngineAsync(b => b
            .Configure(o => o.DefaultResultTtl = TimeSpan.Zero)
            .AddTask<NoParams>("brief", (_, context, _) =>
            {
                context.SetProgress(1);
                return Task.CompletedTask;
            }));

        var id = await mrq.EnqueueAsync("brief");

        await mrq.WaitUntilAsync(async () => (await mrq.Queries.GetAsync([id], false, Token)).Count == 0);
        Assert.Empty(await mrq.Get<IJobLogStore>().ReadAsync(id, 0, 10, Token));
        Assert.Equal(0, (await mrq.Queries.CountsAsync(Token)).Sum(c => c.Count));
    }

    private Task<TestEngine> StartAsync() => StartEngineAsync(
        b => b.Configure(o => o.LostJobGrace = Grace).AddTask<NoParams>("work", (_, _, _) => Task.CompletedTask));

    // Stored long enough ago for the grace to be over.
    private static Job Document() => new()
    {
        Id = JobId.New(TimeProvider.System),
        Path = "work",
        Params = "{}",
        Queue = QueueName.Default,
        Status = JobStatus.Queued,
        DateQueued = Now - TimeSpan.FromMinutes(1),
        DateUpdated = Now - TimeSpan.FromMinutes(1),
    };

    private static WorkerReport Report() => new()
    {
        Id = new WorkerId($"test-{JobId.New(TimeProvider.System)}"),
        Name = "test",
        Node = Environment.MachineName,
        ProcessSpace = ProcessUsage.Space,
        ProcessId = Environment.ProcessId,
        ProcessStarted = Now,
        Status = WorkerStatus.Spawn,
        Queues = [new QueueName("elsewhere")],
        Concurrency = 1,
        DateStarted = Now,
        DateReported = Now,
        ReportInterval = TimeSpan.FromSeconds(1),
        DateExpires = Now + TimeSpan.FromHours(1),
    };
}

public sealed class LosingNoJobOnSqlite() : LosingNoJob(StorePair.Sqlite);

public sealed class LosingNoJobOnRedisAndMongo() : LosingNoJob(StorePair.RedisAndMongo);
