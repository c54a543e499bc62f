using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Maintenance;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Engine;

/// <summary>Where a job goes, when it runs and how it is repeated, by what its task, the configuration and its request say.</summary>
public abstract class RoutingAJob(StorePair pair) : EngineSpec(pair)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [MrqTask("routed", Queue = "of_attribute", Priority = 3, Timeout = 10, RetryDelay = 11, RetryOnFailure = true, MaxRetries = 5, RateLimit = "7/m", ExpiresIn = 3600)]
    public sealed class Routed : IJobTask<NoParams>
    {
        public Task RunAsync(NoParams parameters, JobContext context, CancellationToken cancellationToken) => throw new InvalidOperationException("It fails.");
    }

    [Fact]
    public async Task The_configuration_wins_over_the_attribute_and_the_request_over_both()
    {
        await using var mrq = await StartEngineAsync(
            b =>
            {
                b.AddTask<Routed>();
                Configure(b, ("Mrq:Tasks:routed:queue", "of_config"), ("Mrq:Tasks:routed:priority", "5"), ("Mrq:Tasks:routed:retry_delays:0", "20"));
            },
            workers: false);

        var plain = await mrq.FindAsync(await mrq.EnqueueAsync("routed"));
        var own = await mrq.FindAsync(await mrq.EnqueueAsync("routed", with: r => r with
        {
            Queue = new QueueName("of_request"),
            Options = new TaskOptions { Priority = 9, ExpiresIn = TimeSpan.FromSeconds(60), RetryDelay = TimeSpan.FromSeconds(30) },
        }));
        var task = mrq.Get<TaskRegistry>().Find("routed")!.Options;

        Assert.Equal(("of_config", 5, TimeSpan.FromHours(1)), (plain.Queue.Value, plain.Priority, plain.ExpiresAt - plain.DateQueued));
        Assert.Null(plain.Options);
        Assert.Equal(("of_request", 9, TimeSpan.FromMinutes(1)), (own.Queue.Value, own.Priority, own.ExpiresAt - own.DateQueued));
        Assert.Equal(new TaskOptions { RetryDelay = TimeSpan.FromSeconds(30) }, own.Options);
        Assert.Equal((TimeSpan.FromSeconds(10), new RateLimit(7, TimeSpan.FromMinutes(1)), TimeSpan.FromSeconds(20)), (task.Timeout, task.RateLimit, task.RetryDelays?.Of(1)));
        Assert.Null(own.Options?.Over(task).RetryDelays);
    }

    [Fact]
    public async Task Every_wrong_option_of_the_configuration_is_named_at_the_start()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => StartEngineAsync(b =>
        {
            b.AddTask<Routed>();
            Configure(b, ("Mrq:Tasks:routed:priority", "10"), ("Mrq:Tasks:routed:rate_limit", "fast"), ("Mrq:Tasks:routed:retry_jitter", "2"), ("Mrq:Tasks:routed:colour", "red"));
        }));

        Assert.Contains("Mrq:Tasks:routed:priority: must be a whole number, 0 to 9, not '10'.", error.Message);
        Assert.Contains("'fast' is not a rate limit", error.Message);
        Assert.Contains("Mrq:Tasks:routed:retry_jitter: must be a number, 0 to 1, not '2'.", error.Message);
        Assert.Contains("Mrq:Tasks:routed:colour is not an option of a task. Known: queue, priority,", error.Message);
    }

    [Fact]
    public async Task Jobs_of_higher_priority_run_first()
    {
        var order = new List<string>();
        void Tasks(MrqBuilder b) => b.AddTask<Named>("note", (p, _, _) =>
        {
            lock (order)
            {
                order.Add(p.Name);
            }

            return Task.CompletedTask;
        });
        await using (var accepts = await StartEngineAsync(Tasks, workers: false))
        {
            foreach (var (name, priority) in new[] { ("low", 0), ("middle", 5), ("next", 5), ("high", 9), ("last", 0) })
            {
                await accepts.EnqueueAsync("note", $$"""{"name":"{{name}}"}""", r => r with { Options = new TaskOptions { Priority = priority } });
            }
        }

        await using var mrq = await StartEngineAsync(Tasks, w => (w.Concurrency, w.Prefetch) = (1, 0));
        await mrq.WaitUntilAsync(async () => await SucceededAsync(mrq) == 5);

        Assert.Equal(["high", "middle", "next", "low", "last"], order);
    }

    [Fact]
    public async Task A_job_keeps_its_priority_when_it_is_queued_again()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("move", (_, context, _) =>
        {
            context.Retry(TimeSpan.Zero);
            return Task.CompletedTask;
        }));
        var idle = new QueueName("idle");
        var low = await mrq.EnqueueAsync("move", with: r => r with { Queue = idle });
        var high = await mrq.EnqueueAsync("move", with: r => r with { Options = new TaskOptions { Priority = 5, MaxRetries = 0 } });
        await mrq.WaitForEndAsync(high);

        await mrq.Control.ApplyAsync(JobAction.Requeue, [high], idle, TestContext.Current.CancellationToken);

        Assert.Equal([high, low], await mrq.Queues.PeekAsync(idle, 0, 10, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_job_that_waits_longer_than_it_may_is_cancelled_with_the_reason()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("late", (_, _, _) => Task.CompletedTask), workers: false);
        var expires = await mrq.EnqueueAsync("late", with: r => r with { Options = new TaskOptions { ExpiresIn = TimeSpan.FromMilliseconds(50), CancelTtl = TimeSpan.FromHours(2) } });
        var stays = await mrq.EnqueueAsync("late", with: r => r with { Options = new TaskOptions { ExpiresIn = TimeSpan.FromHours(1) } });

        var job = await mrq.WaitForEndAsync(expires);

        Assert.Equal((JobStatus.Cancel, "expired", TimeSpan.FromHours(2)), (job.Status, job.ExceptionType, job.DateExpires - job.DateUpdated));
        Assert.StartsWith("It had not begun by ", job.ExceptionMessage, StringComparison.Ordinal);
        Assert.Equal([stays], await mrq.Queues.PeekAsync(QueueName.Default, 0, 10, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_worker_does_not_run_a_job_whose_time_is_over()
    {
        var gate = new Gate();
        await using var mrq = await StartEngineAsync(
            b =>
            {
                b.Configure(o => o.MaintenanceInterval = TimeSpan.FromHours(1));
                b.AddTask<NoParams>("slow", (_, _, token) => gate.PassAsync(token));
                b.AddTask<NoParams>("late", (_, _, _) => Task.CompletedTask);
            },
            w => (w.Concurrency, w.Prefetch) = (1, 5));
        await mrq.EnqueueAsync("slow");
        await gate.WaitForArrivalsAsync();
        var late = await mrq.EnqueueAsync("late", with: r => r with { Options = new TaskOptions { ExpiresIn = TimeSpan.FromMilliseconds(1) } });
        // It is queued or in hand: what it waits for is the slot.
        var end = (await mrq.FindAsync(late)).ExpiresAt;
        SpinWait.SpinUntil(() => mrq.Get<TimeProvider>().GetUtcNow() > end, TestEngine.Patience);
        gate.Open();

        var job = await mrq.WaitForEndAsync(late);

        Assert.Equal((JobStatus.Cancel, "expired"), (job.Status, job.ExceptionType));
        Assert.NotNull(job.DateExpires);
    }

    [Fact]
    public async Task A_job_that_was_too_late_runs_when_a_person_wants_it_to()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("late", (_, _, _) => Task.CompletedTask), w => w.Queues = [new QueueName("listened")]);
        var id = await mrq.EnqueueAsync("late", with: r => r with { Options = new TaskOptions { ExpiresIn = TimeSpan.FromMilliseconds(50) } });
        Assert.Equal(JobStatus.Cancel, (await mrq.WaitForEndAsync(id)).Status);

        await mrq.Control.ApplyAsync(JobAction.Requeue, [id], new QueueName("listened"), Token);

        Assert.Equal(JobStatus.Success, (await mrq.WaitForEndAsync(id)).Status);
    }

    [Fact]
    public async Task A_job_that_has_begun_is_never_too_late()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("again", (_, context, _) =>
        {
            context.Retry(TimeSpan.FromHours(1));
            return Task.CompletedTask;
        }));
        var id = await mrq.EnqueueAsync("again", with: r => r with { Options = new TaskOptions { ExpiresIn = TimeSpan.FromMinutes(1) } });

        Assert.Null((await mrq.WaitForAsync(id, JobStatus.Retry)).ExpiresAt);
    }

    [Fact]
    public async Task A_job_of_a_dead_worker_may_have_begun_and_one_that_is_given_back_has_not()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("x", (_, _, _) => Task.CompletedTask), workers: false);
        var (jobs, dead) = (mrq.Get<IJobStore>(), new WorkerId("dead"));
        foreach (var mayHaveBegun in (bool[])[true, false])
        {
            var id = await mrq.EnqueueAsync("x", with: r => r with { Options = new TaskOptions { ExpiresIn = TimeSpan.FromHours(1) } });
            await jobs.StartAsync([id], dead, TimeProvider.System.GetUtcNow(), Token);

            await mrq.Get<RequeueJobs>().ReleaseAsync([id], dead, mayHaveBegun, Token);

            Assert.Equal(mayHaveBegun, (await mrq.FindAsync(id)).ExpiresAt is null);
        }
    }

    [Fact]
    public async Task The_cancel_ttl_of_a_request_counts_when_a_person_cancels()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("x", (_, _, _) => Task.CompletedTask), workers: false);
        var id = await mrq.EnqueueAsync("x", with: r => r with { Options = new TaskOptions { CancelTtl = TimeSpan.FromHours(2) } });
        await mrq.Control.ApplyAsync(JobAction.Cancel, [id], queue: null, Token);
        var job = await mrq.FindAsync(id);
        Assert.Equal(TimeSpan.FromHours(2), job.DateExpires - job.DateUpdated);
    }

    [Fact]
    public async Task The_cancel_ttl_of_a_task_counts_for_a_job_that_waited_too_long()
    {
        await using var mrq = await StartEngineAsync(
            b => b.AddTask<NoParams>("late", (_, _, _) => Task.CompletedTask, new TaskOptions { CancelTtl = TimeSpan.FromHours(2), ExpiresIn = TimeSpan.FromMilliseconds(50) }),
            w => w.Queues = [new QueueName("listened")]);
        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("late"));
        Assert.Equal(TimeSpan.FromHours(2), job.DateExpires - job.DateUpdated);
    }

    [Fact]
    public async Task A_time_beyond_the_calendar_is_named()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("x", (_, _, _) => Task.CompletedTask), workers: false);
        var error = await Assert.ThrowsAsync<InvalidJobException>(() => mrq.EnqueueAsync("x", with: r => r with { Options = new TaskOptions { ExpiresIn = TimeSpan.MaxValue } }));

        Assert.Equal("expires_in", Assert.Single(error.Errors).Field);
    }

    [Fact]
    public async Task What_could_never_run_is_refused()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("late", (_, _, _) => Task.CompletedTask), workers: false);

        var error = await Assert.ThrowsAsync<InvalidJobException>(() => mrq.EnqueueAsync("late", with: r => r with
        {
            Delay = TimeSpan.FromSeconds(60),
            Options = new TaskOptions { ExpiresIn = TimeSpan.FromSeconds(60) },
        }));

        Assert.Equal("expires_in", Assert.Single(error.Errors).Field);
    }

    [Fact]
    public async Task A_failed_attempt_is_retried_by_itself_where_that_is_said_and_ends_as_maxretries()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("fails", (_, _, _) => throw new InvalidOperationException("No.")));
        var options = new TaskOptions { RetryOnFailure = true, RetryDelays = new RetryDelays(TimeSpan.Zero), MaxRetries = 2 };

        var retried = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("fails", with: r => r with { Options = options }));
        var plain = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("fails"));

        Assert.Equal((JobStatus.MaxRetries, 3, 2), (retried.Status, retried.Attempt, retried.RetryCount));
        Assert.Equal([JobStatus.Retry, JobStatus.Retry, JobStatus.MaxRetries], retried.TracebackHistory.Select(t => t.Status));
        Assert.All(retried.TracebackHistory, t => Assert.Equal("System.InvalidOperationException", t.ExceptionType));
        Assert.Equal((JobStatus.Failed, 1), (plain.Status, plain.Attempt));
    }

    [Fact]
    public async Task An_attempt_that_ran_out_of_time_is_retried_by_itself_where_that_is_said()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams, int>(
            "slow",
            async (_, context, token) =>
            {
                if (context.Job.Attempt == 1)
                {
                    await new Gate().PassAsync(token);
                }

                return context.Job.Attempt;
            },
            new TaskOptions { Timeout = TimeSpan.FromMilliseconds(50), RetryOnFailure = true, RetryDelay = TimeSpan.Zero }));

        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("slow"));

        Assert.Equal((JobStatus.Success, "2"), (job.Status, job.Result));
        Assert.Equal("timeout", Assert.Single(job.TracebackHistory).ExceptionType);
    }

    [Theory]
    [InlineData(null, null, null, "3,3,3")]
    [InlineData(2.0, null, null, "3,6,12")]
    [InlineData(10.0, 100.0, null, "3,30,100")]
    [InlineData(2.0, null, "7, 8", "7,8,8")]
    public async Task Delays_of_retries_are_fixed_grow_or_are_named(double? backoff, double? longest, string? list, string expected)
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("flaky", (_, context, _) =>
        {
            context.Retry();
            return Task.CompletedTask;
        }));
        var options = new TaskOptions
        {
            RetryBackoff = backoff,
            RetryMaxDelay = longest is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            RetryDelays = list is not null && RetryDelays.TryParse(list, out var delays, out _) ? delays : null,
        };
        var id = await mrq.EnqueueAsync("flaky", with: r => r with { Options = options });
        var waits = new List<double>();
        for (var retry = 1; retry <= 3; retry++)
        {
            var job = await mrq.WaitForAsync(id, j => j.Status == JobStatus.Retry && j.RetryCount == retry);
            waits.Add((job.DateRetry!.Value - job.DateUpdated).TotalSeconds);
            await mrq.Control.ApplyAsync(JobAction.Retry, [id], queue: null, TestContext.Current.CancellationToken);
        }

        Assert.Equal(expected, string.Join(',', waits));
    }

    [Fact]
    public async Task A_delay_of_nothing_stays_nothing_however_often_it_is_multiplied()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("flaky", (_, context, _) =>
        {
            context.Retry();
            return Task.CompletedTask;
        }));
        var id = await mrq.EnqueueAsync("flaky", with: r => r with { Options = new TaskOptions { RetryDelay = TimeSpan.Zero, RetryBackoff = 100, MaxRetries = 200 } });
        Assert.Equal(JobStatus.MaxRetries, (await mrq.WaitForEndAsync(id)).Status);
    }

    [Fact]
    public async Task Chance_only_shortens_a_delay()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>(
            "flaky", (_, context, _) =>
            {
                context.Retry();
                return Task.CompletedTask;
            },
            new TaskOptions { RetryDelay = TimeSpan.FromHours(1), RetryJitter = 0.5 }));

        var waits = new HashSet<TimeSpan>();
        for (var i = 0; i < 5; i++)
        {
            var job = await mrq.WaitForAsync(await mrq.EnqueueAsync("flaky"), JobStatus.Retry);
            waits.Add(job.DateRetry!.Value - job.DateUpdated);
        }

        Assert.All(waits, wait => Assert.InRange(wait, TimeSpan.FromMinutes(30), TimeSpan.FromHours(1)));
        Assert.True(waits.Count > 1);
    }

    [Fact]
    public async Task A_unique_key_holds_while_queued_while_live_or_for_a_period()
    {
        var gate = new Gate();
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("sync", (_, _, token) => gate.PassAsync(token)), w => w.Prefetch = 0);
        Task<EnqueuedJob> EnqueueAsync(Func<JobRequest, JobRequest> with) =>
            mrq.Client.EnqueueAsync(with(new JobRequest { Path = "sync", UniqueKey = "k" }), TestContext.Current.CancellationToken);

        var live = await EnqueueAsync(r => r);
        var queued = await EnqueueAsync(r => r with { UniqueKey = "q", UniqueWhileQueued = true });
        var period = await EnqueueAsync(r => r with { UniqueFor = TimeSpan.FromHours(1) });
        await gate.WaitForArrivalsAsync(3);

        Assert.Equal(new EnqueuedJob(live.Id, true), await EnqueueAsync(r => r));
        Assert.False((await EnqueueAsync(r => r with { UniqueKey = "q", UniqueWhileQueued = true })).Existing);
        Assert.Equal(new EnqueuedJob(period.Id, true), await EnqueueAsync(r => r with { UniqueFor = TimeSpan.FromHours(1) }));
        gate.Open();
        var ended = await mrq.WaitForAsync(period.Id, JobStatus.Success);
        await mrq.WaitForAsync(live.Id, JobStatus.Success);
        await mrq.WaitForAsync(queued.Id, JobStatus.Success);
        Assert.False((await EnqueueAsync(r => r)).Existing);
        Assert.Equal(new EnqueuedJob(period.Id, true), await EnqueueAsync(r => r with { UniqueFor = TimeSpan.FromHours(1) }));
        Assert.True(ended.DateExpires >= ended.UniqueUntil);
    }

    [Fact]
    public async Task A_key_for_a_period_is_held_by_a_cancelled_job_too()
    {
        await using var mrq = await StartEngineAsync(
            b => b.AddTask<NoParams>("once", (_, _, _) => Task.CompletedTask, new TaskOptions { CancelTtl = TimeSpan.Zero }), workers: false);
        JobRequest Once(JobRequest r) => r with { UniqueKey = "k", UniqueFor = TimeSpan.FromDays(7) };
        var first = await mrq.EnqueueAsync("once", with: Once);
        await mrq.Control.ApplyAsync(JobAction.Cancel, [first], queue: null, Token);
        await mrq.Get<IJobStore>().DeleteExpiredAsync(TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(5), 100, Token);

        Assert.Equal(first, await mrq.EnqueueAsync("once", with: Once));
    }

    private static async Task<long> SucceededAsync(TestEngine mrq) =>
        await mrq.Queries.CountAsync(new JobFilter { Statuses = JobStatuses.Of(JobStatus.Success) }, 100, TestContext.Current.CancellationToken);

    private static void Configure(MrqBuilder builder, params (string Key, string Value)[] settings) =>
        builder.Services.AddSingleton<IConfiguration>(
            new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create<string, string?>(s.Key, s.Value))).Build());

    private sealed record Named(string Name);
}

public sealed class RoutingAJobOnSqlite() : RoutingAJob(StorePair.Sqlite);

public sealed class RoutingAJobOnRedisAndMongo() : RoutingAJob(StorePair.RedisAndMongo);
