using Microsoft.Extensions.Options;
using Mrq.Queues;
using Mrq.Scheduling;
using Mrq.Tests.Engine;
using Mrq.Tests.Support;

namespace Mrq.Tests.Scheduling;

public abstract class SchedulesOfTheConfiguration(StorePair pair) : EngineSpec(pair)
{
    private readonly FakeClock _clock = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_field_is_read()
    {
        await using var bench = await OpenAsync("""
            { "path": "add", "params": { "a": 1, "b": -2 }, "interval": 1.5, "queue": "math", "misfire": "run_all", "misfire_limit": 7 },
            { "name": "Sums", "path": "add", "params": "{\"a\": 1, \"b\": 2}", "DailyTime": "7:30", "weekday": "Mon", "timezone": "Europe/Berlin", "misfire": "skip" },
            { "path": "plain", "dailytime": "23:59:30", "monthday": 31, "weekday": 6 },
            { "path": "plain", "cron": "*/5 * * * *" }
            """);

        Assert.Equal(
            [
                new Schedule { Path = "add", Params = """{"a":1,"b":-2}""", Interval = TimeSpan.FromSeconds(1.5), Queue = new QueueName("math"), Misfire = Misfire.RunAll, MisfireLimit = 7 },
                new Schedule { Name = "Sums", Path = "add", Params = """{"a": 1, "b": 2}""", DailyTime = new TimeOnly(7, 30), Weekday = DayOfWeek.Monday, TimeZone = "Europe/Berlin", Misfire = Misfire.Skip },
                new Schedule { Path = "plain", DailyTime = new TimeOnly(23, 59, 30), MonthDay = 31, Weekday = DayOfWeek.Sunday },
                new Schedule { Path = "plain", Cron = "*/5 * * * *" },
            ],
            bench.Get<ConfiguredSchedules>().All?.Select(c => c.Schedule));
        Assert.True(bench.Get<IOptions<SchedulerOptions>>().Value.Enabled);
    }

    [Fact]
    public async Task Params_keep_their_types()
    {
        await using var bench = await OpenAsync("""
            { "path": "plain", "interval": 5, "params": { "n": 1.50, "t": "x", "f": true, "z": "007", "e": "", "o": { "l": [1, [2], "three"] } } }
            """);

        Assert.Equal(
            """{"e":"","f":true,"n":1.50,"o":{"l":[1,[2],"three"]},"t":"x","z":"007"}""",
            Assert.Single(bench.Get<ConfiguredSchedules>().All!).Schedule.Params);
    }

    [Fact]
    public async Task An_object_of_schedules_names_them()
    {
        await using var bench = await ScheduleBench.OpenAsync(Stores, _clock, config: """{ "Mrq": { "Schedules": { "nightly": { "path": "plain", "dailytime": "02:30" } } } }""");

        Assert.Equal("nightly", Assert.Single(bench.Get<ConfiguredSchedules>().All!).Schedule.Name);
    }

