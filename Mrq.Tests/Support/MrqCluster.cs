using Microsoft.Extensions.Logging.Abstractions;
using Mrq.Storage.Mongo;

namespace Mrq.Tests.Support;

/// <summary>Redis, MongoDB, and nodes that share them, each a process of its own, for one test. What the nodes said is shown when the test fails.</summary>
internal sealed class MrqCluster : IAsyncDisposable
{
    private static readonly (string Option, string Value)[] Impatient =
        [("--log_level", "Warning"), ("--report_interval", "0.5"), ("--maintenance_interval", "0.5"), ("--lost_job_grace", "1")];

    private readonly string _database = $"mrq-test-{Guid.NewGuid():N}";
    private readonly TempFolder _folder = new();
    private readonly List<MrqNode> _nodes = [];
    private readonly bool _isStandIn;

    private MrqCluster(RedisServerProcess redis, MongoServer mongo, BreakableWay? way)
    {
        (Redis, MongoServer, _isStandIn) = (redis, mongo, way is not null || Environment.GetEnvironmentVariable(Support.MongoServer.Variable) is not { Length: > 0 });
        WayToMongo = way;
        var parts = (way is null ? mongo.Address : $"mongodb://127.0.0.1:{way.Port}/?directConnection=true").Split('?', 2);
        Mongo = $"{parts[0].TrimEnd('/')}/{_database}?{(parts.Length > 1 ? parts[1] : "")}";
        DirectMongo = $"{mongo.Address.Split('?')[0].TrimEnd('/')}/{_database}?directConnection=true";
    }

    public RedisServerProcess Redis { get; }

    public MongoServer MongoServer { get; }

    /// <summary>Null: it is not to be broken.</summary>
    public BreakableWay? WayToMongo { get; }

    /// <summary>Its connection string, with the database.</summary>
    public string Mongo { get; }

    /// <summary>The same for a node that does not take <see cref="WayToMongo"/>.</summary>
    public string DirectMongo { get; }

    public static async Task<MrqCluster> StartAsync() => new(await RedisServerProcess.StartAsync(), await Support.MongoServer.StartAsync(), way: null);

    /// <summary>A cluster whose stores a test takes away.</summary>
    /// <param name="redis">More for the command line of Redis.</param>
    public static async Task<MrqCluster> StartBreakableAsync(params string[] redis)
    {
        var mongo = await Support.MongoServer.StartStandInAsync("--replset", "rs");
        return new MrqCluster(await RedisServerProcess.StartAsync(redis), mongo, new BreakableWay(new Uri(mongo.Address).Port));
    }

    /// <summary>Starts nodes beside each other; answers when all run.</summary>
    public async Task<IReadOnlyList<MrqNode>> StartNodesAsync(int count, params string[] arguments) =>
        await Task.WhenAll(Enumerable.Range(0, count).Select(_ => StartNodeAsync(arguments)));

    /// <summary>Starts a node that reports and looks for lost jobs often; <paramref name="arguments"/> say the rest.</summary>
    public async Task<MrqNode> StartNodeAsync(params string[] arguments)
    {
        List<string> all = ["--redis", Redis.Address, "--mongodb_logs_size", "16MB", "--dashboard_port", "0", .. arguments];
        foreach (var (option, value) in Impatient.Append((Option: "--mongodb", Value: Mongo)).Where(pair => !arguments.Contains(pair.Option)))
        {
            all.AddRange([option, value]);
        }

        var node = new MrqNode(MrqProcess.Start(_folder, all));
        lock (_nodes)
        {
            _nodes.Add(node);
        }

        await node.OpenAsync();
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        await Redis.DisposeAsync();
        if (WayToMongo is not null)
        {
            await WayToMongo.DisposeAsync();
        }

        if (!_isStandIn)
        {
            await using var database = new MongoDatabase(new MongoOptions { ConnectionString = Mongo }, TimeProvider.System, NullLogger<MongoDatabase>.Instance);
            await database.OpenAsync(CancellationToken.None);
            await database.DropAsync(CancellationToken.None);
        }

        await MongoServer.DisposeAsync();
        _folder.Dispose();
    }
}
