using Mrq.Jobs;
using Mrq.Scheduling;
using Mrq.Storage;

namespace Mrq.Tests.Contracts;

/// <summary>What every <see cref="IScheduleStore"/> does.</summary>
public abstract class ScheduleStoreContract(StoreFamily family) : StoreContract(family)
{
    private IScheduleStore Schedules => Stores.Schedules;

    public static TheoryData<string> Kinds => ["interval", "half seconds", "daily", "weekday", "monthday", "cron"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task An_entry_comes_back_as_it_was_given(string kind)
    {
        var plain = new Schedule { Path = "task" };
        var schedule = kind switch
        {
            "interval" => plain with { Interval = TimeSpan.FromSeconds(90) },
            "half seconds" => plain with { Interval = TimeSpan.FromSeconds(1.5), Params = """{"a": 1.0, "b": {"$c": [null, "é\u0001"]}, "d": 12345678901234567890}""" },
            "daily" => plain with { DailyTime = new TimeOnly(7, 30, 15), TimeZone = "Europe/Berlin", Queue = Q, Name = "Reports", Params = """{"a":1,"b":"two"}""" },
            "weekday" => plain with { DailyTime = new TimeOnly(0, 0), Weekday = DayOfWeek.Sunday, Misfire = Misfire.Skip },
            "monthday" => plain with { DailyTime = new TimeOnly(23, 59), MonthDay = 31, Misfire = Misfire.RunAll, MisfireLimit = 7 },
            _ => plain with { Cron = "*/5 2 * * mon" },
        };
        var entry = Entry("h") with
        {
            Schedule = schedule,
            Origin = kind == "cron" ? ScheduleOrigin.Api : ScheduleOrigin.Config,
            Paused = kind == "daily",
            HandledUntil = kind == "interval" ? null : Now.AddMilliseconds(-7),
            LastRun = kind == "daily" ? Now : null,
            LastJob = kind == "daily" ? JobId.New(Clock) : null,
            LastError = kind == "monthday" ? "it broke" : null,
        };

        Assert.True(await Schedules.InsertAsync(entry, Token));

        Assert.Equal(entry, await Schedules.FindAsync(entry.Id, Token));
        Assert.Equal([entry], await Schedules.ListAsync(Token));
        Assert.Null(await Schedules.FindAsync(ScheduleId.New(Clock), Token));
    }

    [Fact]
    public async Task Entries_are_listed_in_the_order_in_which_they_were_added()
    {
        var entries = Enumerable.Range(0, 5).Select(i => Entry($"h{9 - i}")).ToList();
        foreach (var entry in entries)
        {
            await Schedules.InsertAsync(entry, Token);
        }

        Assert.Equal(entries, await Schedules.ListAsync(Token));
    }

    [Fact]
    public async Task Only_one_entry_has_a_hash()
    {
        var (first, second) = (Entry("same"), Entry("same"));
        var other = Entry("other");

        Assert.True(await Schedules.InsertAsync(first, Token));
        Assert.True(await Schedules.InsertAsync(first, Token));
        Assert.False(await Schedules.InsertAsync(second, Token));
        Assert.True(await Schedules.InsertAsync(other, Token));
        Assert.Equal(ScheduleWrite.HashTaken, await Schedules.ReplaceAsync(other with { Hash = "same" }, Token));
        Assert.Equal([first, other], await Schedules.ListAsync(Token));
    }

    [Fact]
    public async Task Of_many_that_add_the_same_at_once_one_does()
    {
        var others = await OpenAsync();
        var entries = Enumerable.Range(0, 10).Select(_ => Entry("same")).ToList();

        var added = await Task.WhenAll(entries.Select((entry, i) => (i % 2 == 0 ? Schedules : others.Schedules).InsertAsync(entry, Token)));

        Assert.Single(added, isAdded => isAdded);
        Assert.Single(await Schedules.ListAsync(Token));
    }

    [Fact]
    public async Task A_change_is_made_over_the_version_that_was_read()
    {
        var entry = await InsertAsync("h");
        var changed = entry with { Schedule = entry.Schedule with { Path = "other", Interval = null, Cron = "0 * * * *" }, Hash = "h2", Paused = true, HandledUntil = Now };

        Assert.Equal(ScheduleWrite.Done, await Schedules.ReplaceAsync(changed, Token));
        Assert.Equal(changed with { Version = 1 }, await Schedules.FindAsync(entry.Id, Token));
        Assert.Equal(ScheduleWrite.Stale, await Schedules.ReplaceAsync(entry with { Paused = false }, Token));
        Assert.Equal(changed with { Version = 1 }, await Schedules.FindAsync(entry.Id, Token));
    }

    [Fact]
    public async Task Progress_changes_nothing_else()
    {
        var entry = await InsertAsync("h");
        var job = JobId.New(Clock);

        var asked = entry with { HandledUntil = Now, LastRun = Now, LastJob = job, LastError = "late", Paused = true, Hash = "x", Schedule = new Schedule { Path = "y" } };
        Assert.Equal(ScheduleWrite.Done, await Schedules.AdvanceAsync(asked, fence: 3, Token));

        Assert.Equal(
            entry with { HandledUntil = Now, LastRun = Now, LastJob = job, LastError = "late", Version = 1, Fence = 3 },
            await Schedules.FindAsync(entry.Id, Token));
    }

    [Fact]
    public async Task Progress_is_refused_after_another_change()
    {
        var entry = await InsertAsync("h");
        await Schedules.ReplaceAsync(entry with { Paused = true }, Token);

        Assert.Equal(ScheduleWrite.Stale, await Schedules.AdvanceAsync(entry with { HandledUntil = Now }, fence: 1, Token));
        Assert.Null((await FindAsync(entry.Id)).HandledUntil);
    }

    [Fact]
    public async Task A_leader_with_an_older_fence_changes_nothing()
    {
        var entry = await InsertAsync("h");
        await Schedules.AdvanceAsync(entry with { HandledUntil = Now }, fence: 5, Token);
        var read = await FindAsync(entry.Id);

        Assert.Equal(ScheduleWrite.Stale, await Schedules.AdvanceAsync(read with { HandledUntil = Now.AddHours(1) }, fence: 4, Token));
        Assert.Equal(Now, (await FindAsync(entry.Id)).HandledUntil);

        Assert.Equal(ScheduleWrite.Done, await Schedules.AdvanceAsync(read with { HandledUntil = Now.AddHours(1) }, fence: 5, Token));
        Assert.Equal(ScheduleWrite.Done, await Schedules.AdvanceAsync(read with { HandledUntil = Now.AddHours(2), Version = read.Version + 1 }, fence: 6, Token));
        Assert.Equal((Now.AddHours(2), 6), ((await FindAsync(entry.Id)).HandledUntil, (await FindAsync(entry.Id)).Fence));
    }

    [Fact]
    public async Task Of_many_that_advance_an_entry_at_once_one_does()
    {
        var entry = await InsertAsync("h");
        var others = await OpenAsync();

        var writes = await Task.WhenAll(Enumerable.Range(1, 10).Select(fence =>
            (fence % 2 == 0 ? Schedules : others.Schedules).AdvanceAsync(entry with { HandledUntil = Now }, fence, Token)));

        Assert.Single(writes, write => write == ScheduleWrite.Done);
        Assert.Equal(1, (await FindAsync(entry.Id)).Version);
    }

    [Fact]
    public async Task What_was_deleted_is_gone()
    {
        var entry = await InsertAsync("h");

        Assert.True(await Schedules.DeleteAsync(entry.Id, Token));

        Assert.False(await Schedules.DeleteAsync(entry.Id, Token));
        Assert.Equal(ScheduleWrite.Stale, await Schedules.ReplaceAsync(entry, Token));
        Assert.Equal(ScheduleWrite.Stale, await Schedules.AdvanceAsync(entry, fence: 1, Token));
        Assert.Empty(await Schedules.ListAsync(Token));
    }

    private ScheduleEntry Entry(string hash) => new()
    {
        Id = ScheduleId.New(Clock),
        Schedule = new Schedule { Path = "task", Interval = TimeSpan.FromMinutes(1) },
        Origin = ScheduleOrigin.Config,
        Hash = hash,
        Created = Now,
    };

    private async Task<ScheduleEntry> InsertAsync(string hash)
    {
        var entry = Entry(hash);
        Assert.True(await Schedules.InsertAsync(entry, Token));
        return entry;
    }

    private async Task<ScheduleEntry> FindAsync(ScheduleId id) => await Schedules.FindAsync(id, Token) ?? throw new InvalidOperationException("The entry is gone.");
}
