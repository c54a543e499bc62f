using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Mrq.Maintenance;

namespace Mrq.Storage.Mongo;

/// <summary>Puts the stores on MongoDB into a host.</summary>
public static class MongoServiceCollectionExtensions
{
    /// <summary>
    /// Registers the ports that keep documents. Nothing is opened here: call
    /// <see cref="MongoDatabase.OpenAsync"/> before the first use.
    /// </summary>
    /// <param name="services">Must have logging; a <see cref="TimeProvider"/> is added when there is none.</param>
    /// <param name="options">Where the data lies.</param>
    public static IServiceCollection AddMongoStorage(this IServiceCollection services, MongoOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(options);
        services.TryAddSingleton<MongoDatabase>();
        services.TryAddSingleton<JobCounts>();
        services.TryAddSingleton<RateCounts>();
        services.AddSingleton<IMaintenanceTask, JobCountsCheck>();
        services.TryAddSingleton<IJobStore, MongoJobStore>();
        services.TryAddSingleton<IJobQueries, MongoJobQueries>();
        services.TryAddSingleton<IBatchStore, MongoBatchStore>();
        services.TryAddSingleton<IJobLogStore, MongoJobLogStore>();
        services.TryAddSingleton<IWorkerStore, MongoWorkerStore>();
        services.TryAddSingleton<IAuditStore, MongoAuditStore>();
        services.TryAddSingleton<IScheduleStore, MongoScheduleStore>();
        return services;
    }
}
