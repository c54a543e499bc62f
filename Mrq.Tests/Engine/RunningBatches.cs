using System.Collections.Concurrent;
using System.Text.Json;
using Mrq.Batches;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

public abstract class RunningBatches(StorePair pair) : EngineSpec(pair)
{
    private readonly ConcurrentQueue<string> _heard = [];
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isBroken;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task When_all_have_ended_the_job_runs_that_waits_for_it_and_hears_what_became_of_them()
    {
        await using var mrq = await StartAsync();

        var batch = await EnqueueAsync(mrq, new BatchRequest { Name = "three", Jobs = [Plain, Plain, Fails], OnComplete = Hear, OnSuccess = Hear });

        var complete = await mrq.WaitForAsync(batch.OnComplete!.Value, JobStatus.Success);
        using var heard = JsonDocument.Parse(Assert.Single(_heard));
        Assert.Equal((batch.Id.ToString(), "three", 3), (heard.RootElement.GetProperty("id").GetString(), heard.RootElement.GetProperty("name").GetString(), heard.RootElement.GetProperty("total").GetInt32()));
        Assert.Equal("""{"success":2,"failed":1}""", heard.RootElement.GetProperty("counts").GetRawText());
        Assert.Equal(batch.Id, complete.After);
        var view = await ViewAsync(mrq, batch);
        Assert.Equal((BatchState.Failed, 3, 3), (view.State, view.Total, view.Done));
        Assert.Equal(JobStatus.Deferred, (await mrq.FindAsync(batch.OnSuccess!.Value)).Status);
    }

    [Fact]
    public async Task A_retried_job_that_succeeds_may_complete_the_success_later()
    {
        _isBroken = true;
        await using var mrq = await StartAsync();
        var batch = await EnqueueAsync(mrq, new BatchRequest { Jobs = [Plain, new JobRequest { Path = "fragile" }], OnComplete = Hear, OnSuccess = Hear });
        await mrq.WaitForAsync(batch.OnComplete!.Value, JobStatus.Success);
        _isBroken = false;

        var failed = (await mrq.Queries.FindIdsAsync(new JobFilter { Tag = batch.Tag, Statuses = JobStatuses.Of(JobStatus.Failed) }, null, 10, Token))[0];
        await mrq.Control.ApplyAsync(JobAction.Requeue, [failed], null, Token);

        await mrq.WaitForAsync(batch.OnSuccess!.Value, JobStatus.Success);
        Assert.Equal(2, _heard.Count);
        Assert.Equal(BatchState.Success, (await ViewAsync(mrq, batch)).State);
    }

    [Fact]
    public async Task A_batch_that_has_succeeded_stays_so_when_its_jobs_are_cancelled_afterwards()
    {
        await using var mrq = await StartAsync();
        var batch = await EnqueueAsync(mrq, new BatchRequest { Jobs = [Plain, Plain, Plain], OnComplete = Hear });
        await mrq.WaitForAsync(batch.OnComplete!.Value, JobStatus.Success);

        var cancel = await mrq.Get<BulkActions>().StartAsync(JobAction.Cancel, new JobFilter { Tag = batch.Tag }, null, Token);

        Assert.Contains("\"done\":3", (await mrq.WaitForEndAsync(cancel)).Result, StringComparison.Ordinal);
        var view = await ViewAsync(mrq, batch);
        Assert.Equal((BatchState.Success, 3, 3, 3), (view.State, view.Total, view.Done, view.Counts[JobStatus.Cancel]));
    }

    [Fact]
    public async Task A_batch_that_has_failed_stays_so_when_its_jobs_are_cancelled_afterwards()
    {
        await using var mrq = await StartAsync();
        var batch = await EnqueueAsync(mrq, new BatchRequest { Jobs = [Plain, Fails], OnComplete = Hear });
        await mrq.WaitForAsync(batch.OnComplete!.Value, JobStatus.Success);

        var failed = await mrq.Queries.FindIdsAsync(new JobFilter { Tag = batch.Tag, Statuses = JobStatuses.Of(JobStatus.Failed) }, null, 10, Token);
        await mrq.Control.ApplyAsync(JobAction.Cancel, failed, null, Token);

        Assert.Equal(BatchState.Failed, (await ViewAsync(mrq, batch)).State);
    }

