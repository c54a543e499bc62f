using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Mrq.Storage.Redis;

/// <summary>Puts the Redis half of the cluster's stores into a host.</summary>
public static class RedisServiceCollectionExtensions
{
    /// <summary>
    /// Registers <see cref="IQueueStore"/>, the raw queues and <see cref="ICoordination"/>. Nothing is connected here: call
    /// <see cref="RedisConnection.OpenAsync"/> before the first use. The documents need a store of their own.
    /// </summary>
    /// <param name="services">Must have logging; a <see cref="TimeProvider"/> is added when there is none.</param>
    /// <param name="options">Where Redis is.</param>
    public static IServiceCollection AddRedisQueues(this IServiceCollection services, RedisOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(options);
        services.TryAddSingleton<RedisConnection>();
        services.TryAddSingleton<IQueueStore, RedisQueueStore>();
        services.TryAddSingleton<IRawQueueStore, RedisRawQueueStore>();
        services.TryAddSingleton<IRawQueueContents, RedisRawQueueContents>();
        services.TryAddSingleton<ICoordination, RedisCoordination>();
        return services;
    }
}
