using System.Collections.Concurrent;
using System.Text.Json;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

public abstract class RunningChains(StorePair pair) : EngineSpec(pair)
{
    private readonly ConcurrentQueue<string> _ran = [];
    private volatile bool _isBroken;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_next_job_runs_when_the_one_before_has_succeeded_and_gets_its_result()
    {
        await using var mrq = await StartAsync();

        var chain = await ChainAsync(mrq, Add("""{"a":1,"b":2}"""), Add("""{ "b" :  10 }""") with { ResultAs = "a" }, Add("""{"b":100}""") with { ResultAs = "a" });

        Assert.Equal("113", (await mrq.WaitForEndAsync(chain[2])).Result);
        var second = await mrq.FindAsync(chain[1]);
        Assert.Equal(("""{ "b" :  10,"a":3}""", "13"), (second.Params, second.Result));
        Assert.Equal((chain[0], chain[2]), (second.After, second.Next));
    }

    [Fact]
    public async Task What_waits_for_another_stands_in_no_queue_and_says_for_whom_it_waits()
    {
        await using var mrq = await StartAsync(workers: false);

        var chain = await ChainAsync(mrq, Add("""{"a":1,"b":2}"""), Add("""{"a":1,"b":2}"""));

        var follower = await mrq.FindAsync(chain[1]);
        Assert.Equal((JobStatus.Deferred, chain[0]), (follower.Status, follower.After));
        Assert.Equal(1, await mrq.WaitingAsync("default"));
    }

    [Fact]
    public async Task Params_of_a_waiting_job_are_edited_without_the_one_that_gets_the_result()
    {
        await using var mrq = await StartAsync(workers: false);
        var chain = await ChainAsync(mrq, Add("""{"a":1,"b":2}"""), Add("""{"b":10}""") with { ResultAs = "a" });

        Assert.Null(await mrq.Control.EditAsync(chain[1], """{"b":50}""", null, Token));
        var given = await Assert.ThrowsAsync<InvalidJobException>(() => mrq.Control.EditAsync(chain[1], """{"a":1,"b":50}""", null, Token));
        var missing = await Assert.ThrowsAsync<InvalidJobException>(() => mrq.Control.EditAsync(chain[1], "{}", null, Token));

        Assert.Equal("""{"b":50}""", (await mrq.FindAsync(chain[1])).Params);
        Assert.Equal(new FieldError("params.a", "is given by result_as: leave it out here."), Assert.Single(given.Errors));
        Assert.Equal("params.b", Assert.Single(missing.Errors).Field);
    }

    [Fact]
    public async Task Who_edits_a_job_while_it_gets_the_result_changes_it_and_takes_nothing_away()
    {
        await using var person = await StartCalmAsync(workers: false);
        var edited = new TaskCompletionSource<RefusedJob?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var before = new FaultyStores(nameof(IJobStore.EditAsync), isFatal: false)
        {
            Meanwhile = async edit => edited.SetResult(await person.Control.EditAsync(((JobEdit)edit!).Job, """{"b":50}""", null, Token)),
        };
        await using var mrq = await StartCalmAsync(before);

        var chain = await ChainAsync(mrq, Add("""{"a":1,"b":2}"""), Add("""{"b":10}""") with { ResultAs = "a" });

        Assert.Equal("53", (await mrq.WaitForEndAsync(chain[1])).Result);
        Assert.Null(await edited.Task);
    }

    [Fact]
    public async Task Who_edits_a_job_that_has_just_got_the_result_leaves_it_that()
    {
        await using var person = await StartCalmAsync(workers: false);
        var edited = new TaskCompletionSource<RefusedJob?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var behind = new FaultyStores(nameof(IJobStore.TransitionAsync), isFatal: false, times: int.MaxValue)
        {
            Meanwhile = async transition =>
            {
                if (transition is JobTransition { To: JobStatus.Queued, Jobs: [var job] } && !edited.Task.IsCompleted)
                {
                    edited.SetResult(await person.Control.EditAsync(job, """{"b":50}""", null, Token));
                }
            },
        };
        await using var mrq = await StartCalmAsync(behind);

        var chain = await ChainAsync(mrq, Add("""{"a":1,"b":2}"""), Add("""{"b":10}""") with { ResultAs = "a" });

        Assert.Equal("53", (await mrq.WaitForEndAsync(chain[1])).Result);
        Assert.Null(await edited.Task);
    }

