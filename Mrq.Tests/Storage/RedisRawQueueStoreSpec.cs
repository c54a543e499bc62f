using Mrq.Tests.Contracts;

namespace Mrq.Tests.Storage;

[Collection(RedisServer.Collection)]
public sealed class RedisRawQueueStoreSpec(RedisServer server) : RawQueueStoreContract(new RedisFamily(server.Address));

/// <summary>The same on a Redis Cluster, which refuses a script whose keys lie in several slots.</summary>
[Collection(RedisServer.Collection)]
public sealed class RedisClusterRawQueueStoreSpec(RedisClusterServer server) : RawQueueStoreContract(new RedisFamily(server.Address)), IClassFixture<RedisClusterServer>;
