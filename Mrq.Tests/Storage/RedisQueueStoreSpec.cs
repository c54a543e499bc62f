using Mrq.Tests.Contracts;

namespace Mrq.Tests.Storage;

[Collection(RedisServer.Collection)]
public sealed class RedisQueueStoreSpec(RedisServer server) : QueueStoreContract(new RedisFamily(server));