    [Fact]
    public async Task An_edit_that_comes_when_the_job_is_let_go_keeps_the_result_that_came_meanwhile()
    {
        await using var mrq = await StartCalmAsync();
        var late = new FaultyStores(nameof(IJobStore.EditAsync), isFatal: false)
        {
            Meanwhile = async edit =>
            {
                await mrq.Control.ApplyAsync(JobAction.Requeue, [(await mrq.FindAsync(((JobEdit)edit!).Job)).After!.Value], QueueName.Default, Token);
                await mrq.WaitForAsync(((JobEdit)edit).Job, JobStatus.Queued);
            },
        };
        await using var person = await StartCalmAsync(late, workers: false);
        var parked = new QueueName("parked");
        var chain = await ChainAsync(mrq, Add("""{"a":1,"b":2}""") with { Queue = parked }, Add("""{"b":10}""") with { ResultAs = "a", Queue = parked });

        Assert.Null(await person.Control.EditAsync(chain[1], """{"b":50}""", null, Token));

        Assert.Equal((JobStatus.Queued, """{"b":50,"a":3}"""), (await mrq.FindAsync(chain[1]) is var job ? (job.Status, job.Params) : default));
        Assert.Null(await person.Control.EditAsync(chain[1], """{"b":50,"a":4}""", null, Token));
        Assert.Equal("""{"b":50,"a":4}""", (await mrq.FindAsync(chain[1])).Params);
    }

    [Fact]
    public async Task Who_is_overtaken_each_time_is_told_so_in_the_end_and_has_changed_nothing()
    {
        await using var others = await StartCalmAsync(workers: false);
        var edits = 0;
        var overtaking = new FaultyStores(nameof(IJobStore.EditAsync), isFatal: false, times: int.MaxValue)
        {
            Meanwhile = async edit => Assert.Null(await others.Control.EditAsync(((JobEdit)edit!).Job, $$"""{"b":{{++edits}}}""", null, Token)),
        };
        await using var person = await StartCalmAsync(overtaking, workers: false);
        var chain = await ChainAsync(person, Add("""{"a":1,"b":2}"""), Add("""{"b":0}""") with { ResultAs = "a" });

        var refused = await person.Control.EditAsync(chain[1], """{"b":50}""", null, Token);

        Assert.Equal(JobStatus.Deferred, refused?.Status);
        Assert.Contains($"{Overtaken.MostTries} attempts to edit it were overtaken", refused?.Reason, StringComparison.Ordinal);
        Assert.Equal((Overtaken.MostTries, $$"""{"b":{{edits}}}"""), (edits, (await person.FindAsync(chain[1])).Params));
    }

    [Fact]
    public async Task A_job_whose_result_is_overtaken_each_time_gets_it_when_the_others_have_ceased()
    {
        // Whoever does the maintenance: it is what comes by again.
        await using var person = await StartAsync(workers: false);
        var edits = 0;
        var overtaking = new FaultyStores(nameof(IJobStore.EditAsync), isFatal: false, times: Overtaken.MostTries)
        {
            Meanwhile = async edit => Assert.Null(await person.Control.EditAsync(((JobEdit)edit!).Job, $$"""{"b":{{Interlocked.Increment(ref edits)}}}""", null, Token)),
        };
        await using var mrq = await StartAsync(faults: overtaking);

        var chain = await ChainAsync(mrq, Add("""{"a":1,"b":2}"""), Add("""{"b":0}""") with { ResultAs = "a" });

        var ended = await mrq.WaitForAsync(chain[1], JobStatus.Success);
        // The worker and maintenance may be overtaken at once: the last number is not always that of the last edit.
        var written = JsonDocument.Parse(ended.Params).RootElement;
        Assert.Equal(3, written.GetProperty("a").GetInt32());
        Assert.InRange(written.GetProperty("b").GetInt32(), 1, Overtaken.MostTries);
        Assert.Equal($"{3 + written.GetProperty("b").GetInt32()}", ended.Result);
    }

