using Mrq.Tests.Contracts;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

[Collection(RedisServer.Collection)]
public sealed class MongoJobCountersSpec(RedisServer redis, SharedMongoServer mongo) : JobCountersContract(new ClusterFamily(redis.Address, mongo));
