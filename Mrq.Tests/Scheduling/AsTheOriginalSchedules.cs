using Microsoft.Extensions.DependencyInjection;
using Mrq.Jobs;
using Mrq.Scheduling;
using Mrq.Tests.Engine;
using Mrq.Tests.Support;

namespace Mrq.Tests.Scheduling;

/// <summary>The specs of the original's scheduler (test_scheduler.py).</summary>
public abstract class AsTheOriginalSchedules(StorePair pair) : EngineSpec(pair)
{
    private static readonly TimeSpan OneHour = TimeSpan.FromHours(1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Four_intervals_are_queued_once_each_in_spite_of_five_schedulers()
    {
        var clock = new RunningClock();
        var engines = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => StartAsync(clock, 1, 2, 3, 4)));

        await AssertQueuedAsync(engines[0], each: 1);
        clock.Skip(OneHour);
        await AssertQueuedAsync(engines[0], each: 2);

        // Whoever leads next finds nothing left to do.
        foreach (var engine in engines[1..])
        {
            await engine.StopAsync();
        }

        clock.Skip(OneHour);
        await AssertQueuedAsync(engines[0], each: 3);
        foreach (var engine in engines)
        {
            await engine.DisposeAsync();
        }
    }

    [Fact]
    public async Task Of_a_changed_configuration_only_the_changed_entries_are_replaced_and_run()
    {
        var clock = new RunningClock();
        await using (var before = await StartAsync(clock, 1, 2, 3, 4))
        {
            await AssertQueuedAsync(before, each: 1);
        }

        await using var after = await StartAsync(clock, 1, 12, 13, 14);

        await after.WaitUntilAsync(async () => (await ParamsAsync(after)).Count == 7);
        Assert.Equal([1, 2, 3, 4, 12, 13, 14], await ParamsAsync(after));
    }

    [Fact]
    public async Task A_time_of_day_comes_not_before_its_time_and_once_a_day_also_after_a_restart()
    {
        var clock = new FakeClock();
        Schedule[] schedules =
        [
            new() { Path = "add", Params = """{"a":1,"b":1}""", DailyTime = new TimeOnly(12, 0, 5) },
            new() { Path = "add", Params = """{"a":2,"b":2}""", DailyTime = new TimeOnly(12, 0, 5) },
            new() { Path = "add", Params = """{"a":3,"b":3}""", DailyTime = new TimeOnly(11, 59) },
        ];

        Assert.Equal(0, await RestartAsync(clock, schedules));
        clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(0, await RestartAsync(clock, schedules));
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(2, await RestartAsync(clock, schedules));
        clock.Advance(TimeSpan.FromHours(11));
        Assert.Equal(2, await RestartAsync(clock, schedules));
        clock.Advance(TimeSpan.FromHours(12.99));
        Assert.Equal(3, await RestartAsync(clock, schedules));
        clock.Advance(TimeSpan.FromHours(0.02));
        Assert.Equal(5, await RestartAsync(clock, schedules));
    }

    [Fact]
    public async Task What_was_last_queued_yesterday_runs_today()
    {
        var clock = new FakeClock();
        var schedule = new Schedule { Path = "plain", DailyTime = new TimeOnly(11, 0) };
        await RestartAsync(clock, schedule);
        await using (var bench = await ScheduleBench.OpenAsync(Stores, clock))
        {
            await bench.Store.ReplaceAsync((await bench.EntryAsync()) with { HandledUntil = clock.GetUtcNow().AddDays(-1) }, Token);
        }

        Assert.Equal(1, await RestartAsync(clock, schedule));
        Assert.Equal(1, await RestartAsync(clock, schedule));
    }

    [Theory]
    [InlineData(DayOfWeek.Sunday, null, 1)]
    [InlineData(DayOfWeek.Monday, null, 0)]
    [InlineData(null, 1, 1)]
    [InlineData(null, 2, 0)]
    public async Task A_day_of_the_week_or_of_the_month_comes_on_that_day_only(DayOfWeek? weekday, int? monthDay, int expected)
    {
        // Noon of Sunday, 1 March.
        var clock = new FakeClock();
        var schedule = new Schedule { Path = "plain", DailyTime = new TimeOnly(12, 0, 5), Weekday = weekday, MonthDay = monthDay };
        Assert.Equal(0, await RestartAsync(clock, schedule));

        clock.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(expected, await RestartAsync(clock, schedule));
    }

    /// <summary>A process starts, does one round and ends. Answers how many jobs there are then.</summary>
    private async Task<int> RestartAsync(FakeClock clock, params Schedule[] schedules)
    {
        await using var bench = await ScheduleBench.OpenAsync(Stores, clock, mrq => Array.ForEach(schedules, s => mrq.AddSchedule(s)));
        await bench.SyncAsync();
        await bench.RunAsync();
        return await bench.CountAsync();
    }

    private Task<TestEngine> StartAsync(RunningClock clock, params int[] numbers) => TestEngine.StartAsync(
        mrq =>
        {
            mrq.Services.AddSingleton<TimeProvider>(clock);
            mrq.AddTask<TestTasks.AddParams>("add", (_, _, _) => Task.CompletedTask);
            foreach (var number in numbers)
            {
                mrq.AddSchedule(new Schedule { Path = "add", Params = $$"""{"a":{{number}},"b":0}""", Interval = OneHour });
            }
        },
        workers: false,
        stores: Stores);

    private static async Task AssertQueuedAsync(TestEngine engine, int each)
    {
        int[] expected = [.. Enumerable.Range(1, 4).SelectMany(number => Enumerable.Repeat(number, each))];
        await engine.WaitUntilAsync(async () => (await ParamsAsync(engine)).Count >= expected.Length);
        Assert.Equal(expected, await ParamsAsync(engine));
    }

    /// <summary>What tells the jobs of the schedules apart, in order.</summary>
    private static async Task<IReadOnlyList<int>> ParamsAsync(TestEngine engine) =>
    [
        .. (await engine.Queries.FindAsync(new JobFilter { Path = "add" }, new JobPageRequest(Limit: 100), Token)).Jobs
            .Select(job => System.Text.Json.JsonElement.Parse(job.Params).GetProperty("a").GetInt32()).Order(),
    ];
}

public sealed class AsTheOriginalSchedulesOnSqlite() : AsTheOriginalSchedules(StorePair.Sqlite);

public sealed class AsTheOriginalSchedulesOnRedisAndMongo() : AsTheOriginalSchedules(StorePair.RedisAndMongo);
