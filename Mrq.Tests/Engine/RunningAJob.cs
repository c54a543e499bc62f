using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Engine;

public abstract class RunningAJob(StorePair pair) : EngineSpec(pair)
{
    private sealed record Numbers(int A, int B);

    [Fact]
    public async Task Its_result_and_its_times_are_stored()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<Numbers, int>("add", (p, _, _) => Task.FromResult(p.A + p.B)));

        var id = await mrq.EnqueueAsync("add", """{"a": 41, "b": 1}""");
        var job = await mrq.WaitForEndAsync(id);

        Assert.Equal(JobStatus.Success, job.Status);
        Assert.Equal("42", job.Result);
        Assert.Equal(1, job.Attempt);
        Assert.NotNull(job.Worker);
        Assert.True(job.DateQueued <= job.DateStarted && job.DateStarted <= job.DateUpdated);
        Assert.True(job.TotalTime >= 0);
        Assert.Equal(TimeSpan.FromDays(7), job.DateExpires - job.DateUpdated);
        Assert.Equal(0, await mrq.WaitingAsync("default"));
    }

    [Fact]
    public async Task A_task_that_returns_nothing_leaves_no_result()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("quiet", (_, _, _) => Task.CompletedTask));

        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("quiet"));

        Assert.Equal(JobStatus.Success, job.Status);
        Assert.Null(job.Result);
    }

    [Fact]
    public async Task It_can_use_a_rate_that_all_jobs_share()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams, int>(
            "call", (_, context, stop) => context.UseRateAsync("service", 2, TimeSpan.FromHours(1), stop)));

        var results = new List<string?>();
        for (var i = 0; i < 3; i++)
        {
            results.Add((await mrq.WaitForEndAsync(await mrq.EnqueueAsync("call"))).Result);
        }

        Assert.Equal(["2", "1", "0"], results);
    }

    [Fact]
    public async Task An_exception_fails_it_with_type_message_and_stack()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("bad", (_, _, _) => throw new InvalidOperationException("no luck")));

        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("bad"));

        Assert.Equal(JobStatus.Failed, job.Status);
        Assert.Equal("System.InvalidOperationException", job.ExceptionType);
        Assert.Equal("no luck", job.ExceptionMessage);
        Assert.Contains(nameof(RunningAJob), job.Traceback, StringComparison.Ordinal);
        Assert.Null(job.DateExpires);
        var entry = Assert.Single(job.TracebackHistory);
        Assert.Equal(JobStatus.Failed, entry.Status);
    }

    [Fact]
    public async Task A_class_task_is_made_in_a_scope_of_its_own_and_disposed()
    {
        await using var mrq = await StartEngineAsync(b =>
        {
            b.Services.AddScoped<Scoped>().AddSingleton<Disposals>();
            b.AddTask<ScopedTask>();
        });

        var first = await mrq.WaitForEndAsync(await mrq.EnqueueAsync(typeof(ScopedTask).FullName!));
        var second = await mrq.WaitForEndAsync(await mrq.EnqueueAsync(typeof(ScopedTask).FullName!));

        Assert.Equal(JobStatus.Success, first.Status);
        Assert.NotEqual(first.Result, second.Result);
        Assert.Equal(2, mrq.Get<Disposals>().Count);
    }

    [Fact]
    public async Task A_task_knows_its_job_its_worker_and_the_configuration()
    {
        await using var mrq = await StartEngineAsync(b =>
        {
            b.Services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create<string, string?>("city", "Basel")]).Build());
            b.AddTask<KnowingTask>("knows");
        });

        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("knows"));

        Assert.NotNull(job.Worker);
        Assert.Equal($"\"{job.Id} {job.Worker} Basel\"", job.Result);
    }

    [Fact]
    public async Task A_cpu_task_has_a_thread_of_its_own()
    {
        await using var mrq = await StartEngineAsync(b => b
            .AddTask<NoParams, bool>("cpu", (_, _, _) => Task.FromResult(Thread.CurrentThread.IsThreadPoolThread), new TaskOptions { Cpu = true })
            .AddTask<NoParams, bool>("io", (_, _, _) => Task.FromResult(Thread.CurrentThread.IsThreadPoolThread)));

        Assert.Equal("false", (await mrq.WaitForEndAsync(await mrq.EnqueueAsync("cpu"))).Result);
        Assert.Equal("true", (await mrq.WaitForEndAsync(await mrq.EnqueueAsync("io"))).Result);
    }

    [Fact]
    public async Task It_can_queue_other_jobs()
    {
        await using var mrq = await StartEngineAsync(b => b
            .AddTask<Numbers, int>("add", (p, _, _) => Task.FromResult(p.A + p.B))
            .AddTask<NoParams, string>("parent", async (_, context, token) =>
                (await context.EnqueueAsync(new JobRequest { Path = "add", Params = """{"a":1,"b":2}""" }, token)).Id.ToString()));

        var parent = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("parent"));
        var child = await mrq.WaitForEndAsync(JobId.Parse(parent.Result!.Trim('"')));

        Assert.Equal("3", child.Result);
    }

    [Fact]
    public async Task Its_progress_is_seen_while_it_runs()
    {
        var gate = new Gate();
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("steps", async (_, context, token) =>
        {
            context.SetProgress(0.4, "nearly half");
            await gate.PassAsync(token);
        }));

        var id = await mrq.EnqueueAsync("steps");
        var running = await mrq.WaitForAsync(id, job => job.Progress is not null);
        gate.Open();
        var done = await mrq.WaitForEndAsync(id);

        Assert.Equal((JobStatus.Started, 0.4, "nearly half"), (running.Status, running.Progress, running.ProgressText));
        Assert.Equal(1, done.Progress);
    }

    [Fact]
    public async Task A_result_that_is_too_long_fails_it()
    {
        await using var mrq = await StartEngineAsync(b => b
            .Configure(o => o.MaxResultSize = 1000)
            .AddTask<NoParams, string>("long", (_, _, _) => Task.FromResult(new string('x', 2000))));

        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("long"));

        Assert.Equal(JobStatus.Failed, job.Status);
        Assert.Contains("max_result_size", job.ExceptionMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exception_whose_text_throws_and_one_that_is_endless_harm_nothing_else()
    {
        await using var mrq = await StartEngineAsync(
            b => b.AddTask<NoParams>("odd", (_, _, _) => throw new OddException())
                .AddTask<NoParams>("endless", (_, _, _) => throw new InvalidOperationException(new string('x', 1_000_000)))
                .AddTask<NoParams, int>("next", (_, _, _) => Task.FromResult(1)),
            w => w.Concurrency = 1);

        var odd = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("odd"));
        var endless = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("endless"));
        var next = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("next"));

        Assert.Equal((JobStatus.Failed, typeof(OddException).FullName), (odd.Status, odd.ExceptionType));
        Assert.Contains("cannot be shown", odd.ExceptionMessage, StringComparison.Ordinal);
        Assert.Equal(JobStatus.Failed, endless.Status);
        Assert.True(endless.ExceptionMessage!.Length < 10_000 && endless.Traceback!.Length < 70_000);
        Assert.Contains($"at {typeof(RunningAJob).FullName}", endless.Traceback, StringComparison.Ordinal);
        Assert.Equal(JobStatus.Success, next.Status);
    }

    [Fact]
    public async Task The_cpu_time_of_a_cpu_task_is_measured()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams, int>(
            "compute",
            (_, _, _) =>
            {
                var sum = 0;
                for (var i = 0; i < 20_000_000; i++)
                {
                    sum = unchecked((sum * 31) + i);
                }

                return Task.FromResult(sum);
            },
            new TaskOptions { Cpu = true }));

        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("compute"));

        Assert.True(job.Usage?.CpuTime > 0 && job.Usage?.CpuTime <= job.TotalTime + 0.1, $"{job.Usage?.CpuTime} of {job.TotalTime} s");
    }

    [Fact]
    public async Task A_task_that_this_worker_does_not_have_fails_it_with_the_reason()
    {
        await using var mrq = await StartEngineAsync(b => b.Configure(o => o.AcceptUnknownTasks = true));

        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("nobody.knows"));

        Assert.Equal(JobStatus.Failed, job.Status);
        Assert.Contains("nobody.knows", job.ExceptionMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Params_that_do_not_bind_fail_it_with_each_field()
    {
        await using (var accepts = await StartEngineAsync(b => b.Configure(o => o.AcceptUnknownTasks = true), workers: false))
        {
            await accepts.EnqueueAsync("add", """{"a": "x", "c": 1}""");
        }

        await using var mrq = await StartEngineAsync(b => b.AddTask<Numbers, int>("add", (p, _, _) => Task.FromResult(p.A + p.B)));
        var page = await mrq.Queries.FindAsync(new JobFilter(), new JobPageRequest(), TestContext.Current.CancellationToken);
        var job = await mrq.WaitForEndAsync(page.Jobs[0].Id);

        Assert.Equal(JobStatus.Failed, job.Status);
        Assert.All(["params.a", "params.b", "params.c"], field => Assert.Contains(field, job.ExceptionMessage, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Jobs_of_one_slot_run_in_the_order_of_the_queue()
    {
        var order = new List<int>();
        await using var mrq = await StartEngineAsync(
            b => b.AddTask<Numbers>("note", (p, _, _) =>
            {
                order.Add(p.A);
                return Task.CompletedTask;
            }),
            w => w.Concurrency = 1);

        var ids = await mrq.Client.EnqueueManyAsync(
            [.. Enumerable.Range(0, 50).Select(i => new JobRequest { Path = "note", Params = $$"""{"a":{{i}},"b":0}""" })], TestContext.Current.CancellationToken);
        await mrq.WaitForEndAsync(ids[^1].Id);

        Assert.Equal(Enumerable.Range(0, 50), order);
    }

    [Fact]
    public async Task As_many_run_at_once_as_the_worker_takes_and_no_more()
    {
        var gate = new Gate();
        await using var mrq = await StartEngineAsync(
            b => b.AddTask<NoParams>("hold", (_, _, token) => gate.PassAsync(token)), w => w.Concurrency = 3);

        var ids = await mrq.Client.EnqueueManyAsync([.. Enumerable.Range(0, 5).Select(_ => new JobRequest { Path = "hold" })], TestContext.Current.CancellationToken);
        await gate.WaitForArrivalsAsync(3);
        await mrq.WaitUntilAsync(async () =>
            await mrq.WorkerAsync() is { Status: WorkerStatus.Full, Jobs.Count: 3 });

        Assert.Equal(3, gate.Arrivals);
        gate.Open();
        foreach (var id in ids)
        {
            Assert.Equal(JobStatus.Success, (await mrq.WaitForEndAsync(id.Id)).Status);
        }
    }

    [Fact]
    public async Task Jobs_held_ahead_behind_a_slow_one_go_back_to_their_queue_in_their_order()
    {
        var gate = new Gate();
        await using var mrq = await StartEngineAsync(
            b => b.AddTask<NoParams>("quick", (_, _, _) => Task.CompletedTask).AddTask<NoParams>("hold", (_, _, token) => gate.PassAsync(token)),
            w => w.Concurrency = 1);
        var quick = await mrq.Client.EnqueueManyAsync([.. Enumerable.Range(0, 300).Select(_ => new JobRequest { Path = "quick" })], TestContext.Current.CancellationToken);
        await mrq.WaitForEndAsync(quick[^1].Id);

        var ids = await mrq.Client.EnqueueManyAsync(
            [.. Enumerable.Range(0, 21).Select(i => new JobRequest { Path = i == 0 ? "hold" : "quick" })], TestContext.Current.CancellationToken);
        await gate.WaitForArrivalsAsync();
        await mrq.WaitUntilAsync(async () => await mrq.WaitingAsync("default") == 20);
        var waiting = await mrq.Queues.PeekAsync(QueueName.Default, 0, 100, TestContext.Current.CancellationToken);
        gate.Open();

        Assert.Equal(ids.Skip(1).Select(i => i.Id), waiting);
        Assert.Equal(JobStatus.Success, (await mrq.WaitForEndAsync(ids[^1].Id)).Status);
    }

    [Fact]
    public async Task Queues_are_served_in_the_given_order()
    {
        var order = new List<string>();
        void Tasks(Hosting.MrqBuilder b) => b.AddTask<NoParams>("note", (_, context, _) =>
        {
            order.Add(context.Job.Queue.Value);
            return Task.CompletedTask;
        });
        await using (var accepts = await StartEngineAsync(Tasks, workers: false))
        {
            foreach (var queue in new[] { "low", "high", "low", "high" })
            {
                await accepts.EnqueueAsync("note", with: r => r with { Queue = new QueueName(queue) });
            }
        }

        await using var mrq = await StartEngineAsync(Tasks, w => (w.Concurrency, w.Queues) = (1, [new QueueName("high"), new QueueName("low")]));
        await mrq.WaitUntilAsync(async () =>
            await mrq.Queries.CountAsync(new JobFilter { Statuses = JobStatuses.Of(JobStatus.Success) }, 10, TestContext.Current.CancellationToken) == 4);

        Assert.Equal(["high", "high", "low", "low"], order);
    }

    [Fact]
    public async Task One_more_than_max_concurrency_ends_as_maxconcurrency_and_the_slot_is_free_afterwards()
    {
        var gate = new Gate();
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>(
            "single", (_, _, token) => gate.PassAsync(token), new TaskOptions { MaxConcurrency = 1 }));

        var first = await mrq.EnqueueAsync("single");
        await gate.WaitForArrivalsAsync();
        var second = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("single"));
        gate.Open();
        await mrq.WaitForAsync(first, JobStatus.Success);
        var third = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("single"));

        Assert.Equal(JobStatus.MaxConcurrency, second.Status);
        Assert.Equal(JobStatus.Success, third.Status);
    }

    private sealed class OddException : Exception
    {
        public override string Message => throw new InvalidOperationException("no message either");

        public override string ToString() => throw new InvalidOperationException("no text either");
    }

    private sealed class KnowingTask(IConfiguration configuration) : IJobTask<NoParams, string>
    {
        public Task<string> RunAsync(NoParams parameters, JobContext context, CancellationToken cancellationToken) =>
            Task.FromResult($"{context.Id} {context.Job.Worker} {configuration["city"]}");
    }

    private sealed class Scoped
    {
        public Guid Id { get; } = Guid.NewGuid();
    }

    private sealed class Disposals
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public void Add() => Interlocked.Increment(ref _count);
    }

    private sealed class ScopedTask(Scoped scoped, Disposals disposals) : IJobTask<NoParams, Guid>, IDisposable
    {
        public void Dispose() => disposals.Add();

        public Task<Guid> RunAsync(NoParams parameters, JobContext context, CancellationToken cancellationToken) => Task.FromResult(scoped.Id);
    }
}

public sealed class RunningAJobOnSqlite() : RunningAJob(StorePair.Sqlite);

public sealed class RunningAJobOnRedisAndMongo() : RunningAJob(StorePair.RedisAndMongo);
