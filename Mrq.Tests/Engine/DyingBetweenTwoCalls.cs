using Microsoft.Extensions.Logging;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Engine;

/// <summary>Each line of docs/crash-points.md: a process dies right after a storage call, another one is there. And the same calls failing once.</summary>
public abstract class DyingBetweenTwoCalls(StorePair pair) : EngineSpec(pair)
{
    private const int Jobs = 20;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(nameof(IJobStore.InsertAsync))]
    [InlineData(nameof(IQueueStore.EnqueueAsync))]
    [InlineData(nameof(IQueueStore.DequeueAsync))]
    [InlineData(nameof(IJobStore.StartAsync))]
    [InlineData(nameof(IQueueStore.ForgetStartedAsync))]
    [InlineData(nameof(IJobStore.CompleteAsync))]
    [InlineData(nameof(IWorkerStore.ReportAsync))]
    public Task No_job_is_lost_and_each_ends_once(string call) => DieAsync(call, _ => { });

    [Theory]
    [InlineData(nameof(IQueueStore.EnqueueAsync))]
    [InlineData(nameof(IQueueStore.PeekAsync))]
    [InlineData(nameof(IQueueStore.DequeueAsync))]
    [InlineData(nameof(IJobStore.StartAsync))]
    [InlineData(nameof(IQueueStore.ForgetStartedAsync))]
    public Task Nor_by_workers_that_do_not_run_all_tasks(string call) => DieAsync(call, w => w.TaskBlacklist = ["another"]);

    private async Task DieAsync(string call, Action<WorkerOptions> worker)
    {
        var faults = new FaultyStores(call, isFatal: true);
        await using var survivor = await StartEngineAsync(b => Configure(b, null), worker);
        // Its end is never told to anyone: it is not stopped, and what it still tries fails.
        var victim = await StartEngineAsync(b => Configure(b, faults), worker);
        var accepted = await EnqueueAsync(victim);
        while (await Task.WhenAny(faults.Struck.Task, EndAsync(survivor, accepted)) != faults.Struck.Task && !faults.Struck.Task.IsCompleted)
        {
            // The survivor was quicker at all of them: one more time.
            accepted.AddRange(await EnqueueAsync(victim));
        }

        var later = await EnqueueAsync(survivor);

        await EndAsync(survivor, [.. accepted, .. later]);
        await AssertEachEndedOnceAsync(survivor);
        victim.Abandon();
    }

    [Theory]
    [InlineData(JobAction.Requeue)]
    [InlineData(JobAction.Cancel)]
    public async Task An_action_of_a_person_is_not_lost_between_the_document_and_its_queue(JobAction action)
    {
        await using var survivor = await StartEngineAsync(b => Configure(b, null));
        var id = await survivor.EnqueueAsync("plain", with: r => r with { Queue = new QueueName("parked") });
        var faults = new FaultyStores(nameof(IJobStore.TransitionAsync), isFatal: true);
        var victim = await StartEngineAsync(b => Configure(b, faults), workers: false);

        await Assert.ThrowsAsync<StorageUnavailableException>(() => victim.Control.ApplyAsync(action, [id], QueueName.Default, Token));

        var expected = action == JobAction.Requeue ? JobStatus.Success : JobStatus.Cancel;
        Assert.Equal(expected, (await survivor.WaitForAsync(id, expected)).Status);
        victim.Abandon();
    }

    [Theory]
    [InlineData(nameof(IQueueStore.EnqueueAsync))]
    [InlineData(nameof(IQueueStore.DequeueAsync))]
    [InlineData(nameof(IJobStore.StartAsync))]
    [InlineData(nameof(IQueueStore.ForgetStartedAsync))]
    [InlineData(nameof(IJobStore.CompleteAsync))]
    [InlineData(nameof(IJobStore.TransitionAsync))]
    [InlineData(nameof(IWorkerStore.ReportAsync))]
    [InlineData(nameof(IJobLogStore.AppendAsync))]
    [InlineData(nameof(ICoordination.TryEnterAsync))]
    [InlineData(nameof(ICoordination.TryLeadAsync))]
    public async Task A_call_that_fails_once_costs_time_and_no_job(string call)
    {
        var faults = new FaultyStores(call, isFatal: false);
        await using var mrq = await StartEngineAsync(b => Configure(b, faults));

        foreach (var id in await EnqueueAsync(mrq))
        {
            Assert.Equal(JobStatus.Success, (await mrq.WaitForEndAsync(id)).Status);
        }

        await faults.Struck.Task.WaitAsync(TestEngine.Patience, Token);
    }

    private static void Configure(MrqBuilder mrq, FaultyStores? faults)
    {
        mrq.Configure(o => o.LostJobGrace = TimeSpan.FromSeconds(1));
        mrq.AddTask<NoParams>("plain", (_, _, _) => Task.CompletedTask);
        mrq.AddTask<NoParams>("limited", (_, _, _) => Task.CompletedTask, new TaskOptions { MaxConcurrency = 1000 });
        mrq.AddTask<NoParams>("twice", (_, context, _) =>
        {
            context.Logger.Log(LogLevel.Information, default, "here", null, static (text, _) => text);
            if (context.Job.RetryCount == 0)
            {
                context.Retry(TimeSpan.FromMilliseconds(10));
            }

            return Task.CompletedTask;
        });
        faults?.Decorate(mrq.Services);
    }

    /// <summary>The jobs whose enqueueing was answered: those are what must not be lost.</summary>
    private static async Task EndAsync(TestEngine mrq, IReadOnlyList<JobId> jobs)
    {
        foreach (var id in jobs)
        {
            Assert.Equal(JobStatus.Success, (await mrq.WaitForEndAsync(id)).Status);
        }
    }

    private static async Task<List<JobId>> EnqueueAsync(TestEngine mrq)
    {
        var accepted = new List<JobId>();
        foreach (var path in (string[])["plain", "limited", "twice"])
        {
            try
            {
                var requests = Enumerable.Range(0, Jobs).Select(_ => new JobRequest { Path = path }).ToList();
                accepted.AddRange((await mrq.Client.EnqueueManyAsync(requests, Token)).Select(e => e.Id));
            }
            catch (StorageUnavailableException)
            {
                // Not answered, so not accepted.
            }
        }

        return accepted;
    }

    /// <summary>Every job that is there has ended, and the counter of ends, which counts each end that was recorded, has no more than these.</summary>
    private static async Task AssertEachEndedOnceAsync(TestEngine mrq)
    {
        await mrq.WaitUntilAsync(async () => (await mrq.Queries.CountsAsync(Token)).Where(c => JobStatuses.Live.Contains(c.Status)).Sum(c => c.Count) == 0);
        var rates = await mrq.Queries.RatesAsync(TimeProvider.System.GetUtcNow().AddHours(-1), TimeSpan.FromHours(1), Token);
        Assert.Equal(
            (await mrq.Queries.CountsAsync(Token)).Sum(c => c.Count),
            rates.Where(r => r.Status == JobStatus.Success).Sum(r => r.Count));
    }
}

public sealed class DyingBetweenTwoCallsOnSqlite() : DyingBetweenTwoCalls(StorePair.Sqlite);

public sealed class DyingBetweenTwoCallsOnRedisAndMongo() : DyingBetweenTwoCalls(StorePair.RedisAndMongo);
