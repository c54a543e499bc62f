using Mrq.Tests.Contracts;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

public sealed class EachJobInOnePlaceOnSqlite() : KeepingEachJobInOnePlace(new SqliteFamily());

[Collection(RedisServer.Collection)]
public sealed class EachJobInOnePlaceOnRedisAndMongo(RedisServer redis, SharedMongoServer mongo) : KeepingEachJobInOnePlace(new ClusterFamily(redis.Address, mongo));
