using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Mrq.Storage;
using Mrq.Storage.Mongo;
using Mrq.Storage.Mongo.Driver;
using Mrq.Storage.Redis;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

/// <summary>Stores whose calls are put off, and told, for whoever looks into them.</summary>
public sealed partial class StoresFarAway(SharedMongoServer server)
{
    // As no other timer: whoever waits so long waits for the latency.
    private static readonly AddedLatency Latency = new(TimeSpan.FromMilliseconds(13), TimeSpan.FromMilliseconds(17));

    private readonly WaitedTimes _time = new();
    private readonly CollectedLog<MongoDatabase> _log = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_call_to_Redis_is_put_off_by_a_time_between_the_bounds()
    {
        var options = new RedisOptions { Address = RedisAddress.Parse(await SharedRedisServer.AddressAsync()), AddedLatency = Latency };
        await using var connection = new RedisConnection(options, _time, NullLogger<RedisConnection>.Instance);

        for (var i = 0; i < 5; i++)
        {
            Assert.Empty(await connection.CheckAsync(Token));
        }

        // The connection has calls of its own.
        Assert.InRange(_time.Between(Latency), 5, int.MaxValue);
    }

    [Fact]
    public async Task Each_call_to_MongoDB_is_put_off_by_a_time_between_the_bounds()
    {
        await using var database = await OpenAsync(o => o with { AddedLatency = Latency });
        var before = _time.Between(Latency);

        for (var i = 0; i < 5; i++)
        {
            Assert.Empty(await database.CheckAsync(Token));
        }

        Assert.Equal(5, _time.Between(Latency) - before);
        Assert.DoesNotContain(_log.Lines, line => line.Text.Contains(" ping ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_call_to_MongoDB_is_told_with_its_collection_its_filter_and_its_size()
    {
        await using var database = await OpenAsync(o => o with { PrintCalls = true });
        var collection = new MongoNamespace(database.Collections.Database, "things");
        var thing = Document(w => w.Int32("_id"u8, 1).String("queue"u8, "high"));
        var take = Document(w => w.String("findAndModify"u8, "things").BeginDocument("query"u8).Int32("_id"u8, 1).End()
            .BeginDocument("update"u8).BeginDocument("$set"u8).String("result"u8, "long").End().End());
        var writes = new BulkWrites(isOrdered: true).DeleteOne(Document(w => w.Int32("_id"u8, 1))).DeleteOne(Document(w => w.Int32("_id"u8, 2)));

        await database.RunAsync(client => client.InsertManyAsync(collection, thing, isOrdered: true, Token));
        await database.RunAsync(client => client.FindAsync(collection, Document(w => w.String("queue"u8, "high")), default, d => d.Length, Token));
        await database.RunAsync(client => client.FindAsync(collection, Document(w => w.String("queue"u8, new string('x', 1_000))), default, d => d.Length, Token));
        await database.RunAsync(client => client.WriteCommandAsync(collection.Database, take, Token));
        await database.RunAsync(client => client.BulkWriteAsync(collection, writes, Token));

        var lines = _log.Lines.Where(line => line.Text.Contains(".things ", StringComparison.Ordinal)).ToList();
        Assert.All(lines, line => Assert.Equal(LogLevel.Information, line.Level));
        Assert.Equal(
            [
                $"MongoDB {collection} insert {thing.Length} bytes",
                $$"""MongoDB {{collection}} find {"queue":"high"} 21 bytes""",
                $$"""MongoDB {{collection}} find {"queue":"{{new string('x', 490)}}… 1,017 bytes""",
                $$"""MongoDB {{collection}} findAndModify {"_id":1} {{take.Length}} bytes""",
                $$"""MongoDB {{collection}} bulkWrite of 2, first {"_id":1} 28 bytes""",
            ],
            lines.Select(line => Time().Replace(line.Text, "")));
        await database.DropAsync(Token);
    }

    [Fact]
    public async Task A_call_that_fails_is_told_without_the_secrets_of_the_connection()
    {
        await using var client = MongoClient.Open(new MongoSettings
        {
            ConnectionString = "mongodb://ann:secret@127.0.0.1:1/jobs?authSource=admin",
            ServerSelectionTimeout = TimeSpan.FromMilliseconds(100),
            Watch = new MongoCallWatch(null, _log, _time),
        });

        await Assert.ThrowsAnyAsync<MongoException>(() => client.ReadCommandAsync("jobs", Document(w => w.Int32("ping"u8, 1)), Token));

        var line = Assert.Single(_log.Lines).Text;
        Assert.StartsWith("MongoDB jobs ping 15 bytes failed after ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", line, StringComparison.Ordinal);
    }

    [GeneratedRegex(" in [0-9.]+ ms$", RegexOptions.None, 1000)]
    private static partial Regex Time();

    private static byte[] Document(Action<BsonWriter> fields) => BsonWriter.Document(fields);

    private async Task<MongoDatabase> OpenAsync(Func<MongoOptions, MongoOptions> with)
    {
        var options = new MongoOptions { ConnectionString = (await server.GetAsync()).Address, Database = $"mrq-test-{Guid.NewGuid():N}", LogBytes = 1 << 20 };
        var database = new MongoDatabase(with(options), _time, _log);
        await database.OpenAsync(Token);
        return database;
    }

    /// <summary>The system's clock, which remembers how long was waited on it.</summary>
    private sealed class WaitedTimes : TimeProvider
    {
        private readonly ConcurrentQueue<TimeSpan> _times = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _times.Enqueue(dueTime);
            return base.CreateTimer(callback, state, dueTime, period);
        }

        public int Between(AddedLatency latency) => _times.Count(time => time >= latency.Least && time <= latency.Most);
    }
}
