using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Mrq.Jobs;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

public abstract class LoggingOfJobs(StorePair pair) : EngineSpec(pair)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_task_and_the_code_it_calls_log_is_stored_with_its_job_in_order()
    {
        await using var mrq = await StartEngineAsync(b =>
        {
            b.Services.AddSingleton<Deep>();
            b.AddTask<Chatty>("chatty");
        });

        var id = await mrq.EnqueueAsync("chatty");
        await mrq.WaitForEndAsync(id);
        var lines = await ReadAsync(mrq, id);

        Assert.Equal(["begin", "deep inside", "after an await", "end"], lines.Select(l => l.Message));
        Assert.Equal([1L, 2, 3, 4], lines.Select(l => l.Number));
        Assert.Equal([JobLogLevel.Information, JobLogLevel.Debug, JobLogLevel.Warning, JobLogLevel.Information], lines.Select(l => l.Level));
        Assert.Equal("chatty", lines[0].Category);
        Assert.Equal(typeof(Deep).FullName!.Replace('+', '.'), lines[1].Category);
        Assert.True(lines.Zip(lines.Skip(1)).All(p => p.First.Time <= p.Second.Time));
    }

    [Fact]
    public async Task A_store_that_is_away_for_longer_than_a_few_tries_loses_no_line()
    {
        var faults = new FaultyStores(nameof(IJobLogStore.AppendAsync), isFatal: false, times: 7);
        await using var mrq = await StartEngineAsync(b =>
        {
            b.Services.AddSingleton<Deep>();
            b.AddTask<Chatty>("chatty");
            faults.Decorate(b.Services);
        });

        var id = await mrq.EnqueueAsync("chatty");
        await mrq.WaitForEndAsync(id);

        Assert.Equal(["begin", "deep inside", "after an await", "end"], (await ReadAsync(mrq, id)).Select(l => l.Message));
    }

    [Fact]
    public async Task Jobs_that_run_at_once_do_not_mix_their_logs()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<Number>("count", async (p, context, _) =>
        {
            for (var i = 0; i < 20; i++)
            {
                LogNumber(context.Logger, p.N);
                await Task.Yield();
            }
        }));

        var ids = await mrq.Client.EnqueueManyAsync(
            [.. Enumerable.Range(0, 20).Select(n => new JobRequest { Path = "count", Params = $$"""{"n":{{n}}}""" })], Token);

        for (var n = 0; n < ids.Count; n++)
        {
            await mrq.WaitForEndAsync(ids[n].Id);
            var lines = await ReadAsync(mrq, ids[n].Id);
            Assert.Equal(Enumerable.Repeat($"number {n}", 20), lines.Select(l => l.Message));
        }
    }

    [Fact]
    public async Task The_log_of_a_job_that_fails_is_there_with_the_exception_it_logged()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("bad", (_, context, _) =>
        {
            var e = new InvalidOperationException("no luck");
            LogTrouble(context.Logger, e);
            throw e;
        }));

        var id = await mrq.EnqueueAsync("bad");
        Assert.Equal(JobStatus.Failed, (await mrq.WaitForEndAsync(id)).Status);
        var line = Assert.Single(await ReadAsync(mrq, id));

        Assert.Equal(JobLogLevel.Error, line.Level);
        Assert.StartsWith("trouble", line.Message, StringComparison.Ordinal);
        Assert.Contains("no luck", line.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_is_cut_at_its_limit_and_says_so()
    {
        await using var mrq = await StartEngineAsync(b => b.Configure(o => (o.MaxLogLinesPerJob, o.MaxLogLineLength) = (5, 100)).AddTask<NoParams>("flood", (_, context, _) =>
        {
            LogText(context.Logger, new string('x', 300));
            for (var i = 0; i < 50; i++)
            {
                LogNumber(context.Logger, i);
            }

            return Task.CompletedTask;
        }));

        var id = await mrq.EnqueueAsync("flood");
        await mrq.WaitForEndAsync(id);
        var lines = await ReadAsync(mrq, id);

        Assert.Equal(6, lines.Count);
        Assert.Contains("200 more characters were cut", lines[0].Message, StringComparison.Ordinal);
        Assert.Contains("max_log_lines_per_job", lines[5].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_limit_of_0_keeps_nothing()
    {
        await using var mrq = await StartEngineAsync(b => b.Configure(o => o.MaxLogLinesPerJob = 0).AddTask<NoParams>("log", (_, context, _) =>
        {
            LogNumber(context.Logger, 1);
            return Task.CompletedTask;
        }));

        var id = await mrq.EnqueueAsync("log");

        Assert.Equal(JobStatus.Success, (await mrq.WaitForEndAsync(id)).Status);
        Assert.Empty(await ReadAsync(mrq, id));
    }

    [Fact]
    public async Task Later_attempts_go_on_with_the_same_log()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("twice", (_, context, _) =>
        {
            LogNumber(context.Logger, context.Job.Attempt);
            if (context.Job.Attempt == 1)
            {
                context.Retry(TimeSpan.Zero);
            }

            return Task.CompletedTask;
        }));

        var id = await mrq.EnqueueAsync("twice");
        await mrq.WaitForEndAsync(id);

        Assert.Equal([(1L, 1), (2L, 2)], (await ReadAsync(mrq, id)).Select(l => (l.Number, l.Attempt)));
    }

    private static Task<IReadOnlyList<JobLogLine>> ReadAsync(TestEngine mrq, JobId id) => mrq.Get<IJobLogStore>().ReadAsync(id, 0, 1000, Token);

    private static readonly Action<ILogger, int, Exception?> NumberMessage = LoggerMessage.Define<int>(LogLevel.Information, new EventId(1), "number {Number}");
    private static readonly Action<ILogger, Exception?> TroubleMessage = LoggerMessage.Define(LogLevel.Error, new EventId(2), "trouble");
    private static readonly Action<ILogger, string, Exception?> TextMessage = LoggerMessage.Define<string>(LogLevel.Information, new EventId(3), "{Text}");

    private static void LogNumber(ILogger logger, int number) => NumberMessage(logger, number, null);

    private static void LogTrouble(ILogger logger, Exception e) => TroubleMessage(logger, e);

    private static void LogText(ILogger logger, string text) => TextMessage(logger, text, null);

    private sealed record Number(int N);

    private sealed class Deep(ILogger<Deep> logger)
    {
        private static readonly Action<ILogger, Exception?> Inside = LoggerMessage.Define(LogLevel.Debug, new EventId(4), "deep inside");

        public void Work() => Inside(logger, null);
    }

    private sealed class Chatty(Deep deep) : IJobTask<NoParams>
    {
        public async Task RunAsync(NoParams parameters, JobContext context, CancellationToken cancellationToken)
        {
            LogText(context.Logger, "begin");
            deep.Work();
            await Task.Yield();
            LoggerMessage.Define(LogLevel.Warning, new EventId(5), "after an await")(context.Logger, null);
            LogText(context.Logger, "end");
        }
    }
}

public sealed class LoggingOfJobsOnSqlite() : LoggingOfJobs(StorePair.Sqlite);

public sealed class LoggingOfJobsOnRedisAndMongo() : LoggingOfJobs(StorePair.RedisAndMongo);
