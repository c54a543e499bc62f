using Mrq.Jobs;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Engine;

public abstract class StoppingAWorker(StorePair pair) : EngineSpec(pair)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_waits_for_the_jobs_in_hand_and_takes_no_more()
    {
        var gate = new Gate();
        void Tasks(Hosting.MrqBuilder b) => b.AddTask<NoParams>("hold", (_, _, token) => gate.PassAsync(token));
        JobId running, waiting;
        await using (var mrq = await StartEngineAsync(Tasks, w => w.Concurrency = 1))
        {
            running = await mrq.EnqueueAsync("hold");
            await gate.WaitForArrivalsAsync();
            waiting = await mrq.EnqueueAsync("hold");

            var stopping = mrq.StopAsync();
            gate.Open();
            await stopping;
        }

        await using var after = await StartEngineAsync(Tasks, workers: false);
        Assert.Equal(JobStatus.Success, (await after.FindAsync(running)).Status);
        Assert.Equal(JobStatus.Queued, (await after.FindAsync(waiting)).Status);
        Assert.Equal(1, gate.Arrivals);
        Assert.Equal(WorkerStatus.Stop, (await after.WorkerAsync()).Status);
    }

    [Fact]
    public async Task Jobs_that_outlive_its_patience_are_interrupted_and_run_again_elsewhere_in_their_order()
    {
        var gate = new Gate();
        void Tasks(Hosting.MrqBuilder b) => b.AddTask<NoParams>("hold", (_, _, token) => gate.PassAsync(token));
        List<JobId> ids = [];
        await using (var mrq = await StartEngineAsync(
            Tasks, w => (w.Concurrency, w.Prefetch, w.ShutdownTimeout) = (2, 0, TimeSpan.FromMilliseconds(50))))
        {
            for (var i = 0; i < 4; i++)
            {
                ids.Add(await mrq.EnqueueAsync("hold"));
            }

            await gate.WaitForArrivalsAsync(2);
        }

        await using (var maintenance = await StartEngineAsync(Tasks, workers: false))
        {
            foreach (var id in ids)
            {
                await maintenance.WaitForAsync(id, JobStatus.Queued);
            }

            await maintenance.WaitUntilAsync(async () => await maintenance.WaitingAsync("default") == 4);
            Assert.Equal(ids, await maintenance.Queues.PeekAsync(Queues.QueueName.Default, 0, 10, Token));
            Assert.Equal("interrupt", (await maintenance.FindAsync(ids[0])).TracebackHistory.Single().ExceptionType);
        }

        gate.Open();
        await using var again = await StartEngineAsync(Tasks);
        foreach (var id in ids)
        {
            Assert.Equal(JobStatus.Success, (await again.WaitForEndAsync(id)).Status);
        }
    }

    [Fact]
    public async Task A_second_signal_interrupts_at_once()
    {
        var gate = new Gate();
        void Tasks(Hosting.MrqBuilder b) => b.AddTask<NoParams>("hold", (_, _, token) => gate.PassAsync(token));
        await using var mrq = await StartEngineAsync(Tasks, w => w.ShutdownTimeout = TimeSpan.FromHours(1));
        var id = await mrq.EnqueueAsync("hold");
        await gate.WaitForArrivalsAsync();

        var stopping = mrq.StopAsync();
        mrq.Get<WorkerShutdown>().InterruptNow();
        await stopping;

        await using var after = await StartEngineAsync(Tasks, workers: false);
        var job = await after.WaitForAsync(id, JobStatus.Queued);
        Assert.Equal("interrupt", job.TracebackHistory.Single().ExceptionType);
    }

    [Theory]
    [InlineData(StopMode.Drain)]
    [InlineData(StopMode.Interrupt)]
    public async Task It_stops_when_it_is_told_to_through_the_store(StopMode mode)
    {
        var gate = new Gate();
        await using var mrq = await StartEngineAsync(b => b.AddTask<NoParams>("hold", (_, _, token) => gate.PassAsync(token)));
        var id = await mrq.EnqueueAsync("hold");
        await gate.WaitForArrivalsAsync();
        var workers = mrq.Get<WorkerControl>();
        var worker = (await mrq.WorkerAsync()).Id;

        Assert.True(await workers.StopAsync(worker, mode, Token));
        if (mode == StopMode.Drain)
        {
            await mrq.WaitUntilAsync(async () => (await workers.FindAsync(worker, Token))!.Status == WorkerStatus.Join);
            gate.Open();
        }

        await mrq.WaitUntilAsync(async () => (await workers.FindAsync(worker, Token))!.Status == WorkerStatus.Stop);
        var expected = mode == StopMode.Drain ? JobStatus.Success : JobStatus.Queued;
        Assert.Equal(expected, (await mrq.WaitForAsync(id, expected)).Status);
    }

    [Fact]
    public async Task An_unknown_worker_cannot_be_told()
    {
        await using var mrq = await StartEngineAsync(_ => { }, workers: false);

        Assert.False(await mrq.Get<WorkerControl>().StopAsync(new WorkerId("nobody"), StopMode.Drain, Token));
    }
}

public sealed class StoppingAWorkerOnSqlite() : StoppingAWorker(StorePair.Sqlite);

public sealed class StoppingAWorkerOnRedisAndMongo() : StoppingAWorker(StorePair.RedisAndMongo);
