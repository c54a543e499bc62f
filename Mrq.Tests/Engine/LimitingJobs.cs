using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

/// <summary>How many jobs may run at once, and how many may begin within a span of time: of a task, a key, a queue.</summary>
public abstract class LimitingJobs(StorePair pair) : EngineSpec(pair)
{
    private readonly Gate _gate = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Slots_are_counted_by_a_param_where_that_is_said()
    {
        await using var mrq = await StartAsync(new TaskOptions { MaxConcurrency = 1, MaxConcurrencyKey = "user {user.id}" });

        var first = await mrq.EnqueueAsync("work", """{"user":{"id":7}}""");
        await _gate.WaitForArrivalsAsync();
        var same = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("work", """{"user":{"id":7}}"""));
        var other = await mrq.EnqueueAsync("work", """{"user":{"id":8}}""");
        await _gate.WaitForArrivalsAsync();
        _gate.Open();

        Assert.Equal((JobStatus.MaxConcurrency, "1 job of the key 'user 7' was running: the limit."), (same.Status, same.ExceptionMessage));
        await mrq.WaitForAsync(first, JobStatus.Success);
        await mrq.WaitForAsync(other, JobStatus.Success);
    }

    [Fact]
    public async Task Tasks_with_the_same_key_share_its_slots_and_a_request_may_say_its_own()
    {
        await using var mrq = await StartAsync(new TaskOptions());
        var options = new TaskOptions { MaxConcurrency = 1, MaxConcurrencyKey = "printer" };

        await mrq.EnqueueAsync("work", with: r => r with { Options = options });
        await _gate.WaitForArrivalsAsync();
        var full = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("work.too", with: r => r with { Options = options }));
        await mrq.EnqueueAsync("work.too");
        await _gate.WaitForArrivalsAsync();
        _gate.Open();

        Assert.Equal(JobStatus.MaxConcurrency, full.Status);
    }

    [Fact]
    public async Task A_job_that_finds_no_slot_waits_for_one_where_that_is_said()
    {
        await using var mrq = await StartAsync(new TaskOptions { MaxConcurrency = 1, MaxConcurrencyWait = TimeSpan.FromMilliseconds(20) });

        await mrq.EnqueueAsync("work");
        await _gate.WaitForArrivalsAsync();
        var second = await mrq.EnqueueAsync("work");
        var waits = await mrq.WaitForAsync(second, JobStatus.Retry);
        _gate.Open();
        var job = await mrq.WaitForEndAsync(second);

        Assert.Equal(("maxconcurrency", "1 job of this task was running: the limit."), (waits.ExceptionType, waits.ExceptionMessage));
        Assert.Equal((JobStatus.Success, 0), (job.Status, job.RetryCount));
        Assert.Null(job.ExceptionType);
        Assert.Empty(job.TracebackHistory);
    }

    [Fact]
    public async Task More_than_the_rate_wait_and_are_no_failures()
    {
        _gate.Open();
        await using var mrq = await StartAsync(new TaskOptions { RateLimit = new RateLimit(3, TimeSpan.FromHours(1)) });

        var jobs = await EnqueueManyAsync(mrq, 5);
        await mrq.WaitUntilAsync(async () => await CountAsync(mrq, JobStatus.Success) == 3 && await CountAsync(mrq, JobStatus.Retry) == 2);

        var waiting = (await Task.WhenAll(jobs.Select(mrq.FindAsync))).Where(j => j.Status == JobStatus.Retry).OrderBy(j => j.DateRetry).ToList();
        Assert.All(waiting, j => Assert.Equal(("ratelimit", "3/h jobs of this task had begun: the limit.", 0), (j.ExceptionType, j.ExceptionMessage, j.RetryCount)));
        // They stand in line. A third of an hour apart it would be, but so rare a turn is looked for every ten seconds.
        Assert.Equal(10, (waiting[1].DateRetry!.Value - waiting[0].DateRetry!.Value).TotalSeconds, 1.0);
        await mrq.WaitUntilAsync(async () => await mrq.WorkerAsync() is { DoneJobs: 3, FailedJobs: 0 });
    }

    [Fact]
    public async Task What_waits_for_its_rate_runs_when_its_turn_has_come()
    {
        _gate.Open();
        await using var mrq = await StartAsync(new TaskOptions { RateLimit = new RateLimit(2, TimeSpan.FromMilliseconds(100)), RateLimitKey = "api" });

        foreach (var job in await EnqueueManyAsync(mrq, 8))
        {
            Assert.Equal(JobStatus.Success, (await mrq.WaitForEndAsync(job)).Status);
        }
    }

    [Fact]
    public async Task Keys_have_rates_of_their_own()
    {
        _gate.Open();
        await using var mrq = await StartAsync(new TaskOptions { RateLimit = new RateLimit(1, TimeSpan.FromHours(1)), RateLimitKey = "host {host}" });

        var a = await mrq.WaitForAsync(await mrq.EnqueueAsync("work", """{"host":"a"}"""), JobStatus.Success, JobStatus.Retry);
        var b = await mrq.WaitForAsync(await mrq.EnqueueAsync("work", """{"host":"b"}"""), JobStatus.Success, JobStatus.Retry);
        var again = await mrq.WaitForAsync(await mrq.EnqueueAsync("work", """{"host":"a"}"""), JobStatus.Success, JobStatus.Retry);

        Assert.Equal([JobStatus.Success, JobStatus.Success, JobStatus.Retry], [a.Status, b.Status, again.Status]);
    }

    [Fact]
    public async Task A_key_finds_a_param_in_whatever_letters_it_was_given()
    {
        _gate.Open();
        await using var mrq = await StartAsync(new TaskOptions { RateLimit = new RateLimit(1, TimeSpan.FromHours(1)), RateLimitKey = "{host} {user.id}" });

        var a = await mrq.WaitForAsync(await mrq.EnqueueAsync("work", """{"Host":"a","User":{"ID":1}}"""), JobStatus.Success, JobStatus.Retry);
        var b = await mrq.WaitForAsync(await mrq.EnqueueAsync("work", """{"HOST":"a","user":{"Id":2}}"""), JobStatus.Success, JobStatus.Retry);
        var again = await mrq.WaitForAsync(await mrq.EnqueueAsync("work", """{"host":"a","user":{"id":1}}"""), JobStatus.Success, JobStatus.Retry);

        Assert.Equal([JobStatus.Success, JobStatus.Success, JobStatus.Retry], [a.Status, b.Status, again.Status]);
    }

    [Fact]
    public async Task A_queue_has_limits_of_its_own_and_so_have_those_under_a_name()
    {
        await using var mrq = await StartAsync(
            new TaskOptions(), ("Mrq:QueueLimits:narrow:max_concurrency", "1"), ("Mrq:QueueLimits:slow/:rate_limit", "1/h"));
        async Task<JobId> EnqueueAsync(string queue) => await mrq.EnqueueAsync("work", with: r => r with { Queue = new QueueName(queue) });

        await EnqueueAsync("narrow");
        await _gate.WaitForArrivalsAsync();
        var full = await mrq.WaitForAsync(await EnqueueAsync("narrow"), JobStatus.Retry);
        var waits = new List<Job>();
        foreach (var queue in new[] { "slow/a", "slow/b", "slow/a" })
        {
            var id = await EnqueueAsync(queue);
            waits.Add(await mrq.WaitForAsync(id, JobStatus.Retry, JobStatus.Started));
        }

        _gate.Open();
        Assert.Equal(("maxconcurrency", "1 job of the queue narrow was running: its limit."), (full.ExceptionType, full.ExceptionMessage));
        await mrq.WaitForAsync(full.Id, JobStatus.Success);
        await mrq.WaitForAsync(waits[0].Id, JobStatus.Success);
        await mrq.WaitForAsync(waits[1].Id, JobStatus.Success);
        Assert.Equal("ratelimit", (await mrq.WaitForAsync(waits[2].Id, JobStatus.Retry)).ExceptionType);
    }

    [Fact]
    public async Task An_attempt_that_lost_its_job_does_not_give_back_the_slot_of_the_next()
    {
        var (first, second) = (new Gate(), new Gate());
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>(
            "work", (_, context, token) => (context.Job.Attempt == 1 ? first : second).PassAsync(token), new TaskOptions { MaxConcurrency = 1 }));
        var id = await mrq.EnqueueAsync("work");
        await first.WaitForArrivalsAsync();
        // As maintenance does when the worker was silent.
        var back = await mrq.Get<IJobStore>().TransitionAsync(
            new JobTransition { Jobs = [id], From = JobStatuses.Of(JobStatus.Started), To = JobStatus.Queued, At = TimeProvider.System.GetUtcNow() }, Token);
        await mrq.Queues.EnqueueAsync([.. back.Select(j => j.Queued)], atHead: true, Token);
        mrq.Get<ICoordination>().Publish(Changes.Queues);
        await second.WaitForArrivalsAsync();
        first.Open();
        await mrq.WaitUntilAsync(async () => await mrq.WorkerAsync() is { DoneJobs: 1 });

        var now = TimeProvider.System.GetUtcNow();
        Assert.False(await mrq.Get<ICoordination>().TryEnterAsync("task:work", 1, JobId.New(TimeProvider.System), now, now + TimeSpan.FromMinutes(1), Token));
        second.Open();
    }

    [Fact]
    public async Task Wrong_limits_of_queues_stop_the_start_with_all_errors()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(
            new TaskOptions(), ("Mrq:QueueLimits:a b:rate_limit", "1/h"), ("Mrq:QueueLimits:c:rate_limit", "soon"), ("Mrq:QueueLimits:c:colour", "red"), ("Mrq:QueueLimits:c:max_concurrency", "0"), ("Mrq:QueueLimits:clicks_raw:rate_limit", "1/h")));

        Assert.Contains("Mrq:QueueLimits:a b: The queue name 'a b' may hold only", error.Message);
        Assert.Contains("Mrq:QueueLimits:c:rate_limit: 'soon' is not a rate limit", error.Message);
        Assert.Contains("Mrq:QueueLimits:c:colour is not an option of a queue. Known: max_concurrency, rate_limit.", error.Message);
        Assert.Contains("'clicks_raw' is a raw queue. Its jobs belong to its retry queue", error.Message);
        Assert.Contains("Mrq:QueueLimits:c:max_concurrency: must be a whole number, 1 or more, not '0'.", error.Message);
    }

    [Fact]
    public async Task A_key_with_a_param_that_the_task_does_not_have_is_refused_with_those_that_it_has()
    {
        var perUser = new TaskOptions { MaxConcurrency = 1, MaxConcurrencyKey = "user {usr.id}" };
        var perName = new TaskOptions { RateLimit = new RateLimit(1, TimeSpan.FromHours(1)), RateLimitKey = "{host} of {user.name}" };

        var inCode = await Assert.ThrowsAsync<InvalidTaskException>(() => StartAsync(perUser));
        var inside = await Assert.ThrowsAsync<InvalidTaskException>(() => StartAsync(perName));
        var configured = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(
            new TaskOptions(), ("Mrq:Tasks:work:rate_limit_key", "{hots}"), ("Mrq:Tasks:work:max_concurrency_key", "{nothing}")));
        var ofClass = await Assert.ThrowsAsync<InvalidTaskException>(() => StartEngineAsync(b => b.AddTask<Keyed>()));
        await using var mrq = await StartAsync(new TaskOptions());
        var requested = await Assert.ThrowsAsync<InvalidJobException>(() => mrq.Client.EnqueueAsync(new JobRequest { Path = "work", Options = perUser }, Token));

        Assert.Equal(
            "Options of the task 'work' are wrong. max_concurrency_key: 'user {usr.id}' asks for {usr.id}, and the task has no param 'usr'. Did you mean 'user'? It has user, host.", inCode.Message);
        Assert.Contains("asks for {user.name}, and 'user' has no param 'name'. It has id.", inside.Message, StringComparison.Ordinal);
        Assert.Contains("Mrq:Tasks:work:rate_limit_key: '{hots}' asks for {hots}, and the task has no param 'hots'. Did you mean 'host'?", configured.Message, StringComparison.Ordinal);
        Assert.Contains("Mrq:Tasks:work:max_concurrency_key: '{nothing}' asks for", configured.Message, StringComparison.Ordinal);
        Assert.Contains("the task has no param 'b'. It has id.", ofClass.Message, StringComparison.Ordinal);
        Assert.Equal("max_concurrency_key", Assert.Single(requested.Errors).Field);
    }

    [Fact]
    public async Task A_task_whose_params_are_free_takes_any_key()
    {
        await using var mrq = await StartEngineAsync(
            b => b.AddTask<JsonElement>("free", (_, _, _) => Task.CompletedTask, new TaskOptions { MaxConcurrency = 1, MaxConcurrencyKey = "{what.ever}" }));

        Assert.Equal(JobStatus.Success, (await mrq.WaitForEndAsync(await mrq.EnqueueAsync("free", """{"what":{"ever":1}}"""))).Status);
        Assert.Equal(JobStatus.Success, (await mrq.WaitForEndAsync(await mrq.EnqueueAsync("free"))).Status);
    }

    private Task<TestEngine> StartAsync(TaskOptions options, params (string Key, string Value)[] settings) => StartEngineAsync(
        b =>
        {
            b.AddTask<Work>("work", (_, _, token) => _gate.PassAsync(token), options);
            b.AddTask<NoParams>("work.too", (_, _, token) => _gate.PassAsync(token));
            b.Services.AddSingleton<IConfiguration>(
                new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create<string, string?>(s.Key, s.Value))).Build());
        },
        w => w.Queues = [QueueName.Default, new QueueName("narrow"), new QueueName("slow/")]);

    private static async Task<IEnumerable<JobId>> EnqueueManyAsync(TestEngine mrq, int count) =>
        [.. (await mrq.Client.EnqueueManyAsync([.. Enumerable.Repeat(new JobRequest { Path = "work" }, count)], TestContext.Current.CancellationToken)).Select(e => e.Id)];

    private static async Task<long> CountAsync(TestEngine mrq, JobStatus status) =>
        await mrq.Queries.CountAsync(new JobFilter { Statuses = JobStatuses.Of(status) }, 100, TestContext.Current.CancellationToken);

    private sealed record User(int Id);

    [MrqTask("keyed", RateLimit = "1/s", RateLimitKey = "{b}")]
    private sealed class Keyed : IJobTask<User>
    {
        public Task RunAsync(User parameters, JobContext context, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed record Work(User? User = null, string? Host = null);
}

public sealed class LimitingJobsOnSqlite() : LimitingJobs(StorePair.Sqlite);

public sealed class LimitingJobsOnRedisAndMongo() : LimitingJobs(StorePair.RedisAndMongo);
