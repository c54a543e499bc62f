namespace Mrq.Tests.Support;

/// <summary>A Redis and a MongoDB of one test, which stops them and starts them again on their ports.</summary>
internal sealed class StoppableStores : IAsyncDisposable
{
    private readonly int _mongoPort;
    private MongoServer _mongo;

    private StoppableStores(RedisServerProcess redis, MongoServer mongo, int mongoPort) => (Redis, _mongo, _mongoPort) = (redis, mongo, mongoPort);

    public RedisServerProcess Redis { get; }

    // Half a second instead of five until a MongoDB that is away is given up: the tests wait for it.
    public TestStores Stores => TestStores.On(Redis.Address, $"mongodb://127.0.0.1:{_mongoPort}/?replicaSet=rs&serverSelectionTimeoutMS=500");

    public static async Task<StoppableStores> StartAsync()
    {
        var port = Ports.Free();
        return new StoppableStores(await RedisServerProcess.StartAsync(), await MongoServer.StartAgainAsync(port), port);
    }

    /// <summary>Stops MongoDB as a crash would.</summary>
    public ValueTask StopMongoAsync() => _mongo.DisposeAsync();

    /// <summary>Starts it again, empty.</summary>
    public async Task StartMongoAsync() => _mongo = await MongoServer.StartAgainAsync(_mongoPort);

    public async ValueTask DisposeAsync()
    {
        await Redis.DisposeAsync();
        await _mongo.DisposeAsync();
    }
}