    [Fact]
    public async Task Everything_that_is_wrong_is_named_at_once()
    {
        await using var bench = await OpenAsync("""
            { "path": "plain", "weekday": 1, "interval": 5 },
            { "path": "plain", "monthday": 1, "interval": 5 },
            { "path": "plain" },
            { "path": "plain", "interval": 7 },
            { "path": "plain", "interval": 7.0, "params": {} },
            { "path": "plian", "interval": 5 },
            { "interval": 0 },
            { "path": "add", "params": { "a": "x" }, "cron": "61 * * * *", "timezone": "Mars/Olympus" },
            { "path": "plain", "dailytime": "25:00", "weekday": "someday", "monthday": 32, "misfire": "never", "misfire_limit": 0, "queue": "a b", "intervall": 5 },
            "text"
            """);

        var failures = Assert.Throws<OptionsValidationException>(() => bench.Get<IOptions<SchedulerOptions>>().Value).Failures.ToList();

        string[] expected =
        [
            "Schedules:0: weekday: needs a dailytime.",
            "Schedules:1: monthday: needs a dailytime.",
            "Schedules:2: interval: give exactly one of",
            "Schedules:4: says the same as Schedules:3.",
            "Schedules:5: path: this process has no task 'plian'. Did you mean 'plain'?",
            "Schedules:6: path: is required",
            "Schedules:6: interval: must be 1 to",
            "Schedules:7: cron: minute '61'",
            "Schedules:7: timezone: 'Mars/Olympus'",
            "Schedules:7: params.b:",
            "Schedules:8: dailytime: '25:00' is not a time of day",
            "Schedules:8: weekday: 'someday' is not a day",
            "Schedules:8: monthday: must be 1 to 31.",
            "Schedules:8: misfire: 'never' must be run_once, skip or run_all.",
            "Schedules:8: misfire_limit: must be 1 to 1,000.",
            "Schedules:8: queue:",
            "Schedules:8: intervall: is not a field of a schedule.",
            "Schedules:9: entry: must be an object",
        ];
        Assert.All(expected, start => Assert.Contains(failures, failure => failure.StartsWith(start, StringComparison.Ordinal)));
        Assert.DoesNotContain(failures, failure => failure.StartsWith("Schedules:3", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\"interval\": \"often\"", "Schedules:0: interval: 'often' must be a number of seconds.")]
    [InlineData("\"dailytime\": \"25:00\", \"weekday\": 1", "Schedules:0: dailytime: '25:00' is not a time of day")]
    public async Task A_time_that_cannot_be_read_is_one_error_and_not_also_a_missing_time(string time, string error)
    {
        await using var bench = await OpenAsync($$"""{ "path": "plain", {{time}} }""");

        var failures = Assert.Throws<OptionsValidationException>(() => bench.Get<IOptions<SchedulerOptions>>().Value).Failures;

        Assert.StartsWith(error, Assert.Single(failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Changed_entries_are_replaced_and_the_others_stay_as_they_are()
    {
        await using (var before = await OpenAsync("""
            { "path": "plain", "interval": 60 }, { "path": "plain", "interval": 61 }, { "path": "add", "params": { "a": 1, "b": 2 }, "dailytime": "13:00" }, { "path": "other", "interval": 60 }
            """))
        {
            await before.SyncAsync();
            await before.RunAsync();
            await before.Control.AddAsync(new Schedule { Path = "plain", Cron = "@daily" }, Token);
            Assert.Equal((5, 3), ((await before.Store.ListAsync(Token)).Count, await before.CountAsync()));
        }

        _clock.Advance(TimeSpan.FromSeconds(30));
        await using var after = await OpenAsync("""
            { "interval": 60, "path": "plain" }, { "path": "plain", "interval": 62 }, { "path": "add", "params": { "b": 3, "a": 1 }, "dailytime": "13:00" }, { "path": "other", "interval": 60, "queue": "slow" }
            """);
        var kept = await after.Store.ListAsync(Token);
        await after.SyncAsync();
        await after.RunAsync();

        var entries = await after.Store.ListAsync(Token);
        Assert.Equal([kept[0], kept[4]], entries.Intersect(kept));
        Assert.Equal(5, entries.Count);
        // The two new intervals at once; the daily one waits for its time; the one that stayed is not due.
        Assert.Equal([("other", "slow"), ("plain", "default")], (await after.JobsAsync()).Skip(3).Select(job => (job.Path, job.Queue.Value)).Order());
    }

    [Fact]
    public async Task Who_says_nothing_of_schedules_leaves_those_of_others()
    {
        await using var bench = await OpenAsync("""{ "path": "plain", "interval": 60 }""");
        await bench.SyncAsync();

        await using (var silent = await ScheduleBench.OpenAsync(Stores, _clock, config: """{ "Mrq": { } }"""))
        {
            await silent.SyncAsync();
            Assert.Single(await silent.Store.ListAsync(Token));
        }

        await using var none = await OpenAsync("");
        await none.SyncAsync();
        Assert.Empty(await none.Store.ListAsync(Token));
    }

    [Fact]
    public async Task Schedules_of_CSharp_are_part_of_the_configuration()
    {
        await using var bench = await ScheduleBench.OpenAsync(
            Stores, _clock, mrq => mrq.AddSchedule(new Schedule { Path = "plain", Cron = "@daily" }), """{ "Mrq": { "Schedules": [{ "path": "plain", "interval": 60 }] } }""");
        await bench.SyncAsync();

        var entries = await bench.Store.ListAsync(Token);
        Assert.Equal(["@daily", null], entries.Select(e => e.Schedule.Cron));
        Assert.All(entries, entry => Assert.Equal(ScheduleOrigin.Config, entry.Origin));
        Assert.Equal(ScheduleChange.FromConfiguration, await bench.Control.DeleteAsync(entries[0].Id, Token));
        Assert.Equal(ScheduleChange.FromConfiguration, await bench.Control.ChangeAsync(entries[0].Id, entries[0].Schedule with { Cron = "@hourly" }, Token));
        Assert.Equal(ScheduleChange.Done, await bench.Control.SetPausedAsync(entries[0].Id, paused: true, Token));
    }

    [Fact]
    public async Task Many_that_start_at_once_bring_one_of_each()
    {
        const string Config = """{ "path": "plain", "interval": 60 }, { "path": "plain", "interval": 61 }, { "path": "plain", "interval": 62 }""";
        var benches = new List<ScheduleBench>();
        for (var i = 0; i < 5; i++)
        {
            benches.Add(await OpenAsync(Config));
        }

        await Task.WhenAll(benches.Select(bench => bench.SyncAsync()));

        Assert.Equal(3, (await benches[0].Store.ListAsync(Token)).Count);
        foreach (var bench in benches)
        {
            await bench.DisposeAsync();
        }
    }

    private Task<ScheduleBench> OpenAsync(string schedules) => ScheduleBench.OpenAsync(Stores, _clock, config: $$"""{ "Mrq": { "Schedules": [{{schedules}}] } }""");
}

public sealed class SchedulesOfTheConfigurationOnSqlite() : SchedulesOfTheConfiguration(StorePair.Sqlite);

public sealed class SchedulesOfTheConfigurationOnRedisAndMongo() : SchedulesOfTheConfiguration(StorePair.RedisAndMongo);
