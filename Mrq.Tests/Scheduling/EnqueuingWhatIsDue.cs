using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Scheduling;
using Mrq.Storage;
using Mrq.Tests.Engine;
using Mrq.Tests.Support;

namespace Mrq.Tests.Scheduling;

/// <summary>How an occurrence becomes a job: docs/schedules.md.</summary>
public abstract class EnqueuingWhatIsDue(StorePair pair) : EngineSpec(pair)
{
    private readonly FakeClock _clock = new();
    private ScheduleBench? _bench;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private ScheduleBench Bench => _bench ?? throw new InvalidOperationException("The test has not begun.");

    private DateTimeOffset Now => _clock.GetUtcNow();

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _bench = await ScheduleBench.OpenAsync(Stores, _clock);
    }

    public override async ValueTask DisposeAsync()
    {
        await Bench.DisposeAsync();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task An_occurrence_is_a_job_with_what_the_schedule_says()
    {
        var entry = await AddAsync(new Schedule { Path = "add", Params = """{"a":1,"b":2}""", Queue = new QueueName("math"), Interval = TimeSpan.FromMinutes(5) });

        await Bench.RunAsync();

        var job = Assert.Single(await Bench.JobsAsync());
        Assert.Equal(("add", """{"a":1,"b":2}""", new QueueName("math"), JobStatus.Queued), (job.Path, job.Params, job.Queue, job.Status));
        Assert.Equal([$"schedule:{entry.Id}"], job.Tags);
        Assert.Equal($"schedule:{entry.Id}:2026-03-01T12:00:00.000Z", Assert.Single(await Bench.Get<IJobQueries>().GetAsync([job.Id], withPayload: true, Token)).IdempotencyKey);
        Assert.Equal(1, (await Bench.Get<IQueueStore>().ListAsync(Token)).Single().Size);
        var moved = await Bench.EntryAsync();
        Assert.Equal((Now, Now, job.Id, 1, 1), (moved.HandledUntil, moved.LastRun, moved.LastJob, moved.Version, moved.Fence));
    }

    [Fact]
    public async Task It_comes_once_however_often_one_looks()
    {
        await AddAsync(new Schedule { Path = "plain", Interval = TimeSpan.FromMinutes(5) });
        await Bench.RunAsync();
        await Bench.RunAsync();

        _clock.Advance(TimeSpan.FromMinutes(4.9));
        await Bench.RunAsync();
        Assert.Equal(1, await Bench.CountAsync());

        _clock.Advance(TimeSpan.FromMinutes(0.2));
        await Bench.RunAsync();
        await Bench.RunAsync();
        Assert.Equal(2, await Bench.CountAsync());
        Assert.Equal(Now.AddMinutes(-0.1), (await Bench.EntryAsync()).HandledUntil);
    }

    [Fact]
    public async Task A_scheduler_that_died_before_it_moved_the_entry_on_is_followed_without_a_second_job()
    {
        var entry = await AddAsync(new Schedule { Path = "plain", Interval = TimeSpan.FromMinutes(5) });
        await Bench.RunAsync();
        var job = Assert.Single(await Bench.JobsAsync());
        // The entry as it was before.
        Assert.Equal(ScheduleWrite.Done, await Bench.Store.ReplaceAsync((await Bench.EntryAsync()) with { HandledUntil = null, LastJob = null, LastRun = null }, Token));
        _clock.Advance(TimeSpan.FromSeconds(7));

        await Bench.RunAsync(fence: 2);

        Assert.Equal(job.Id, Assert.Single(await Bench.JobsAsync()).Id);
        Assert.Equal((entry.Created, job.Id), ((await Bench.EntryAsync()).HandledUntil, (await Bench.EntryAsync()).LastJob));
    }

    [Fact]
    public async Task Schedulers_that_do_it_at_once_make_one_job()
    {
        var entry = await AddAsync(new Schedule { Path = "plain", Interval = TimeSpan.FromMinutes(5) });
        Assert.True(Occurrences.TryMake(entry.Schedule, out var occurrences, out _));
        await using var other = await ScheduleBench.OpenAsync(Stores, _clock);

        var moved = await Task.WhenAll(Enumerable.Range(1, 8).Select(fence =>
            (fence % 2 == 0 ? Bench : other).Get<DueSchedules>().RunAsync(entry, occurrences, fence, Token)));

        Assert.Single(moved, e => e is not null);
        Assert.Equal(1, await Bench.CountAsync());
    }

    [Fact]
    public async Task A_leader_of_an_older_term_moves_nothing_on()
    {
        var entry = await AddAsync(new Schedule { Path = "plain", Interval = TimeSpan.FromMinutes(5) });
        await Bench.RunAsync(fence: 7);
        _clock.Advance(TimeSpan.FromMinutes(5));
        Assert.True(Occurrences.TryMake(entry.Schedule, out var occurrences, out _));

        Assert.Null(await Bench.Get<DueSchedules>().RunAsync(await Bench.EntryAsync(), occurrences, fence: 6, Token));
        await Bench.RunAsync(fence: 7);

        Assert.Equal(2, await Bench.CountAsync());
    }

    [Fact]
    public async Task After_a_time_away_the_latest_is_run()
    {
        await AddAsync(new Schedule { Path = "plain", Cron = "*/5 * * * *" });
        _clock.Advance(TimeSpan.FromMinutes(63));

        await Bench.RunAsync();

        Assert.Single(await Bench.JobsAsync());
        Assert.Equal(Now.AddMinutes(-3), (await Bench.EntryAsync()).HandledUntil);
    }

    [Fact]
    public async Task Skip_runs_the_latest_while_it_is_fresh()
    {
        await AddAsync(new Schedule { Path = "plain", Cron = "*/5 * * * *", Misfire = Misfire.Skip });
        _clock.Advance(TimeSpan.FromMinutes(62));
        await Bench.RunAsync();
        Assert.Equal((0, Now.AddMinutes(-2)), (await Bench.CountAsync(), (await Bench.EntryAsync()).HandledUntil));

        _clock.Advance(TimeSpan.FromMinutes(4));
        await Bench.RunAsync();
        Assert.Equal((1, Now.AddMinutes(-1)), (await Bench.CountAsync(), (await Bench.EntryAsync()).HandledUntil));
    }

    [Fact]
    public async Task Run_all_makes_up_for_the_last_ones_oldest_first()
    {
        await AddAsync(new Schedule { Path = "plain", Cron = "*/5 * * * *", Misfire = Misfire.RunAll, MisfireLimit = 3 });
        _clock.Advance(TimeSpan.FromMinutes(63));

        await Bench.RunAsync();

        var jobs = await Bench.Get<IJobQueries>().GetAsync([.. (await Bench.JobsAsync()).Select(job => job.Id)], withPayload: true, Token);
        Assert.Equal(["12:50", "12:55", "13:00"], jobs.OrderBy(job => job.Id).Select(job => job.IdempotencyKey!.Split('T')[1][..5]));
        Assert.Equal(jobs.Max(job => job.Id), (await Bench.EntryAsync()).LastJob);
    }

    [Fact]
    public async Task A_job_is_kept_for_an_hour_at_least_so_that_its_key_holds()
    {
        await AddAsync(new Schedule { Path = "brief", Interval = TimeSpan.FromMinutes(5) });
        await AddAsync(new Schedule { Path = "plain", Interval = TimeSpan.FromMinutes(5) });

        await Bench.RunAsync();

        Assert.Equal([("brief", TimeSpan.FromHours(1)), ("plain", default(TimeSpan?))], (await Bench.JobsAsync()).Select(job => (job.Path, job.ResultTtl)));
    }

    [Fact]
    public async Task Params_that_no_longer_bind_are_shown_and_the_next_time_is_tried()
    {
        var entry = await AddAsync(new Schedule { Path = "add", Params = """{"a":1,"b":2}""", Interval = TimeSpan.FromMinutes(5) });
        await Bench.Store.ReplaceAsync(entry with { Schedule = entry.Schedule with { Params = """{"a":"x"}""" } }, Token);

        await Bench.RunAsync();

        Assert.Empty(await Bench.JobsAsync());
        var moved = await Bench.EntryAsync();
        Assert.Contains("params.b", moved.LastError, StringComparison.Ordinal);
        Assert.Equal(Now, moved.HandledUntil);
        await Bench.Store.ReplaceAsync(moved with { Schedule = entry.Schedule }, Token);
        _clock.Advance(TimeSpan.FromMinutes(5));
        await Bench.RunAsync();
        Assert.Null((await Bench.EntryAsync()).LastError);
        Assert.Equal(1, await Bench.CountAsync());
    }

    [Fact]
    public async Task A_clock_that_steps_back_repeats_nothing()
    {
        await AddAsync(new Schedule { Path = "plain", Cron = "*/5 * * * *" });
        _clock.Advance(TimeSpan.FromMinutes(5));
        await Bench.RunAsync();

        _clock.SetUtcNow(Now.AddHours(-1));
        await Bench.RunAsync();
        _clock.Advance(TimeSpan.FromHours(1));
        await Bench.RunAsync();

        Assert.Equal(1, await Bench.CountAsync());
    }

    [Fact]
    public async Task What_came_while_paused_does_not_come_later()
    {
        var entry = await AddAsync(new Schedule { Path = "plain", Cron = "*/5 * * * *", Misfire = Misfire.RunAll });
        Assert.Equal(ScheduleChange.Done, await Bench.Control.SetPausedAsync(entry.Id, paused: true, Token));
        Assert.Null((await Bench.Control.FindAsync(entry.Id, Token))?.Next);
        _clock.Advance(TimeSpan.FromHours(1));
        await Bench.RunAsync();

        await Bench.Control.SetPausedAsync(entry.Id, paused: false, Token);
        await Bench.RunAsync();
        Assert.Equal((0, Now.AddMinutes(5)), (await Bench.CountAsync(), (await Bench.Control.FindAsync(entry.Id, Token))?.Next));

        _clock.Advance(TimeSpan.FromMinutes(5));
        await Bench.RunAsync();
        Assert.Equal(1, await Bench.CountAsync());
    }

    [Fact]
    public async Task Run_now_is_a_job_more_and_moves_no_time()
    {
        var entry = await AddAsync(new Schedule { Path = "plain", Cron = "*/5 * * * *" });

        var job = await Bench.Control.RunNowAsync(entry.Id, Token);

        var after = await Bench.EntryAsync();
        Assert.Equal((job, Now, null), (after.LastJob, after.LastRun, after.HandledUntil));
        Assert.Equal(Now.AddMinutes(5), (await Bench.Control.FindAsync(entry.Id, Token))?.Next);
        Assert.Equal([$"schedule:{entry.Id}"], Assert.Single(await Bench.JobsAsync()).Tags);
    }

    [Fact]
    public async Task A_changed_schedule_counts_from_now()
    {
        var entry = await AddAsync(new Schedule { Path = "plain", DailyTime = new TimeOnly(13, 0) });
        _clock.Advance(TimeSpan.FromHours(2));

        Assert.Equal(ScheduleChange.Done, await Bench.Control.ChangeAsync(entry.Id, new Schedule { Path = "other", DailyTime = new TimeOnly(13, 30) }, Token));
        await Bench.RunAsync();

        Assert.Equal(0, await Bench.CountAsync());
        Assert.Equal(new DateTimeOffset(2026, 3, 2, 13, 30, 0, TimeSpan.Zero), (await Bench.Control.FindAsync(entry.Id, Token))?.Next);
    }

    [Fact]
    public async Task The_same_content_is_not_added_twice()
    {
        var schedule = new Schedule { Path = "add", Params = """{"a":1,"b":2}""", Cron = "@daily" };
        await AddAsync(schedule);
        var other = await AddAsync(schedule with { Cron = "@hourly" });

        Assert.Null(await Bench.Control.AddAsync(schedule with { Params = """{ "b": 2, "a": 1 }""" }, Token));
        Assert.Equal(ScheduleChange.Duplicate, await Bench.Control.ChangeAsync(other.Id, schedule, Token));
    }

    private async Task<ScheduleEntry> AddAsync(Schedule schedule) =>
        await Bench.Control.AddAsync(schedule, Token) ?? throw new InvalidOperationException("It is there already.");
}

public sealed class EnqueuingWhatIsDueOnSqlite() : EnqueuingWhatIsDue(StorePair.Sqlite);

public sealed class EnqueuingWhatIsDueOnRedisAndMongo() : EnqueuingWhatIsDue(StorePair.RedisAndMongo);
