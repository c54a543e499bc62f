using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Mrq.Diagnostics;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

/// <summary>What jobs leave in memory, of one at a time (docs/tracing.md).</summary>
public sealed class MeasuringMemory
{
    private readonly Gate _gate = new();

    [Fact]
    public async Task A_job_that_begins_while_memory_is_still_looked_at_after_another_is_not_measured()
    {
        // So it comes when a task that was forsaken ends at last, and the next job begins.
        var watch = new HeldWatch(_gate);
        var (trace, forsaken, next) = (new MemoryTrace(watch), NewJob(), NewJob());
        trace.Begin(NullLogger.Instance);
        var ending = Task.Run(() => trace.End(forsaken, result: null, NullLogger.Instance), TestContext.Current.CancellationToken);
        await _gate.WaitForArrivalsAsync();

        trace.Begin(NullLogger.Instance);
        _gate.Open();

        Assert.NotNull(await ending);
        Assert.Null(trace.End(next, result: null, NullLogger.Instance));
        Assert.Equal((1, 1), (watch.Begun, watch.Ended));
    }

    [Fact]
    public void One_that_runs_alone_after_others_that_did_not_is_measured()
    {
        var trace = new MemoryTrace(watch: null);
        trace.Begin(NullLogger.Instance);
        trace.Begin(NullLogger.Instance);
        Assert.Null(trace.End(NewJob(), result: null, NullLogger.Instance));
        Assert.Null(trace.End(NewJob(), result: null, NullLogger.Instance));

        trace.Begin(NullLogger.Instance);

        Assert.NotNull(trace.End(NewJob(), result: null, NullLogger.Instance));
    }

    private static Job NewJob() => new()
    {
        Id = JobId.New(TimeProvider.System),
        Path = "nothing",
        Params = "{}",
        Queue = new QueueName("default"),
        Status = JobStatus.Started,
        DateQueued = DateTimeOffset.UnixEpoch,
        DateUpdated = DateTimeOffset.UnixEpoch,
    };

    /// <summary>Looks for as long as the gate is closed.</summary>
    private sealed class HeldWatch(Gate gate) : IMemoryWatch
    {
        public int Begun { get; private set; }

        public int Ended { get; private set; }

        public void BeforeJob(ILogger log) => Begun++;

        public void AfterJob(Job job, ILogger log)
        {
            gate.PassStubbornlyAsync().GetAwaiter().GetResult();
            Ended++;
        }
    }
}
