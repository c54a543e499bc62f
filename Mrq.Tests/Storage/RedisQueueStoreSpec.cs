using Mrq.Tests.Contracts;

namespace Mrq.Tests.Storage;

[Collection(RedisServer.Collection)]
public sealed class RedisQueueStoreSpec(RedisServer server) : QueueStoreContract(new RedisFamily(server.Address));

/// <summary>The same on a Redis Cluster, which refuses a script whose keys lie in several slots.</summary>
[Collection(RedisServer.Collection)]
public sealed class RedisClusterQueueStoreSpec(RedisClusterServer server) : QueueStoreContract(new RedisFamily(server.Address)), IClassFixture<RedisClusterServer>;
