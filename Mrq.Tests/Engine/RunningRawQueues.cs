using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Engine;

/// <summary>What the engine does with raw queues, line by line as the original's own suite has it.</summary>
public abstract class RunningRawQueues(StorePair pair) : EngineSpec(pair)
{
    private static readonly QueueName Regular = new("regular");

    private readonly ConcurrentQueue<string> _ran = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static double Seconds => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;

    private sealed record Raw(string Text);

    [Theory]
    [InlineData("clicks_raw", "clicks_raw", 4)]
    [InlineData("clicks_set", "clicks_set", 3)]
    [InlineData("clicks_raw/", "clicks_raw/sub", 4)]
    [InlineData("clicks_set/", "clicks_set/sub", 3)]
    [InlineData("main/", "main/clicks_raw", 4)]
    [InlineData("main/", "main/clicks_set", 3)]
    public async Task A_list_runs_duplicates_and_a_set_does_not_in_sub_queues_too(string listened, string queue, int expected)
    {
        await using var mrq = await StartAsync(listened);

        await PauseAsync(mrq, queue, true);
        await EnqueueAsync(mrq, queue, "aaa", "bbb", "ccc", "bbb");
        await PauseAsync(mrq, queue, false);

        await WaitForEndsAsync(mrq, expected);
        Assert.Equal(["aaa", "bbb", "ccc"], _ran.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
        Assert.Equal(expected, _ran.Count);
        Assert.Empty(await mrq.Get<IRawQueueContents>().ListAsync(TimeProvider.System.GetUtcNow(), Token));
    }

    [Fact]
    public async Task A_key_that_holds_while_queued_holds_no_entry_back()
    {
        var gate = new Gate();
        await using var mrq = await StartEngineAsync(
            b =>
            {
                b.AddTask<NoParams>("work", (_, _, token) => gate.PassAsync(token));
                b.AddRawQueue("clicks_raw", _ => new JobRequest { Path = "work", UniqueKey = "k", UniqueWhileQueued = true });
            },
            w => w.Queues = [new QueueName("clicks_raw")]);
        await mrq.Get<RawQueueClient>().EnqueueAsync(new QueueName("clicks_raw"), ["a"], Token);
        await gate.WaitForArrivalsAsync();
        await mrq.Get<RawQueueClient>().EnqueueAsync(new QueueName("clicks_raw"), ["b"], Token);
        await mrq.WaitUntilAsync(async () => (await mrq.Get<IRawQueueContents>().ListAsync(TimeProvider.System.GetUtcNow(), Token)).Count == 0);
        gate.Open();
        await mrq.WaitUntilAsync(async () => await mrq.Queries.CountAsync(new JobFilter { Statuses = JobStatuses.Of(JobStatus.Success) }, 100, Token) == 2);
    }

    [Fact]
    public async Task Its_document_says_where_it_came_from_and_is_like_that_of_any_job()
    {
        await using var mrq = await StartAsync("clicks_raw");

        await EnqueueAsync(mrq, "clicks_raw", "hello");
        await WaitForEndsAsync(mrq, 1);

        var job = Assert.Single(await JobsAsync(mrq));
        Assert.Equal((JobStatus.Success, "regular", "clicks_raw", "\"hello\""), (job.Status, job.Queue.Value, job.RawQueue?.Value, job.Result));
        Assert.Equal(1, job.Attempt);
        Assert.True(job.DateQueued <= job.DateStarted && job.DateStarted <= job.DateUpdated);
        Assert.NotNull(job.DateExpires);
        Assert.NotNull(job.Worker);
        Assert.Equal(1, (await mrq.Queries.RatesAsync(job.DateQueued.AddHours(-1), TimeSpan.FromHours(1), Token)).Sum(r => r.Count));
    }

    [Fact]
    public async Task A_sorted_set_runs_lowest_score_first()
    {
        await using var mrq = await StartAsync("order_sorted_set", worker: w => w.Concurrency = 1);

        await PauseAsync(mrq, "order_sorted_set", true);
        await EnqueueAsync(mrq, "order_sorted_set", ("last", 30), ("second", 2), ("first", -1), ("third", 30));
        await EnqueueAsync(mrq, "order_sorted_set", ("third", 3));
        await PauseAsync(mrq, "order_sorted_set", false);

        await WaitForEndsAsync(mrq, 4);
        Assert.Equal(["first", "second", "third", "last"], _ran);
    }

    [Fact]
    public async Task A_timed_set_runs_only_what_is_due_and_putting_it_again_moves_it()
    {
        await using var mrq = await StartAsync("later_timed_set", worker: w => w.MaxLatency = TimeSpan.FromMilliseconds(50));

        await EnqueueAsync(mrq, "later_timed_set", ("aaa", Seconds - 10), ("bbb", Seconds + 3600), ("ccc", Seconds + 3600));
        await WaitForEndsAsync(mrq, 1);

        Assert.Equal(["aaa"], _ran);
        Assert.Single(await JobsAsync(mrq));
        Assert.Equal(2, (await SizeAsync(mrq, "later_timed_set"))?.Size);
        await EnqueueAsync(mrq, "later_timed_set", ("ccc", Seconds + 0.3));
        await WaitForEndsAsync(mrq, 2);
        Assert.Equal(["aaa", "ccc"], _ran);
        Assert.Equal(new RawQueueSize(new QueueName("later_timed_set"), 1, 0, false, 0), await SizeAsync(mrq, "later_timed_set"));
    }

    [Fact]
    public async Task What_is_pushed_back_stays_in_its_set()
    {
        await using var mrq = await StartAsync("later_timed_set", new RawQueueOptions { Pushback = TimeSpan.FromHours(1) });

        await EnqueueAsync(mrq, "later_timed_set", ("aaa", Seconds - 10), ("bbb", Seconds + 7200));
        await WaitForEndsAsync(mrq, 1);

        Assert.Equal(2, (await SizeAsync(mrq, "later_timed_set"))?.Size);
        var first = (await mrq.Get<IRawQueueContents>().PeekAsync(new QueueName("later_timed_set"), 0, 1, Token))[0];
        Assert.Equal("aaa", first.Params);
        Assert.InRange(first.Score ?? 0, Seconds + 3000, Seconds + 3600);
    }

    [Fact]
    public async Task A_document_is_made_only_when_a_slot_takes_the_job()
    {
        var gate = new Gate();
        await using var mrq = await StartAsync("clicks_raw", worker: w => (w.Concurrency, w.Prefetch) = (2, 1), run: (_, token) => gate.PassAsync(token));

        await EnqueueAsync(mrq, "clicks_raw", "a", "b", "c");
        await gate.WaitForArrivalsAsync(2);
        // The third is held ahead, by this worker, without a document.
        await mrq.WaitUntilAsync(async () => await SizeAsync(mrq, "clicks_raw") is null);

        Assert.Equal([JobStatus.Started, JobStatus.Started], (await JobsAsync(mrq)).Select(j => j.Status));
        Assert.All(await JobsAsync(mrq), j => Assert.Equal("regular", j.Queue.Value));
        gate.Open();
        await WaitForEndsAsync(mrq, 3);
    }

    [Fact]
    public async Task What_was_taken_ahead_and_gets_no_slot_goes_back_as_the_entry_it_was()
    {
        var gate = new Gate();
        await using var other = await StartAsync("clicks_raw", workers: false);
        await using var mrq = await StartAsync(
            "clicks_raw", worker: w => (w.Concurrency, w.Prefetch) = (1, 3), run: (_, token) => gate.PassAsync(token));
        await EnqueueAsync(mrq, "clicks_raw", "a", "b", "c", "d", "e");
        await gate.WaitForArrivalsAsync();
        await mrq.WaitUntilAsync(async () => (await SizeAsync(mrq, "clicks_raw"))?.Size == 1);

        var stopping = mrq.StopAsync();
        await other.WaitUntilAsync(async () => (await SizeAsync(other, "clicks_raw"))?.Size == 4);
        gate.Open();
        await stopping;

        Assert.Equal(["b", "c", "d", "e"], (await other.Get<IRawQueueContents>().PeekAsync(new QueueName("clicks_raw"), 0, 10, Token)).Select(e => e.Params));
        Assert.Equal(JobStatus.Success, Assert.Single(await JobsAsync(other)).Status);
        Assert.Empty(await other.Get<IRawQueueStore>().ListTakersAsync(Token));
    }

    [Fact]
    public async Task Texts_can_be_taken_out_before_they_run()
    {
        await using var mrq = await StartAsync("clicks_raw");

        await PauseAsync(mrq, "clicks_raw", true);
        await EnqueueAsync(mrq, "clicks_raw", "a", "b", "c");
        Assert.Equal(2, await mrq.Get<IRawQueueContents>().RemoveAsync(new QueueName("clicks_raw"), ["a", "c"], Token));
        await PauseAsync(mrq, "clicks_raw", false);

        await WaitForEndsAsync(mrq, 1);
        Assert.Equal(["b"], _ran);
    }

    [Fact]
    public async Task An_exception_fails_it_on_its_retry_queue_and_a_requeue_puts_it_there()
    {
        await using var mrq = await StartAsync("clicks_raw", run: (_, _) => throw new InvalidDataException("bad"));

        await EnqueueAsync(mrq, "clicks_raw", "a");
        await WaitForAsync(mrq, JobStatus.Failed, 1);
        var failed = Assert.Single(await JobsAsync(mrq));
        Assert.Equal("regular", failed.Queue.Value);
        await PauseAsync(mrq, "regular", true);
        await mrq.Control.ApplyAsync(JobAction.Requeue, [failed.Id], null, Token);

        Assert.Equal((1, 0), (await mrq.WaitingAsync("regular"), (await SizeAsync(mrq, "clicks_raw"))?.Size ?? 0));
        Assert.Equal(JobStatus.Queued, (await mrq.FindAsync(failed.Id)).Status);
        await PauseAsync(mrq, "regular", false);
        var again = await mrq.WaitForAsync(failed.Id, job => job.Attempt == 2 && job.Status == JobStatus.Failed);
        Assert.Equal(2, again.TracebackHistory.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_retry_goes_to_the_retry_queue(bool isUnstored)
    {
        await using var mrq = await StartEngineAsync(
            b =>
            {
                b.AddTask<Raw>("run", (_, context, _) =>
                {
                    context.Retry(TimeSpan.Zero);
                    return Task.CompletedTask;
                });
                b.AddRawQueue("again_raw", Make, new RawQueueOptions { RetryQueue = Regular, NoStorage = isUnstored ? Unstored : default });
            },
            w => w.Queues = [new QueueName("again_raw")]);

        await EnqueueAsync(mrq, "again_raw", "a");
        await mrq.WaitUntilAsync(async () => await mrq.WaitingAsync("regular") == 1);

        var job = Assert.Single(await JobsAsync(mrq));
        Assert.Equal((JobStatus.Queued, 1, 1), (job.Status, job.RetryCount, job.Attempt));
        Assert.Equal(0, await mrq.WaitingAsync("default"));
    }

    [Theory]
    [InlineData("jobs clicks_raw", 1)]
    [InlineData("clicks_raw jobs clicks_set", 1)]
    [InlineData("clicks_set clicks_raw jobs", 2)]
    [InlineData("other clicks_set clicks_raw jobs", 10)]
    public async Task A_worker_takes_from_raw_and_regular_queues_alike(string queues, int concurrency)
    {
        await using var mrq = await StartAsync(
            queues, worker: w => (w.Queues, w.Concurrency) = ([.. queues.Split(' ').Select(q => new QueueName(q))], concurrency));

        await EnqueueAsync(mrq, "clicks_raw", "aaa", "bbb", "ccc");
        await mrq.EnqueueAsync("run", """{"text":"ddd"}""", r => r with { Queue = new QueueName("jobs") });

        await WaitForEndsAsync(mrq, 4);
        Assert.Equal(["aaa", "bbb", "ccc", "ddd"], _ran.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Started_and_success_are_not_stored_where_that_was_said()
    {
        await using var mrq = await StartAsync("clicks_raw", new RawQueueOptions { NoStorage = Unstored });

        await EnqueueAsync(mrq, "clicks_raw", "a", "b", "c");
        await mrq.WaitUntilAsync(async () => _ran.Count == 3 && (await mrq.Get<IRawQueueStore>().ListTakersAsync(Token)).Count == 0);

        Assert.Empty(await JobsAsync(mrq));
        await mrq.WaitUntilAsync(async () => (await mrq.WorkerAsync()).DoneJobs == 3);
    }

    [Fact]
    public async Task One_that_waits_for_its_rate_is_stored_as_postponed_and_not_as_an_attempt()
    {
        await using var mrq = await StartEngineAsync(
            b =>
            {
                b.AddTask<Raw>("run", (_, _, _) => Task.CompletedTask, new TaskOptions { RateLimit = new RateLimit(1, TimeSpan.FromHours(1)) });
                b.AddRawQueue("clicks_raw", Make, new RawQueueOptions { NoStorage = Unstored });
            },
            w => w.Queues = [new QueueName("clicks_raw")]);

        await EnqueueAsync(mrq, "clicks_raw", "a", "b");
        await WaitForAsync(mrq, JobStatus.Retry, 1);

        var job = Assert.Single(await JobsAsync(mrq));
        Assert.Equal((1, 1, 0), (job.Attempt, job.Postponed, job.Tries));
        Assert.Equal(JobLimitReasons.Rate, job.ExceptionType);
        Assert.Empty(job.TracebackHistory);
        Assert.DoesNotContain(await mrq.Queries.RatesAsync(job.DateQueued.AddHours(-1), TimeSpan.FromHours(1), Token), rate => rate.Status == JobStatus.Retry);
    }

    [Fact]
    public async Task A_failure_is_stored_with_its_log_and_when_requeued_its_success_too()
    {
        var isBroken = true;
        await using var mrq = await StartAsync(
            "clicks_raw",
            new RawQueueOptions { NoStorage = Unstored },
            run: (context, _) =>
            {
                context.Logger.Log(LogLevel.Information, default, "here", null, static (text, _) => text);
                return Volatile.Read(ref isBroken) ? throw new InvalidDataException("bad") : Task.CompletedTask;
            });

        await EnqueueAsync(mrq, "clicks_raw", "a");
        await WaitForAsync(mrq, JobStatus.Failed, 1);

        var failed = Assert.Single(await JobsAsync(mrq));
        Assert.Equal(("regular", "clicks_raw", 1, "bad"), (failed.Queue.Value, failed.RawQueue?.Value, failed.Attempt, failed.ExceptionMessage));
        await mrq.WaitUntilAsync(async () => await mrq.Get<IJobLogStore>().TailAsync(failed.Id, 10, Token) is [{ Message: "here" }]);
        Assert.Single(failed.TracebackHistory);
        Volatile.Write(ref isBroken, false);
        await mrq.Control.ApplyAsync(JobAction.Requeue, [failed.Id], null, Token);
        Assert.Equal(2, (await mrq.WaitForAsync(failed.Id, JobStatus.Success)).Attempt);
    }

    [Fact]
    public async Task An_entry_that_its_factory_cannot_read_is_set_aside_and_the_queue_goes_on()
    {
        await using var mrq = await StartAsync("clicks_raw", make: raw => raw switch
        {
            "bad" => throw new FormatException("not a click"),
            "unknown" => new JobRequest { Path = "nowhere" },
            "params" => new JobRequest { Path = "run", Params = "{}" },
            "later" => Make(raw) with { Delay = TimeSpan.FromHours(1) },
            _ => Make(raw),
        });

        await EnqueueAsync(mrq, "clicks_raw", "bad", "unknown", "a", "params", "later", "b");
        await WaitForEndsAsync(mrq, 2);

        Assert.Equal(["a", "b"], _ran.Order(StringComparer.Ordinal));
        var rejected = await mrq.Get<IRawQueueContents>().ListRejectedAsync(new QueueName("clicks_raw"), 0, 10, Token);
        Assert.Equal(["later", "params", "unknown", "bad"], rejected.Select(r => r.Entry.Params));
        Assert.Equal("not a click", rejected[3].Error);
        Assert.Contains("no task 'nowhere'", rejected[2].Error, StringComparison.Ordinal);
        Assert.Contains("params.text", rejected[1].Error, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("timed set", rejected[0].Error, StringComparison.Ordinal);
        Assert.Equal(2, (await JobsAsync(mrq)).Count);
    }

    [Fact]
    public async Task An_entry_whose_unique_key_is_taken_is_not_needed()
    {
        var gate = new Gate();
        await using var mrq = await StartAsync(
            "clicks_raw", make: raw => Make(raw) with { UniqueKey = "one" }, run: (_, token) => gate.PassAsync(token));

        await EnqueueAsync(mrq, "clicks_raw", "a");
        await gate.WaitForArrivalsAsync();
        await EnqueueAsync(mrq, "clicks_raw", "b");
        await mrq.WaitUntilAsync(async () => await SizeAsync(mrq, "clicks_raw") is null && (await mrq.Get<IRawQueueStore>().ListTakersAsync(Token)).Count == 0);
        gate.Open();
        await WaitForEndsAsync(mrq, 1);

        Assert.Equal(["a"], _ran);
        Assert.Single(await JobsAsync(mrq));
    }

    [Fact]
    public async Task Jobs_cannot_be_put_into_a_raw_queue_nor_texts_into_another()
    {
        await using var mrq = await StartAsync("clicks_raw", workers: false);
        var id = await mrq.EnqueueAsync("run", """{"text":"x"}""");

        var job = await Assert.ThrowsAsync<InvalidJobException>(() => mrq.EnqueueAsync("run", """{"text":"x"}""", r => r with { Queue = new QueueName("clicks_raw") }));
        var requeue = await Assert.ThrowsAsync<InvalidJobException>(() => mrq.Control.ApplyAsync(JobAction.Requeue, [id], new QueueName("clicks_raw"), Token));
        var text = await Assert.ThrowsAsync<InvalidJobException>(() => EnqueueAsync(mrq, "default", "x"));
        var score = await Assert.ThrowsAsync<InvalidJobException>(() => EnqueueAsync(mrq, "a_sorted_set", "x"));
        var noScore = await Assert.ThrowsAsync<InvalidJobException>(() => EnqueueAsync(mrq, "clicks_raw", ("x", 1)));

        Assert.Contains("is a raw queue", job.Message, StringComparison.Ordinal);
        Assert.Contains("is a raw queue", requeue.Message, StringComparison.Ordinal);
        Assert.Contains("is not a raw queue", text.Message, StringComparison.Ordinal);
        Assert.Contains("score: is required", score.Message, StringComparison.Ordinal);
        Assert.Contains("has no scores", noScore.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Listening_to_a_raw_queue_that_nobody_makes_jobs_of_is_an_error_at_the_start()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => StartEngineAsync(_ => { }, w => w.Queues = [new QueueName("a_raw"), new QueueName("b_set"), new QueueName("main/")]));

        Assert.Equal(["'a_raw'", "'b_set'"], error.Message.Split(Environment.NewLine).Select(line => line.Split(' ')[7].TrimEnd(',')));
    }

    [Theory]
    [InlineData("clicks", 0, "started", "ends in _raw")]
    [InlineData("clicks_raw", 60, "started", "for timed sets only")]
    [InlineData("clicks_raw", 0, "started,retry", "a job that is retry would be lost")]
    public void Wrong_options_are_refused(string name, int pushback, string statuses, string expected)
    {
        Assert.True(JobStatuses.TryParse(statuses, out var unstored, out _));
        var options = new RawQueueOptions { Pushback = pushback == 0 ? null : TimeSpan.FromSeconds(pushback), NoStorage = unstored, RetryQueue = new QueueName("x_set") };

        var error = Assert.Throws<FormatException>(() =>
        {
            var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new() { DisableDefaults = true });
            builder.Services.AddMrq(mrq => mrq.AddRawQueue(name, Make, options));
        });

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("retry_queue: 'x_set' is a raw queue", error.Message, StringComparison.Ordinal);
    }

    private static JobStatuses Unstored => JobStatuses.Of(JobStatus.Started, JobStatus.Success);

    private static JobRequest Make(string raw) =>
        new() { Path = "run", Params = System.Text.Json.JsonSerializer.Serialize(new { text = raw }) };

    /// <summary>An engine whose worker listens to a raw queue and to its retry queue.</summary>
    private Task<TestEngine> StartAsync(
        string listened, RawQueueOptions? options = null, Action<WorkerOptions>? worker = null, bool workers = true,
        Func<JobContext, CancellationToken, Task>? run = null, Func<string, JobRequest>? make = null) => StartEngineAsync(
            b =>
            {
                b.AddTask<Raw, string>("run", async (p, context, token) =>
                {
                    await (run?.Invoke(context, token) ?? Task.CompletedTask);
                    _ran.Enqueue(p.Text);
                    return p.Text;
                });
                foreach (var name in (string[])["clicks_raw", "clicks_set", "order_sorted_set", "later_timed_set", "main/"])
                {
                    var isOthers = options?.Pushback is not null && name != "later_timed_set";
                    b.AddRawQueue(name, make ?? Make, (isOthers ? new RawQueueOptions() : options ?? new RawQueueOptions()) with { RetryQueue = Regular, HasSubQueues = true });
                }
            },
            w =>
            {
                w.Queues = listened.Contains(' ') ? [] : [new QueueName(listened), Regular];
                worker?.Invoke(w);
            },
            workers);

    private static Task EnqueueAsync(TestEngine mrq, string queue, params string[] texts) =>
        mrq.Get<RawQueueClient>().EnqueueAsync(new QueueName(queue), texts, Token);

    private static Task EnqueueAsync(TestEngine mrq, string queue, params (string Text, double Score)[] entries) =>
        mrq.Get<RawQueueClient>().EnqueueAsync([.. entries.Select(e => new RawEntry(new QueueName(queue), e.Text, e.Score))], Token);

    private static Task PauseAsync(TestEngine mrq, string queue, bool paused) => mrq.Get<QueueControl>().SetPausedAsync(new QueueName(queue), paused, Token);

    private static async Task<RawQueueSize?> SizeAsync(TestEngine mrq, string queue) =>
        (await mrq.Get<IRawQueueContents>().ListAsync(TimeProvider.System.GetUtcNow(), Token)).FirstOrDefault(q => q.Queue.Value == queue);

    private static async Task<IReadOnlyList<Job>> JobsAsync(TestEngine mrq) =>
        (await mrq.Queries.FindAsync(new JobFilter(), new JobPageRequest(Limit: 50, WithPayload: true), Token)).Jobs;

    private static Task WaitForEndsAsync(TestEngine mrq, int count) => WaitForAsync(mrq, JobStatus.Success, count);

    /// <summary>Waits for so many documents: totals may be ahead of them.</summary>
    private static Task WaitForAsync(TestEngine mrq, JobStatus status, int count) => mrq.WaitUntilAsync(async () =>
        (await mrq.Queries.FindIdsAsync(new JobFilter { Statuses = JobStatuses.Of(status) }, before: null, 1000, Token)).Count == count);
}

public sealed class RunningRawQueuesOnSqlite() : RunningRawQueues(StorePair.Sqlite);

public sealed class RunningRawQueuesOnRedisAndMongo() : RunningRawQueues(StorePair.RedisAndMongo);
