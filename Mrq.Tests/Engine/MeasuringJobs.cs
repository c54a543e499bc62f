using Mrq.Diagnostics;
using Mrq.Jobs;
using Mrq.Tasks;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

/// <summary>What jobs use, measured in their asynchronous flow (docs/tracing.md).</summary>
public abstract class MeasuringJobs(StorePair pair) : EngineSpec(pair)
{
    private const int Megabyte = 1_000_000;
    private const double HalfATenth = 0.05;

    private readonly Gate _gate = new();

    [Fact]
    public async Task A_job_that_waits_uses_next_to_no_CPU_time_and_is_taken_up_again_after_each_wait()
    {
        await using var mrq = await StartTracingAsync(async token =>
        {
            await _gate.PassAsync(token);
            await Task.Yield();
        });
        var id = await mrq.EnqueueAsync("measured");
        await _gate.WaitForArrivalsAsync();
        _gate.Open();

        var usage = (await mrq.WaitForEndAsync(id)).Usage;

        // At its begin, after the gate, after the yield.
        Assert.True(usage is { CpuTime: >= 0 and < 0.5, Switches: >= 3 }, $"{usage}");
    }

    [Fact]
    public async Task Work_that_it_hands_to_other_threads_is_its_own()
    {
        await using var mrq = await StartTracingAsync(token => Task.WhenAll(Task.Run(Compute, token), Task.Run(Compute, token)));

        var usage = (await mrq.WaitForEndAsync(await mrq.EnqueueAsync("measured"))).Usage;

        Assert.True(usage is { CpuTime: >= 2 * HalfATenth, Allocated: >= 2 * Megabyte, MemoryDiff: null }, $"{usage}");
    }

    [Fact]
    public async Task Work_of_others_at_the_same_time_is_not()
    {
        await using var mrq = await StartTracingAsync(_gate.PassAsync, new JobTaskOf("busy", () =>
        {
            Compute();
            _gate.Open();
        }));
        var waiting = await mrq.EnqueueAsync("measured");
        await _gate.WaitForArrivalsAsync();
        var busy = await mrq.EnqueueAsync("busy");

        Assert.True((await mrq.WaitForEndAsync(busy)).Usage is { CpuTime: >= HalfATenth, Allocated: >= Megabyte });
        Assert.True((await mrq.WaitForEndAsync(waiting)).Usage is { Allocated: < Megabyte });
    }

    [Fact]
    public async Task One_that_fails_has_its_figures_too()
    {
        await using var mrq = await StartTracingAsync(_ =>
        {
            Compute();
            throw new InvalidDataException("no");
        });

        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("measured"));

        Assert.Equal(JobStatus.Failed, job.Status);
        Assert.True(job.Usage is { CpuTime: >= HalfATenth, Switches: >= 1 }, $"{job.Usage}");
    }

    [Fact]
    public async Task Nothing_is_measured_unless_asked_for()
    {
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("measured", (_, _, _) => Task.CompletedTask));

        Assert.Null((await mrq.WaitForEndAsync(await mrq.EnqueueAsync("measured"))).Usage);
    }

    private Task<TestEngine> StartTracingAsync(Func<CancellationToken, Task> task, JobTaskOf? other = null) => StartEngineAsync(b =>
    {
        b.Configure(o => o.TraceUsage = true);
        b.AddTask<NoParams>("measured", (_, _, token) => task(token));
        if (other is not null)
        {
            b.AddTask<NoParams>(other.Path, (_, _, token) => Task.Run(other.Run, token));
        }
    });

    /// <summary>Uses CPU time and memory of the thread it runs on.</summary>
    private static void Compute()
    {
        var end = ThreadCpuTime.Now() + HalfATenth;
        var block = new byte[Megabyte];
        while (ThreadCpuTime.Now() < end)
        {
            Random.Shared.NextBytes(block);
        }
    }

    private sealed record JobTaskOf(string Path, Action Run);
}

public sealed class MeasuringJobsOnSqlite() : MeasuringJobs(StorePair.Sqlite);

public sealed class MeasuringJobsOnRedisAndMongo() : MeasuringJobs(StorePair.RedisAndMongo);
