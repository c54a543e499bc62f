using Microsoft.Extensions.Logging.Abstractions;
using Mrq.Hosting;
using Mrq.Server.Configuration;
using Mrq.Storage.Mongo;
using Mrq.Storage.Redis;

namespace Mrq.Tests.Support;

/// <summary>The stores that MRQ runs on.</summary>
public enum StorePair
{
    /// <summary>One SQLite file.</summary>
    Sqlite,

    /// <summary>Redis for queues and coordination, MongoDB for documents.</summary>
    RedisAndMongo,
}

/// <summary>Where the data of one test lies, deleted at its end. Several engines and servers may share it, as processes do.</summary>
public abstract class TestStores : IAsyncDisposable
{
    private TestStores()
    {
    }

    /// <summary>New, empty stores, on the servers that all tests share.</summary>
    public static async Task<TestStores> MakeAsync(StorePair pair) => pair switch
    {
        StorePair.Sqlite => new SqliteFile(),
        _ => new Servers(await SharedRedisServer.AddressAsync(), await SharedMongoServer.AddressAsync(), isShared: true),
    };

    /// <summary>Stores on servers of the test, which takes them down with all they hold.</summary>
    public static TestStores On(string redis, string mongo) => new Servers(redis, mongo, isShared: false);

    /// <summary>Lets an engine use them.</summary>
    public abstract void Use(MrqBuilder mrq);

    /// <summary>Lets a server use them.</summary>
    public abstract ServerSettings Use(ServerSettings settings);

    /// <summary>What the command line of <c>mrq</c> says of them.</summary>
    public abstract IReadOnlyList<string> Arguments { get; }

    public abstract ValueTask DisposeAsync();

    /// <summary>Deletes every key of a prefix.</summary>
    internal static async Task DeleteAsync(RedisOptions options)
    {
        using var opened = await RedisDriver.ConnectAsync(options.Address);
        var database = opened.GetDatabase();
        foreach (var endpoint in opened.GetEndPoints())
        {
            foreach (var page in opened.GetServer(endpoint).Keys(options.Address.Database, $"{options.Prefix}*", 1000).Chunk(1000))
            {
                await database.KeyDeleteAsync(page);
            }
        }
    }

    /// <summary>Drops a database.</summary>
    internal static async Task DropAsync(MongoOptions options)
    {
        await using var database = new MongoDatabase(options, TimeProvider.System, NullLogger<MongoDatabase>.Instance);
        await database.OpenAsync(CancellationToken.None);
        await database.DropAsync(CancellationToken.None);
    }

    private sealed class SqliteFile : TestStores
    {
        private readonly TempFolder _folder = new();

        private string Path => _folder.File("mrq.db");

        public override IReadOnlyList<string> Arguments => ["--sqlite", Path];

        public override void Use(MrqBuilder mrq) => mrq.UseSqlite(Path);

        public override ServerSettings Use(ServerSettings settings) => settings with { Sqlite = Path };

        public override ValueTask DisposeAsync()
        {
            _folder.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Servers(string redis, string mongo, bool isShared) : TestStores
    {
        // Room for the lines of one test: a capped collection may be made as large as it is at once.
        private const long LogBytes = 16 << 20;

        private readonly string _name = $"mrq-test-{Guid.NewGuid():N}";

        private string Mongo => mongo.Split('?') is [var servers, var options] ? $"{servers.TrimEnd('/')}/{_name}?{options}" : $"{mongo.TrimEnd('/')}/{_name}";

        public override IReadOnlyList<string> Arguments =>
            ["--redis", redis, "--redis_prefix", _name, "--mongodb", Mongo, "--mongodb_logs_size", $"{LogBytes}"];

        public override void Use(MrqBuilder mrq) =>
            mrq.UseRedis(redis, o => o with { Prefix = _name }).UseMongo(Mongo, o => o with { LogBytes = LogBytes });

        public override ServerSettings Use(ServerSettings settings) =>
            settings with { Redis = redis, RedisPrefix = _name, MongoDb = Mongo, MongoDbLogsSize = LogBytes };

        public override async ValueTask DisposeAsync()
        {
            if (isShared)
            {
                await DeleteAsync(new RedisOptions { Address = RedisAddress.Parse(redis), Prefix = _name });
                await DropAsync(new MongoOptions { ConnectionString = Mongo, LogBytes = LogBytes });
            }
        }
    }
}