    [Fact]
    public async Task An_edit_means_the_param_that_got_the_result_however_its_letters_are_written()
    {
        await using var mrq = await StartCalmAsync();
        var parked = new QueueName("parked");
        var chain = await ChainAsync(mrq, Add("""{"a":1,"b":2}""") with { Queue = parked }, Add("""{"b":10}""") with { ResultAs = "a", Queue = parked });
        var waiting = await Assert.ThrowsAsync<InvalidJobException>(() => mrq.Control.EditAsync(chain[1], """{"A":1,"b":50}""", null, Token));
        await mrq.Control.ApplyAsync(JobAction.Requeue, [chain[0]], QueueName.Default, Token);
        await mrq.WaitForAsync(chain[1], JobStatus.Queued);

        Assert.Null(await mrq.Control.EditAsync(chain[1], """{"b":50,"A":4}""", null, Token));
        Assert.Equal("""{"b":50,"A":4}""", (await mrq.FindAsync(chain[1])).Params);
        Assert.Null(await mrq.Control.EditAsync(chain[1], """{"B":60}""", null, Token));
        Assert.Equal("""{"B":60,"a":4}""", (await mrq.FindAsync(chain[1])).Params);

        await mrq.Control.ApplyAsync(JobAction.Requeue, [chain[1]], QueueName.Default, Token);
        Assert.Equal("64", (await mrq.WaitForEndAsync(chain[1])).Result);
        Assert.Equal(new FieldError("params.a", "is given by result_as: leave it out here."), Assert.Single(waiting.Errors));
    }

    [Fact]
    public async Task A_hundred_jobs_run_one_after_the_other()
    {
        await using var mrq = await StartAsync();

        var chain = await ChainAsync(mrq, [Add("""{"a":1,"b":0}"""), .. Enumerable.Range(1, 99).Select(_ => Add("""{"b":1}""") with { ResultAs = "a" })]);

        Assert.Equal("100", (await mrq.WaitForEndAsync(chain[^1])).Result);
    }

    [Fact]
    public async Task When_a_job_fails_all_behind_it_are_cancelled_and_run_after_all_when_it_is_requeued_and_succeeds()
    {
        _isBroken = true;
        await using var mrq = await StartAsync();

        var chain = await ChainAsync(mrq, new JobRequest { Path = "fragile" }, Add("""{"b":1}""") with { ResultAs = "a" }, Add("""{"b":1}""") with { ResultAs = "a" });
        var third = await mrq.WaitForEndAsync(chain[2]);
        var second = await mrq.FindAsync(chain[1]);
        Assert.Equal((JobStatus.Cancel, Job.ChainBroken, null), (second.Status, second.ExceptionType, second.DateExpires));
        Assert.Contains("failed", second.ExceptionMessage, StringComparison.Ordinal);
        Assert.Equal((JobStatus.Cancel, Job.ChainBroken), (third.Status, third.ExceptionType));
        _isBroken = false;
        await mrq.Control.ApplyAsync(JobAction.Requeue, [chain[0]], null, Token);

        var ended = await mrq.WaitForAsync(chain[2], JobStatus.Success);
        Assert.Equal(("9", null), (ended.Result, ended.ExceptionType));
    }

    [Fact]
    public async Task A_job_that_is_retried_keeps_the_next_waiting()
    {
        await using var mrq = await StartAsync();

        var chain = await ChainAsync(mrq, new JobRequest { Path = "twice" }, new JobRequest { Path = "note", Params = """{"text":"after"}""" });

        Assert.Equal(JobStatus.Success, (await mrq.WaitForEndAsync(chain[1])).Status);
        Assert.Equal(["twice", "twice", "after"], _ran);
    }

    [Fact]
    public async Task Who_cancels_a_job_cancels_those_that_wait_for_it()
    {
        await using var mrq = await StartAsync(workers: false);
        var chain = await ChainAsync(mrq, Add("""{"a":1,"b":2}"""), Add("""{"a":1,"b":2}"""), Add("""{"a":1,"b":2}"""));

        await mrq.Control.ApplyAsync(JobAction.Cancel, [chain[0]], null, Token);

        Assert.Equal(Job.ChainBroken, (await mrq.WaitForAsync(chain[1], JobStatus.Cancel)).ExceptionType);
        Assert.Equal(Job.ChainBroken, (await mrq.WaitForAsync(chain[2], JobStatus.Cancel)).ExceptionType);
    }

    [Theory]
    [InlineData(JobAction.Abort)]
    [InlineData(JobAction.Delete)]
    public async Task What_waits_for_a_job_that_is_aborted_or_deleted_is_cancelled(JobAction action)
    {
        await using var mrq = await StartAsync(workers: action == JobAction.Abort);
        var chain = await ChainAsync(mrq, new JobRequest { Path = "forever" }, Add("""{"a":1,"b":2}"""));
        if (action == JobAction.Abort)
        {
            await mrq.WaitForAsync(chain[0], JobStatus.Started);
        }

        await mrq.Control.ApplyAsync(action, [chain[0]], null, Token);

        Assert.Equal(Job.ChainBroken, (await mrq.WaitForAsync(chain[1], JobStatus.Cancel)).ExceptionType);
    }

