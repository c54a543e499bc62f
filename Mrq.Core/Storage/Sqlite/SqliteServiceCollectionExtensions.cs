using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Mrq.Storage.Sqlite;

/// <summary>Puts the embedded store into a host.</summary>
public static class SqliteServiceCollectionExtensions
{
    /// <summary>
    /// Registers all ports of storage over one database file. Nothing is opened here: call <see cref="IStorage.OpenAsync"/> before the first use.
    /// </summary>
    /// <param name="services">Must have logging; a <see cref="TimeProvider"/> is added when there is none.</param>
    /// <param name="path">See <see cref="SqliteOptions.Path"/>.</param>
    public static IServiceCollection AddSqliteStorage(this IServiceCollection services, string path)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(new SqliteOptions { Path = path });
        services.TryAddSingleton<SqliteDatabase>();
        services.TryAddSingleton<IStorage>(provider => provider.GetRequiredService<SqliteDatabase>());
        services.TryAddSingleton<IQueueStore, SqliteQueueStore>();
        services.TryAddSingleton<IRawQueueStore, SqliteRawQueueStore>();
        services.TryAddSingleton<IRawQueueContents, SqliteRawQueueContents>();
        services.TryAddSingleton<IJobStore, SqliteJobStore>();
        services.TryAddSingleton<IJobQueries, SqliteJobQueries>();
        services.TryAddSingleton<IBatchStore, SqliteBatchStore>();
        services.TryAddSingleton<IJobLogStore, SqliteJobLogStore>();
        services.TryAddSingleton<IWorkerStore, SqliteWorkerStore>();
        services.TryAddSingleton<IAuditStore, SqliteAuditStore>();
        services.TryAddSingleton<IScheduleStore, SqliteScheduleStore>();
        services.TryAddSingleton<ICoordination, SqliteCoordination>();
        return services;
    }
}