    [Fact]
    public async Task Ten_thousand_jobs_end_once()
    {
        await using var mrq = await StartAsync(concurrency: 50);

        var batch = await EnqueueAsync(mrq, new BatchRequest { Jobs = [.. Enumerable.Repeat(Plain, 10_000)], OnComplete = Hear, OnSuccess = Hear });

        Assert.Equal(10_000, batch.Total);
        await mrq.WaitForAsync(batch.OnSuccess!.Value, JobStatus.Success);
        await mrq.WaitForAsync(batch.OnComplete!.Value, JobStatus.Success);
        Assert.Equal(2, _heard.Count);
        Assert.Equal((BatchState.Success, 10_000, 1.0), (await ViewAsync(mrq, batch) is var view ? (view.State, view.Total, view.Progress) : default));
    }

    [Fact]
    public async Task Those_of_a_chain_belong_to_the_batch_of_its_first()
    {
        await using var mrq = await StartAsync();

        var batch = await EnqueueAsync(mrq, new BatchRequest { Jobs = [Plain with { Then = Plain with { Then = Plain } }, Plain], OnSuccess = Hear });

        await mrq.WaitForAsync(batch.OnSuccess!.Value, JobStatus.Success);
        Assert.Equal(4, (await ViewAsync(mrq, batch)).Counts[JobStatus.Success]);
    }

