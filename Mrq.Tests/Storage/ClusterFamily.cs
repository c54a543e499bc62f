using Microsoft.Extensions.DependencyInjection;
using Mrq.Storage;
using Mrq.Storage.Mongo;
using Mrq.Storage.Redis;
using Mrq.Tests.Contracts;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

/// <summary>Queues on Redis and documents on MongoDB, as a cluster has them.</summary>
public sealed class ClusterFamily(string redisAddress, SharedMongoServer mongoServer) : StoreFamily
{
    private readonly RedisFamily _redis = new(redisAddress);
    private readonly MongoFamily _mongo = new(mongoServer);

    public override async ValueTask DisposeAsync()
    {
        await _redis.DisposeAsync();
        await _mongo.DisposeAsync();
    }

    protected internal override Task PrepareAsync() => _mongo.PrepareAsync();

    protected internal override void Register(IServiceCollection services)
    {
        _redis.Register(services);
        _mongo.Register(services);
        services.AddSingleton<IStorage>(provider =>
            new JoinedStorage(provider.GetRequiredService<RedisConnection>(), provider.GetRequiredService<MongoDatabase>()));
    }
}
