using Microsoft.Extensions.Logging.Abstractions;
using Mrq.Jobs;
using Mrq.Scheduling;
using Mrq.Storage;
using Mrq.Storage.Mongo;
using Mrq.Storage.Mongo.Driver;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

/// <summary>Documents of <c>mrq_scheduled_jobs</c> as the Python MRQ wrote them.</summary>
public sealed class MongoSchedulesOfTheOriginal(SharedMongoServer server) : IAsyncLifetime
{
    private static readonly DateTimeOffset Yesterday = new(2026, 2, 28, 7, 30, 1, TimeSpan.Zero);

    private readonly FakeClock _clock = new();
    private MongoDatabase? _database;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private MongoDatabase Database => _database ?? throw new InvalidOperationException("The test has not begun.");

    public async ValueTask InitializeAsync()
    {
        _database = new MongoDatabase(new MongoOptions { ConnectionString = (await server.GetAsync()).Address, Database = $"mrq-test-{Guid.NewGuid():N}", LogBytes = 1 << 20 }, _clock, NullLogger<MongoDatabase>.Instance);
        await _database.OpenAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DropAsync(CancellationToken.None);
        await Database.DisposeAsync();
    }

    [Fact]
    public async Task An_interval_that_never_ran_begins_when_it_was_made()
    {
        var entry = await ReadAsync(w => w.Double("interval"u8, 5).Date("datelastqueued"u8, DateTimeOffset.UnixEpoch).Null("dailytime"u8).Null("queue"u8));

        Assert.Equal((TimeSpan.FromSeconds(5), null, "[\"tests.tasks.general.MongoInsert\", \"5\"]"), (entry.Schedule.Interval, entry.HandledUntil, entry.Hash));
        Assert.Equal((ScheduleOrigin.Config, "UTC", """{"a":1}""", 0), (entry.Origin, entry.Schedule.TimeZone, entry.Schedule.Params, entry.Version));
        Assert.Equal(_clock.GetUtcNow(), entry.Created);
    }

    [Fact]
    public async Task A_daily_task_is_read_by_its_time_of_day()
    {
        var entry = await ReadAsync(w => w
            .Int32("interval"u8, 86_400).Date("dailytime"u8, new DateTimeOffset(2024, 6, 1, 7, 30, 0, TimeSpan.Zero)).Int32("weekday"u8, 0).Date("datelastqueued"u8, Yesterday));

        Assert.Equal((null, new TimeOnly(7, 30), DayOfWeek.Monday, Yesterday), (entry.Schedule.Interval, entry.Schedule.DailyTime, entry.Schedule.Weekday, entry.HandledUntil));
    }

    [Fact]
    public async Task It_can_be_changed()
    {
        var store = new MongoScheduleStore(Database);
        var entry = await ReadAsync(w => w.Int32("interval"u8, 60).Date("datelastqueued"u8, Yesterday));

        Assert.Equal(ScheduleWrite.Done, await store.AdvanceAsync(entry with { HandledUntil = _clock.GetUtcNow() }, fence: 1, Token));
        Assert.Equal(ScheduleWrite.Stale, await store.AdvanceAsync(entry with { HandledUntil = _clock.GetUtcNow() }, fence: 1, Token));
        Assert.Equal(_clock.GetUtcNow(), Assert.Single(await store.ListAsync(Token)).HandledUntil);
    }

    private async Task<ScheduleEntry> ReadAsync(Action<BsonWriter> fields)
    {
        var document = BsonWriter.Document(w =>
        {
            w.ObjectId("_id"u8, JobId.FirstOf(_clock.GetUtcNow())).String("path"u8, "tests.tasks.general.MongoInsert").String("hash"u8, "[\"tests.tasks.general.MongoInsert\", \"5\"]")
                .BeginDocument("params"u8).Int32("a"u8, 1).End();
            fields(w);
        });
        (await Database.RunAsync(client => client.InsertManyAsync(Database.Collections.Schedules, document, isOrdered: true, Token))).OrThrow();
        return Assert.Single(await new MongoScheduleStore(Database).ListAsync(Token));
    }
}