    [Fact]
    public async Task A_running_job_may_add_to_its_batch_and_nobody_to_one_that_has_ended()
    {
        await using var mrq = await StartAsync();

        var batch = await EnqueueAsync(mrq, new BatchRequest { Jobs = [new JobRequest { Path = "adds" }], OnSuccess = Hear });
        await mrq.WaitForAsync(batch.OnSuccess!.Value, JobStatus.Success);

        Assert.Equal(4, (await ViewAsync(mrq, batch)).Total);
        var late = await Assert.ThrowsAsync<InvalidJobException>(() => mrq.Client.EnqueueAsync(Plain with { Batch = batch.Id }, Token));
        var nowhere = await Assert.ThrowsAsync<InvalidJobException>(() => mrq.Client.EnqueueAsync(Plain with { Batch = JobId.New(TimeProvider.System) }, Token));
        Assert.Contains("has ended", Assert.Single(late.Errors).Error, StringComparison.Ordinal);
        Assert.Contains("There is no batch", Assert.Single(nowhere.Errors).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repeated_request_finds_the_batch_of_the_first()
    {
        await using var mrq = await StartAsync();
        var request = new BatchRequest { IdempotencyKey = "night", Jobs = [Plain, Plain], OnComplete = Hear };

        var first = await mrq.Get<BatchClient>().EnqueueAsync(request, Token);
        await mrq.WaitForAsync(first.Batch.OnComplete!.Value, JobStatus.Success);
        var again = await mrq.Get<BatchClient>().EnqueueAsync(request, Token);

        Assert.Equal((false, true, first.Batch.Id), (first.Existing, again.Existing, again.Batch.Id));
        Assert.Equal(3, await mrq.Queries.CountAsync(new JobFilter(), 10, Token));
        Assert.Single(_heard);
    }

    [Fact]
    public async Task A_task_may_make_a_batch()
    {
        await using var mrq = await StartAsync();

        var made = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("makes"));

        var batch = JobId.Parse(JsonSerializer.Deserialize<string>(made.Result!)!);
        await mrq.WaitUntilAsync(async () => (await mrq.Get<BatchControl>().FindAsync(batch, Token))!.State == BatchState.Success);
    }

    [Fact]
    public async Task Who_cancels_a_batch_cancels_what_waits_and_stops_what_runs_if_he_says_so()
    {
        await using var mrq = await StartAsync(concurrency: 1);
        var batch = await EnqueueAsync(mrq, new BatchRequest { Jobs = [.. Enumerable.Repeat(new JobRequest { Path = "holds" }, 1500)], OnComplete = Hear, OnSuccess = Hear });
        await mrq.WaitUntilAsync(async () => (await ViewAsync(mrq, batch)).Counts.ContainsKey(JobStatus.Started));

        Assert.Null(await mrq.Get<BatchControl>().CancelAsync(batch.Id, abort: true, Token));

        await mrq.WaitForAsync(batch.OnComplete!.Value, JobStatus.Success);
        await mrq.WaitForAsync(batch.OnSuccess!.Value, JobStatus.Cancel);
        var view = await ViewAsync(mrq, batch);
        Assert.Equal(BatchState.Cancelled, view.State);
        Assert.Equal(1500, view.Counts[JobStatus.Cancel] + view.Counts[JobStatus.Abort]);
        var refused = await Assert.ThrowsAsync<InvalidJobException>(() => mrq.Client.EnqueueAsync(Plain with { Batch = batch.Id }, Token));
        Assert.Contains("was cancelled", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_runs_no_job_of_a_cancelled_batch_until_that_has_ended_and_a_person_wants_it()
    {
        await using var mrq = await StartAsync();
        var queue = new QueueName("idle");
        var batch = await EnqueueAsync(mrq, new BatchRequest { Jobs = [Plain with { Queue = queue }] });
        // Noted in the batch, and nothing else: as when its jobs are too many to be cancelled at once.
        Assert.True(await mrq.Get<IBatchStore>().CancelAsync(batch.Id, abortsRunning: false, TimeProvider.System.GetUtcNow(), Token));
        var job = (await mrq.Queries.FindIdsAsync(new JobFilter { Tag = batch.Tag }, null, 10, Token))[0];

        await mrq.Control.EditAsync(job, parameters: null, QueueName.Default, Token);
        var cancelled = await mrq.WaitForEndAsync(job);
        await mrq.WaitUntilAsync(async () => (await ViewAsync(mrq, batch)).Batch.FinishedAt is not null);
        // To a queue with a worker: maintenance may have cancelled it before it was moved there.
        await mrq.Control.ApplyAsync(JobAction.Requeue, [job], QueueName.Default, Token);

        Assert.Equal(JobStatus.Cancel, cancelled.Status);
        Assert.NotNull(cancelled.DateExpires);
        await mrq.WaitForAsync(job, JobStatus.Success);
    }

    [Fact]
    public async Task A_batch_whose_jobs_were_all_there_before_has_succeeded()
    {
        await using var mrq = await StartAsync();
        var keyed = Plain with { UniqueKey = "k", Queue = new QueueName("idle") };
        await mrq.Client.EnqueueAsync(keyed, Token);

        var batch = await EnqueueAsync(mrq, new BatchRequest { Jobs = [keyed], OnComplete = Hear, OnSuccess = Hear });

        await mrq.WaitForAsync(batch.OnComplete!.Value, JobStatus.Success);
        await mrq.WaitForAsync(batch.OnSuccess!.Value, JobStatus.Success);
        Assert.Equal(BatchState.Success, (await ViewAsync(mrq, batch)).State);
    }

    [Fact]
    public async Task What_a_batch_cannot_have_is_refused_by_the_name_of_its_field()
    {
        await using var mrq = await StartAsync(workers: false);
        var other = JobId.New(TimeProvider.System);

        var error = await Assert.ThrowsAsync<InvalidJobException>(() => EnqueueAsync(mrq, new BatchRequest
        {
            Name = "",
            Jobs = [Plain, Plain with { Batch = other }, new JobRequest { Path = "plane" }, Plain with { Tags = [Batch.TagOf(other)] }, Plain with { Then = Plain with { Batch = other } }],
            OnComplete = Plain with { Batch = other },
            OnSuccess = Plain with { UniqueKey = "k" },
        }));
        var empty = await Assert.ThrowsAsync<InvalidJobException>(() => EnqueueAsync(mrq, new BatchRequest { Jobs = [] }));

        Assert.Equal(
            ["name", "on_complete.batch", "on_success.unique_key", "jobs[1].batch", "jobs[2].path", "jobs[3].tags", "jobs[4].then.batch"], error.Errors.Select(e => e.Field));
        Assert.Equal("jobs", Assert.Single(empty.Errors).Field);
        Assert.Equal(0, await mrq.Queries.CountAsync(new JobFilter(), long.MaxValue, Token));
        Assert.Empty(await mrq.Get<IBatchStore>().ListAsync(null, 10, Token));
    }

    [Fact]
    public async Task A_job_that_is_there_already_does_not_belong_to_the_batch()
    {
        await using var mrq = await StartAsync();
        await mrq.EnqueueAsync("plain", with: r => r with { IdempotencyKey = "before" });

        var batch = await EnqueueAsync(mrq, new BatchRequest { Jobs = [Plain, Plain with { IdempotencyKey = "before" }], OnSuccess = Hear });

        await mrq.WaitForAsync(batch.OnSuccess!.Value, JobStatus.Success);
        Assert.Equal(1, (await ViewAsync(mrq, batch)).Total);
    }

    [Theory]
    [InlineData(nameof(IJobStore.CompleteAsync))]
    [InlineData(nameof(IBatchStore.FinishAsync))]
    [InlineData(nameof(IJobStore.EditAsync))]
    [InlineData(nameof(IJobStore.TransitionAsync))]
    public async Task A_batch_ends_wherever_its_last_worker_dies(string call)
    {
        await using var survivor = await StartAsync(queue: "survivor");
        var batch = await EnqueueAsync(survivor, new BatchRequest { Jobs = [Plain], OnComplete = Hear with { Queue = new QueueName("survivor") } });
        var faults = new FaultyStores(call, isFatal: true);
        var victim = await StartEngineAsync(b =>
        {
            Configure(b);
            faults.Decorate(b.Services);
        });
        // The survivor's maintenance may come first to the end of the batch: then the victim has nothing left to die in.
        await Task.WhenAny(faults.Struck.Task.WaitAsync(TestEngine.Patience, Token), survivor.WaitForAsync(batch.OnComplete!.Value, JobStatus.Success));
        victim.Abandon();
        // Whatever it left started or in the queue.
        await using var another = await StartAsync();

        await survivor.WaitForAsync(batch.OnComplete!.Value, JobStatus.Success);
        Assert.Single(_heard);
    }

    [Theory]
    [InlineData(nameof(IBatchStore.InsertAsync))]
    [InlineData(nameof(IBatchStore.BeginAddAsync))]
    [InlineData(nameof(IBatchStore.EndAddAsync))]
    public async Task A_batch_that_was_never_wholly_stored_runs_what_it_has_and_takes_nothing_for_its_end(string call)
    {
        await using var survivor = await StartAsync();
        var faults = new FaultyStores(call, isFatal: true, onlyPort: typeof(IBatchStore));
        var victim = await StartEngineAsync(
            b =>
            {
                Configure(b);
                faults.Decorate(b.Services);
            },
            workers: false);

        await Assert.ThrowsAsync<StorageUnavailableException>(() => EnqueueAsync(victim, new BatchRequest { Jobs = [Plain, Plain], OnSuccess = Hear }));
        victim.Abandon();

        var batch = Assert.Single(await survivor.Get<IBatchStore>().ListAsync(null, 10, Token));
        await survivor.WaitUntilAsync(async () => !(await ViewAsync(survivor, batch)).Counts.Keys.Any(JobStatuses.Live.Contains));
        Assert.Equal(BatchState.Storing, (await ViewAsync(survivor, batch)).State);
        Assert.Empty(_heard);
    }

    [Fact]
    public async Task A_person_closes_a_batch_that_stayed_incomplete_and_what_waits_for_its_success_runs()
    {
        await using var mrq = await StartAsync();
        var batch = await LeaveIncompleteAsync(mrq, Plain, Plain);
        await mrq.WaitForAsync(batch.OnComplete!.Value, JobStatus.Success);
        var notYet = await mrq.WaitForAsync(batch.OnSuccess!.Value, JobStatus.Cancel);
        Assert.Equal(BatchState.Incomplete, (await ViewAsync(mrq, batch)).State);

        Assert.Equal(new ClosedBatch(IsChanged: true, null), await mrq.Get<BatchControl>().CloseAsync(batch.Id, Token));
        Assert.Equal(new ClosedBatch(IsChanged: false, null), await mrq.Get<BatchControl>().CloseAsync(batch.Id, Token));

        await mrq.WaitForAsync(batch.OnSuccess!.Value, JobStatus.Success);
        Assert.Equal(2, _heard.Count);
        Assert.Equal((BatchState.Success, 2), (await ViewAsync(mrq, batch) is var view ? (view.State, view.Total) : default));
        Assert.Equal("Its batch is incomplete: who made it died before all of its jobs were stored.", notYet.ExceptionMessage);
    }

    [Fact]
    public async Task A_closed_batch_with_failures_waits_until_they_are_retried_and_succeed()
    {
        _isBroken = true;
        await using var mrq = await StartAsync();
        var batch = await LeaveIncompleteAsync(mrq, Plain, new JobRequest { Path = "fragile" });
        await mrq.WaitForAsync(batch.OnSuccess!.Value, JobStatus.Cancel);

        Assert.Null((await mrq.Get<BatchControl>().CloseAsync(batch.Id, Token)).Refused);
        Assert.Equal((JobStatus.Deferred, null), (await mrq.FindAsync(batch.OnSuccess!.Value) is var held ? (held.Status, held.ExceptionType) : default));
        Assert.Equal(BatchState.Failed, (await ViewAsync(mrq, batch)).State);
        _isBroken = false;
        await mrq.Control.ApplyAsync(JobAction.Requeue, await mrq.Queries.FindIdsAsync(new JobFilter { Tag = batch.Tag, Statuses = JobStatuses.Of(JobStatus.Failed) }, null, 10, Token), null, Token);

        await mrq.WaitForAsync(batch.OnSuccess!.Value, JobStatus.Success);
    }

    [Fact]
    public async Task A_batch_that_is_closed_while_its_jobs_run_ends_as_others_do()
    {
        await using var mrq = await StartAsync();
        var batch = await LeaveIncompleteAsync(mrq, new JobRequest { Path = "holds" });
        await mrq.WaitUntilAsync(async () => (await ViewAsync(mrq, batch)).Counts.ContainsKey(JobStatus.Started));

        Assert.True((await mrq.Get<BatchControl>().CloseAsync(batch.Id, Token)).IsChanged);
        Assert.Equal(BatchState.Running, (await ViewAsync(mrq, batch)).State);
        _gate.SetResult();

        await mrq.WaitForAsync(batch.OnComplete!.Value, JobStatus.Success);
        await mrq.WaitForAsync(batch.OnSuccess!.Value, JobStatus.Success);
        Assert.Equal(2, _heard.Count);
    }

    [Fact]
    public async Task What_waits_for_a_batch_runs_also_when_the_process_dies_that_closes_it()
    {
        await using var survivor = await StartAsync();
        var batch = await LeaveIncompleteAsync(survivor, Plain);
        await survivor.WaitForAsync(batch.OnSuccess!.Value, JobStatus.Cancel);
        var faults = new FaultyStores(nameof(IBatchStore.CloseAsync), isFatal: true);
        var victim = await StartEngineAsync(
            b =>
            {
                Configure(b);
                faults.Decorate(b.Services);
            },
            workers: false);

        await Assert.ThrowsAsync<StorageUnavailableException>(() => victim.Get<BatchControl>().CloseAsync(batch.Id, Token));
        victim.Abandon();

        await survivor.WaitForAsync(batch.OnSuccess!.Value, JobStatus.Success);
    }

    [Fact]
    public async Task A_batch_that_someone_may_still_be_making_or_that_was_cancelled_cannot_be_closed()
    {
        await using var mrq = await StartAsync();
        var control = mrq.Get<BatchControl>();
        var now = TimeProvider.System.GetUtcNow();
        var young = new Batch { Id = JobId.New(TimeProvider.System), Created = now, Updated = now };
        await mrq.Get<IBatchStore>().InsertAsync(young, Token);
        var cancelled = await LeaveIncompleteAsync(mrq, new JobRequest { Path = "holds" });
        Assert.Null(await control.CancelAsync(cancelled.Id, abort: false, Token));

        Assert.Contains("may go on", (await control.CloseAsync(young.Id, Token)).Refused, StringComparison.Ordinal);
        Assert.Contains("was cancelled", (await control.CloseAsync(cancelled.Id, Token)).Refused, StringComparison.Ordinal);
        Assert.Contains("There is no batch", (await control.CloseAsync(JobId.New(TimeProvider.System), Token)).Refused, StringComparison.Ordinal);
    }

    private static JobRequest Plain => new() { Path = "plain" };

    private static JobRequest Fails => new() { Path = "fails" };

    private static JobRequest Hear => new() { Path = "hear", ResultAs = "batch" };

    private static async Task<Batch> EnqueueAsync(TestEngine mrq, BatchRequest request) => (await mrq.Get<BatchClient>().EnqueueAsync(request, Token)).Batch;

    /// <summary>What is there two minutes after a process has died that was storing a batch: these jobs of it, and what waits for its end.</summary>
    private static async Task<Batch> LeaveIncompleteAsync(TestEngine mrq, params IReadOnlyList<JobRequest> stored)
    {
        var began = TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(2);
        var factory = mrq.Get<JobFactory>();
        var batch = new Batch { Id = JobId.New(TimeProvider.System), Created = began, Updated = began, OnComplete = JobId.New(TimeProvider.System), OnSuccess = JobId.New(TimeProvider.System), Total = 10 };
        Job Waiting(JobId id) => factory.Make(new JobRequest { Path = "hear", Params = """{"batch":{}}""" }) with { Id = id, Status = JobStatus.Deferred, After = batch.Id, ResultAs = "batch" };
        List<Job> jobs = [.. stored.Select(request => factory.Make(request with { Batch = batch.Id }))];
        await mrq.Get<IJobStore>().InsertAsync([.. jobs, Waiting(batch.OnComplete.Value), Waiting(batch.OnSuccess.Value)], Token);
        await mrq.Get<IBatchStore>().InsertAsync(batch, Token);
        await mrq.Queues.EnqueueAsync([.. jobs.Select(job => new QueuedId(job.Id, job.Queue))], atHead: false, Token);
        return batch;
    }

    private static async Task<BatchView> ViewAsync(TestEngine mrq, Batch batch) =>
        await mrq.Get<BatchControl>().FindAsync(batch.Id, Token) ?? throw new InvalidOperationException("The batch is gone.");

    private void Configure(MrqBuilder mrq)
    {
        mrq.Configure(o => o.LostJobGrace = TimeSpan.FromSeconds(1));
        mrq.AddTask<NoParams>("plain", (_, _, _) => Task.CompletedTask);
        mrq.AddTask<NoParams>("fails", (_, _, _) => throw new InvalidOperationException("as asked"));
        mrq.AddTask<NoParams>("fragile", (_, _, _) => _isBroken ? throw new InvalidOperationException("broken") : Task.CompletedTask);
        mrq.AddTask<NoParams>("holds", (_, _, stop) => _gate.Task.WaitAsync(stop));
        mrq.AddTask<NoParams>("adds", (_, context, stop) =>
            context.EnqueueManyAsync([.. Enumerable.Repeat(Plain with { Batch = context.Job.Batch }, 3)], stop));
        mrq.AddTask<NoParams, string>("makes", async (_, context, stop) => (await context.EnqueueBatchAsync(new BatchRequest { Jobs = [Plain, Plain] }, stop)).Batch.Id.ToString());
        mrq.AddTask<Heard>("hear", (heard, _, _) =>
        {
            _heard.Enqueue(heard.Batch.GetRawText());
            return Task.CompletedTask;
        });
    }

    private Task<TestEngine> StartAsync(bool workers = true, int concurrency = 10, string? queue = null) => StartEngineAsync(
        Configure,
        w =>
        {
            w.Concurrency = concurrency;
            w.Queues = queue is null ? w.Queues : [new QueueName(queue)];
        },
        workers);

    private sealed record Heard(JsonElement Batch);
}

public sealed class RunningBatchesOnSqlite() : RunningBatches(StorePair.Sqlite);

public sealed class RunningBatchesOnRedisAndMongo() : RunningBatches(StorePair.RedisAndMongo);
