using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Mrq.Storage;
using Mrq.Storage.Redis;
using Mrq.Tests.Contracts;
using Mrq.Tests.Support;

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

    public override async ValueTask DisposeAsync() => await TestStores.DeleteAsync(Options);

    // The connection waits in real time: the clock of a contract stands still, and the calls say themselves what time it is.
    protected internal override void Register(IServiceCollection services) => services
        .AddSingleton(provider => new RedisConnection(Options, TimeProvider.System, provider.GetRequiredService<ILogger<RedisConnection>>()))
        .AddRedisQueues(Options)
        .AddSingleton<IStorage>(provider => provider.GetRequiredService<RedisConnection>());
}
