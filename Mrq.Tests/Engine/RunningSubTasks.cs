using Microsoft.Extensions.Logging;
using Mrq.Jobs;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

/// <summary>Sub-tasks inside a job.</summary>
public abstract partial class RunningSubTasks(StorePair pair) : EngineSpec(pair)
{
    private readonly Gate _gate = new();
    private int _ended;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static IEnumerable<int> Items => Enumerable.Range(0, 5);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_exception_of_one_fails_the_job_and_the_traceback_has_its_line(bool streamed)
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams, int>("bad", async (_, _, token) => streamed
            ? await SubPool.StreamAsync(Items, 2, BreakAtThreeAsync, token).SumAsync(token)
            : (await SubPool.MapAsync(Items, 2, BreakAtThreeAsync, token)).Sum()));

        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("bad"));

        Assert.Equal((JobStatus.Failed, "System.IO.InvalidDataException", "three"), (job.Status, job.ExceptionType, job.ExceptionMessage));
        Assert.Contains(nameof(BreakAtThreeAsync), job.Traceback, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_timeout_ends_them_before_the_job_is_recorded()
    {
        await using var mrq = await StartEngineAsync(b =>
        {
            b.Configure(o => o.AbortGrace = TestEngine.Patience);
            b.AddTask<NoParams>("hold", HoldAllAsync, new TaskOptions { Timeout = TimeSpan.FromMilliseconds(300) });
        });

        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("hold"));

        Assert.Equal((JobStatus.Timeout, _gate.Arrivals), (job.Status, _ended));
    }

    [Fact]
    public async Task An_abort_ends_them_before_the_job_is_recorded()
    {
        await using var mrq = await StartEngineAsync(b =>
        {
            b.Configure(o => o.AbortGrace = TestEngine.Patience);
            b.AddTask<NoParams>("hold", HoldAllAsync);
        });
        var id = await mrq.EnqueueAsync("hold");
        await _gate.WaitForArrivalsAsync(5);

        await mrq.Control.ApplyAsync(JobAction.Abort, [id], null, Token);

        Assert.Equal(JobStatus.Abort, (await mrq.WaitForEndAsync(id)).Status);
        Assert.Equal(5, _ended);
    }

    [Fact]
    public async Task Stopping_the_worker_ends_them_before_the_job_is_recorded()
    {
        JobId id;
        await using (var mrq = await StartEngineAsync(
            b =>
            {
                b.Configure(o => o.AbortGrace = TestEngine.Patience);
                b.AddTask<NoParams>("hold", HoldAllAsync);
            },
            w => w.ShutdownTimeout = TimeSpan.Zero))
        {
            id = await mrq.EnqueueAsync("hold");
            await _gate.WaitForArrivalsAsync(5);
        }

        Assert.Equal(5, _ended);
        await using var after = await StartEngineAsync(b => b.AddTask<NoParams>("hold", HoldAllAsync), workers: false);
        Assert.Equal("interrupt", Assert.Single((await after.FindAsync(id)).TracebackHistory).ExceptionType);
    }

    [Fact]
    public async Task What_they_log_and_report_is_the_jobs()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("report", (_, context, token) => SubPool.MapAsync(
            Items, 3,
            async (item, stop) =>
            {
                LogItem(context.Logger, item);
                if (item == 2)
                {
                    context.SetProgress(0.5, "half");
                    await _gate.PassAsync(stop);
                }

                return item;
            },
            token)));

        var id = await mrq.EnqueueAsync("report");
        var half = await mrq.WaitForAsync(id, job => job.Progress == 0.5);
        _gate.Open();
        await mrq.WaitForEndAsync(id);

        Assert.Equal("half", half.ProgressText);
        var lines = await mrq.Get<IJobLogStore>().TailAsync(id, 10, Token);
        Assert.Equal(Items.Select(i => $"item {i}"), lines.Select(line => line.Message).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task One_may_ask_for_a_retry_of_the_job()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams, int>("again", async (_, context, token) =>
            (await SubPool.MapAsync(
                Items, 5,
                async (item, _) =>
                {
                    await Task.Yield();
                    if (item == 3 && context.Job.RetryCount == 0)
                    {
                        context.Retry(TimeSpan.Zero);
                    }

                    return item;
                },
                token)).Sum()));

        var job = await mrq.WaitForAsync(await mrq.EnqueueAsync("again"), JobStatus.Success);

        Assert.Equal(("10", 1), (job.Result, job.RetryCount));
    }

    /// <summary>The original's test of modules that many import at once: what comes nearest is a type that many use for the first time at once.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(100)]
    public async Task What_many_use_for_the_first_time_at_once_is_made_once(int size)
    {
        var made = 0;
        var module = new Lazy<int>(() => Interlocked.Increment(ref made));
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams, int>("import", async (_, _, token) =>
            (await SubPool.MapAsync(Enumerable.Range(0, 100), size, (_, _) => Task.FromResult(module.Value), token)).Sum()));

        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("import"));

        Assert.Equal((JobStatus.Success, "100", 1), (job.Status, job.Result, made));
    }

    private Task HoldAllAsync(NoParams parameters, JobContext context, CancellationToken token) => SubPool.MapAsync(
        Items, 5,
        async (item, stop) =>
        {
            try
            {
                await _gate.PassAsync(stop);
                return item;
            }
            finally
            {
                await Task.Yield();
                Interlocked.Increment(ref _ended);
            }
        },
        token);

    private static async Task<int> BreakAtThreeAsync(int item, CancellationToken token)
    {
        await Task.Yield();
        return item == 3 ? throw new InvalidDataException("three") : item;
    }

    [LoggerMessage(1, LogLevel.Information, "item {Number}")]
    private static partial void LogItem(ILogger logger, int number);
}

public sealed class RunningSubTasksOnSqlite() : RunningSubTasks(StorePair.Sqlite);

public sealed class RunningSubTasksOnRedisAndMongo() : RunningSubTasks(StorePair.RedisAndMongo);
