using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Mrq.Jobs;
using Mrq.Scheduling;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Tests.Engine;
using Mrq.Tests.Support;

namespace Mrq.Tests.Scheduling;

/// <summary>The table of docs/schedules.md: a scheduler dies right after a storage call, another takes over. And the same calls failing once.</summary>
public abstract class DyingWhileScheduling(StorePair pair) : EngineSpec(pair)
{
    private readonly RunningClock _clock = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(nameof(IJobStore.InsertAsync))]
    [InlineData(nameof(IQueueStore.EnqueueAsync))]
    [InlineData(nameof(IScheduleStore.AdvanceAsync))]
    [InlineData(nameof(IScheduleStore.ListAsync))]
    [InlineData(nameof(ICoordination.TryLeadAsync))]
    public async Task No_occurrence_is_lost_and_none_comes_twice(string call)
    {
        var faults = new FaultyStores(call, isFatal: true, isArmed: false);
        var victim = await StartAsync(faults);
        await victim.WaitUntilAsync(async () => (await JobsAsync(victim)).Count >= 2);
        await using var survivor = await StartAsync(faults: null);

        faults.Arm();
        await faults.Struck.Task.WaitAsync(TestEngine.Patience, Token);
        var before = await JobsAsync(survivor);
        // The dead one's term ends.
        _clock.Skip(LeaderTermIsOver);

        await AssertEachOnceAsync(survivor, before.Count + 5);
        victim.Abandon();
    }

    [Theory]
    [InlineData(nameof(IJobStore.InsertAsync))]
    [InlineData(nameof(IQueueStore.EnqueueAsync))]
    [InlineData(nameof(IScheduleStore.AdvanceAsync))]
    [InlineData(nameof(IScheduleStore.ListAsync))]
    [InlineData(nameof(ICoordination.TryLeadAsync))]
    public async Task A_call_that_fails_once_costs_time_and_no_occurrence(string call)
    {
        var faults = new FaultyStores(call, isFatal: false, isArmed: false);
        await using var engine = await StartAsync(faults);
        await engine.WaitUntilAsync(async () => (await JobsAsync(engine)).Count >= 2);

        faults.Arm();
        await faults.Struck.Task.WaitAsync(TestEngine.Patience, Token);
        _clock.Skip(LeaderTermIsOver);

        await AssertEachOnceAsync(engine, 5);
    }

    [Fact]
    public async Task A_job_that_is_run_now_is_accepted_also_when_its_schedule_cannot_note_it()
    {
        var faults = new FaultyStores(nameof(IScheduleStore.ReplaceAsync), isFatal: false);
        await using var engine = await StartAsync(faults);
        var entry = Assert.Single(await engine.Get<IScheduleStore>().ListAsync(Token));

        var job = await engine.Get<ScheduleControl>().RunNowAsync(entry.Id, Token);

        Assert.True(faults.Struck.Task.IsCompleted);
        Assert.Contains(await JobsAsync(engine), stored => stored.Id == job);
    }

    private static TimeSpan LeaderTermIsOver => TimeSpan.FromSeconds(8);

    private Task<TestEngine> StartAsync(FaultyStores? faults) => StartEngineAsync(
        mrq =>
        {
            mrq.Services.AddSingleton<TimeProvider>(_clock);
            mrq.Configure(o => o.LostJobGrace = TimeSpan.FromSeconds(1));
            mrq.AddTask<NoParams>("plain", (_, _, _) => Task.CompletedTask);
            mrq.AddSchedule(new Schedule { Path = "plain", Interval = TimeSpan.FromSeconds(1), Misfire = Misfire.RunAll });
            faults?.Decorate(mrq.Services);
        },
        workers: false);

    /// <summary>Waits for so many jobs at least, then sees that there is one for each second without a gap, and that each waits in the queue.</summary>
    private static async Task AssertEachOnceAsync(TestEngine engine, int least)
    {
        await engine.WaitUntilAsync(async () => (await JobsAsync(engine)).Count >= least);
        await engine.WaitUntilAsync(async () => await engine.WaitingAsync("default") == (await JobsAsync(engine)).Count);
        var times = (await JobsAsync(engine))
            .Select(job => DateTime.Parse(job.IdempotencyKey!.Split(':', 3)[2], CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal)).Order().ToList();
        Assert.Equal(Enumerable.Range(0, times.Count).Select(i => times[0].AddSeconds(i)), times);
    }

    private static async Task<IReadOnlyList<Job>> JobsAsync(TestEngine engine) =>
        (await engine.Queries.FindAsync(new JobFilter(), new JobPageRequest(Limit: 500, WithPayload: true), Token)).Jobs;
}

public sealed class DyingWhileSchedulingOnSqlite() : DyingWhileScheduling(StorePair.Sqlite);

public sealed class DyingWhileSchedulingOnRedisAndMongo() : DyingWhileScheduling(StorePair.RedisAndMongo);