    [Fact]
    public async Task A_person_may_run_a_waiting_job_now()
    {
        await using var mrq = await StartAsync();
        var chain = await ChainAsync(mrq, Add("""{"a":1,"b":2}""") with { Delay = TimeSpan.FromHours(1) }, Add("""{"a":1,"b":2}"""));

        await mrq.Control.ApplyAsync(JobAction.Requeue, [chain[1]], null, Token);

        Assert.Equal("3", (await mrq.WaitForAsync(chain[1], JobStatus.Success)).Result);
        Assert.Equal(JobStatus.Scheduled, (await mrq.FindAsync(chain[0])).Status);
    }

    [Fact]
    public async Task A_repeated_request_leaves_no_second_tail_behind()
    {
        await using var mrq = await StartAsync(workers: false);
        var request = Add("""{"a":1,"b":2}""") with { IdempotencyKey = "once", Then = Add("""{"a":1,"b":2}""") };

        var first = await mrq.Client.EnqueueAsync(request, Token);
        var second = await mrq.Client.EnqueueAsync(request, Token);

        Assert.Equal((first.Id, true), (second.Id, second.Existing));
        Assert.Equal(2, await mrq.Queries.CountAsync(new JobFilter(), long.MaxValue, Token));
    }

    [Fact]
    public async Task The_time_to_begin_of_a_waiting_job_counts_from_the_end_of_the_one_before()
    {
        await using var mrq = await StartAsync(workers: false);
        var chain = await ChainAsync(
            mrq, Add("""{"a":1,"b":2}"""), Add("""{"a":1,"b":2}""") with { Queue = new QueueName("parked"), Options = new TaskOptions { ExpiresIn = TimeSpan.FromHours(1) } });
        Assert.Null((await mrq.FindAsync(chain[1])).ExpiresAt);

        await using var worker = await StartAsync(queues: "default");
        var released = await mrq.WaitForAsync(chain[1], JobStatus.Queued);

        Assert.Equal(released.DateQueued.AddHours(1), released.ExpiresAt);
    }

    [Fact]
    public async Task What_a_chain_cannot_have_is_refused_by_the_name_of_its_field()
    {
        await using var mrq = await StartAsync(workers: false);
        var tail = new JobRequest
        {
            Path = "add",
            Params = """{"a":1,"c":1}""",
            UniqueKey = "k",
            IdempotencyKey = "i",
            Delay = TimeSpan.FromSeconds(1),
            ResultAs = "a",
            Then = new JobRequest { Path = "ad", Then = Add("{}") with { ResultAs = "sum" } },
        };

        var error = await Assert.ThrowsAsync<InvalidJobException>(() => mrq.Client.EnqueueAsync(Add("""{"a":1,"b":2}""") with { ResultAs = "a", Then = tail }, Token));

        Assert.Equal(
            ["result_as", "then.params.a", "then.unique_key", "then.idempotency_key", "then.delay", "then.then.path", "then.then.then.params.sum", "then.then.then.params.a", "then.then.then.params.b"],
            error.Errors.Select(e => e.Field));
        Assert.Equal(0, await mrq.Queries.CountAsync(new JobFilter(), long.MaxValue, Token));
    }

    [Fact]
    public async Task A_chain_has_at_most_a_hundred_jobs()
    {
        await using var mrq = await StartAsync(workers: false);
        var request = Enumerable.Range(0, 101).Aggregate((JobRequest?)null, (then, _) => Add("""{"a":1,"b":2}""") with { Then = then })!;

        var error = await Assert.ThrowsAsync<InvalidJobException>(() => mrq.Client.EnqueueAsync(request, Token));

        Assert.Contains("at most 100", Assert.Single(error.Errors).Error, StringComparison.Ordinal);
        Assert.False((await mrq.Client.EnqueueAsync(request.Then!, Token)).Existing);
    }

