using Mrq.Storage.Redis;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

/// <summary>
/// The Redis of the specs: one process of their own, or the server that <c>MRQ_TEST_REDIS=redis://…</c> names. Each test has a prefix of its own.
/// </summary>
public sealed class RedisServer : IAsyncLifetime
{
    public const string Collection = "Redis";

    private RedisServerProcess? _process;

    public string Address { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("MRQ_TEST_REDIS") is { Length: > 0 } given)
        {
            Address = given;
            return;
        }

        _process = await RedisServerProcess.StartAsync();
        Address = _process.Address;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
    }
}

/// <summary>A Redis Cluster of one node, which has all slots.</summary>
public sealed class RedisClusterServer : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private RedisServerProcess? _process;

    public string Address => _process?.Address ?? "";

    public async ValueTask InitializeAsync()
    {
        _process = await RedisServerProcess.StartAsync("--cluster-enabled", "yes", "--cluster-config-file", _folder.File("nodes.conf"));
        using var multiplexer = await RedisDriver.ConnectAsync(RedisAddress.Parse(_process.Address));
        var database = multiplexer.GetDatabase();
        await database.ExecuteAsync("CLUSTER", ["ADDSLOTS", .. Enumerable.Range(0, 16384).Select(slot => (object)slot)]);
        // It checks itself ten times a second.
        while (!((string?)await database.ExecuteAsync("CLUSTER", "INFO") ?? "").Contains("cluster_state:ok", StringComparison.Ordinal))
        {
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _folder.Dispose();
    }
}

/// <summary>Specs that share the server run one after the other.</summary>
[CollectionDefinition(RedisServer.Collection)]
public sealed class RedisServerCollection : ICollectionFixture<RedisServer>;
