using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Mrq.Storage;
using Mrq.Storage.Redis;
using Mrq.Tests.Contracts;

namespace Mrq.Tests.Storage;

/// <summary>The Redis adapters: queues and coordination, under a prefix of the test.</summary>
public sealed class RedisFamily(string address) : StoreFamily
{
    public RedisOptions Options { get; } = new()
    {
        Address = RedisAddress.Parse(address),
        Prefix = $"{{mrq-test-{Guid.NewGuid():N}}}",
        Deadline = TimeSpan.FromSeconds(30),
    };

    public override async ValueTask DisposeAsync()
    {
        using var opened = await RedisDriver.ConnectAsync(Options.Address);
        var database = opened.GetDatabase();
        foreach (var endpoint in opened.GetEndPoints())
        {
            foreach (var page in opened.GetServer(endpoint).Keys(Options.Address.Database, $"{Options.Prefix}*", 1000).Chunk(1000))
            {
                await database.KeyDeleteAsync(page);
            }
        }
    }

    // The connection waits in real time: the clock of a contract stands still, and the calls say themselves what time it is.
    protected internal override void Register(IServiceCollection services) => services
        .AddSingleton(provider => new RedisConnection(Options, TimeProvider.System, provider.GetRequiredService<ILogger<RedisConnection>>()))
        .AddRedisQueues(Options)
        .AddSingleton<IStorage>(provider => provider.GetRequiredService<RedisConnection>());
}
