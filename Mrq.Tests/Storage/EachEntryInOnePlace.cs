using Mrq.Tests.Contracts;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

public sealed class EachEntryInOnePlaceOnSqlite() : KeepingEachEntryInOnePlace(new SqliteFamily());

[Collection(RedisServer.Collection)]
public sealed class EachEntryInOnePlaceOnRedisAndMongo(RedisServer redis, SharedMongoServer mongo) : KeepingEachEntryInOnePlace(new ClusterFamily(redis.Address, mongo));
