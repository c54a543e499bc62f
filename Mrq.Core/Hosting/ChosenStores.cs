using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Mrq.Storage;
using Mrq.Storage.Mongo;
using Mrq.Storage.Redis;
using Mrq.Storage.Sqlite;

namespace Mrq.Hosting;

/// <summary>The stores that an application has named: SQLite alone, or Redis and MongoDB together.</summary>
internal sealed class ChosenStores
{
    private readonly List<string> _sqlite = [];
    private readonly List<RedisOptions> _redis = [];
    private readonly List<MongoOptions> _mongo = [];

    public void Add(string sqlitePath) => _sqlite.Add(sqlitePath);

    public void Add(RedisOptions redis) => _redis.Add(redis);

    public void Add(MongoOptions mongo) => _mongo.Add(mongo);

    /// <exception cref="InvalidOperationException">They are none, too many, or half of a pair; the message names the call that is missing or too much.</exception>
    public void Register(IServiceCollection services)
    {
        if (Problem() is { } problem)
        {
            throw new InvalidOperationException(problem);
        }

        if (_sqlite is [var path])
        {
            services.AddSqliteStorage(path);
            return;
        }

        services.AddRedisQueues(_redis[0]).AddMongoStorage(_mongo[0]);
        services.TryAddSingleton<IStorage>(s => new JoinedStorage(s.GetRequiredService<RedisConnection>(), s.GetRequiredService<MongoDatabase>()));
    }

    private string? Problem() => (_sqlite.Count, _redis.Count, _mongo.Count) switch
    {
        (0, 0, 0) => "MRQ has no store. Call UseSqlite(path) inside AddMrq, or UseRedis(address) and UseMongo(connectionString) together.",
        ( > 1, _, _) or (_, > 1, _) or (_, _, > 1) => "MRQ is given the same kind of store twice. Call UseSqlite, or UseRedis and UseMongo, once.",
        ( > 0, > 0, _) or ( > 0, _, > 0) => "MRQ is given SQLite beside another store, and one must hold everything. Call either UseSqlite alone, or UseRedis and UseMongo together.",
        (0, 1, 0) => "MRQ has Redis for its queues and nothing for its documents. Call UseMongo(connectionString) beside UseRedis.",
        (0, 0, 1) => "MRQ has MongoDB for its documents and nothing for its queues. Call UseRedis(address) beside UseMongo.",
        _ => null,
    };
}