    [Theory]
    [InlineData(nameof(IJobStore.InsertAsync))]
    [InlineData(nameof(IJobStore.CompleteAsync))]
    [InlineData(nameof(IJobStore.EditAsync))]
    [InlineData(nameof(IJobStore.TransitionAsync))]
    [InlineData(nameof(IQueueStore.EnqueueAsync))]
    public async Task A_chain_goes_on_wherever_its_process_dies(string call)
    {
        var faults = new FaultyStores(call, isFatal: true, isArmed: call == nameof(IJobStore.InsertAsync));
        await using var survivor = await StartAsync(queues: "survivor");
        var victim = await StartEngineAsync(b =>
        {
            Configure(b);
            faults.Decorate(b.Services);
        });
        var request = Add("""{"a":1,"b":2}""") with { Then = Add("""{"b":1}""") with { ResultAs = "a", Queue = new QueueName("survivor") } };
        if (call == nameof(IJobStore.InsertAsync))
        {
            await Assert.ThrowsAsync<StorageUnavailableException>(() => victim.Client.EnqueueAsync(request, Token));

            await survivor.WaitUntilAsync(async () => (await survivor.Queries.CountAsync(new JobFilter { ExceptionType = Job.ChainBroken }, 10, Token)) == 1);
            Assert.Equal(1, await survivor.Queries.CountAsync(new JobFilter(), 10, Token));
            victim.Abandon();
            return;
        }

        faults.Arm();
        try
        {
            await victim.Client.EnqueueAsync(request, Token);
        }
        catch (StorageUnavailableException)
        {
            // Its id had just come into the queue.
        }

        await survivor.WaitUntilAsync(async () => (await survivor.Queries.CountAsync(new JobFilter(), 10, Token)) == 2);
        await faults.Struck.Task.WaitAsync(TestEngine.Patience, Token);
        victim.Abandon();
        await using var another = await StartAsync();
        var tail = (await survivor.Queries.FindAsync(new JobFilter { Queue = "survivor" }, new JobPageRequest(), Token)).Jobs[0];

        Assert.Equal("4", (await survivor.WaitForAsync(tail.Id, JobStatus.Success)).Result);
    }

    private static JobRequest Add(string parameters) => new() { Path = "add", Params = parameters };

    /// <summary>Queues the requests as one chain; answers with the ids in its order.</summary>
    private static async Task<IReadOnlyList<JobId>> ChainAsync(TestEngine mrq, params IReadOnlyList<JobRequest> requests)
    {
        var request = requests.Reverse().Aggregate((JobRequest?)null, (then, one) => one with { Then = then })!;
        var ids = new List<JobId> { (await mrq.Client.EnqueueAsync(request, Token)).Id };
        while ((await mrq.FindAsync(ids[^1])).Next is { } next)
        {
            ids.Add(next);
        }

        return ids;
    }

    private void Configure(MrqBuilder mrq)
    {
        mrq.Configure(o => o.LostJobGrace = TimeSpan.FromSeconds(1));
        mrq.AddTask<Sum, int>("add", (sum, _, _) => Task.FromResult(sum.A + sum.B));
        mrq.AddTask<NoParams, int>("fragile", (_, _, _) => _isBroken ? throw new InvalidOperationException("broken") : Task.FromResult(7));
        mrq.AddTask<NoParams>("forever", (_, _, stop) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop));
        mrq.AddTask<Note>("note", (note, _, _) =>
        {
            _ran.Enqueue(note.Text);
            return Task.CompletedTask;
        });
        mrq.AddTask<NoParams>("twice", (_, context, _) =>
        {
            _ran.Enqueue("twice");
            if (context.Job.RetryCount == 0)
            {
                context.Retry(TimeSpan.FromMilliseconds(10));
            }

            return Task.CompletedTask;
        });
    }

    /// <summary>Starts an engine whose maintenance does not come first to what a test does at a call of the stores.</summary>
    private Task<TestEngine> StartCalmAsync(FaultyStores? faults = null, bool workers = true) => StartEngineAsync(
        b =>
        {
            Configure(b);
            b.Configure(o => o.MaintenanceInterval = TimeSpan.FromHours(1));
            faults?.Decorate(b.Services);
        },
        w => w.Queues = [QueueName.Default],
        workers);

    private Task<TestEngine> StartAsync(bool workers = true, string? queues = null, FaultyStores? faults = null) => StartEngineAsync(
        b =>
        {
            Configure(b);
            faults?.Decorate(b.Services);
        },
        w => w.Queues = queues is null ? w.Queues : [new QueueName(queues)],
        workers);

    private sealed record Sum(int A, int B);

    private sealed record Note(string Text);
}

public sealed class RunningChainsOnSqlite() : RunningChains(StorePair.Sqlite);

public sealed class RunningChainsOnRedisAndMongo() : RunningChains(StorePair.RedisAndMongo);
