using Mrq.Tests.Contracts;

namespace Mrq.Tests.Storage;

[Collection(RedisServer.Collection)]
public sealed class RedisCoordinationSpec(RedisServer server) : CoordinationContract(new RedisFamily(server));
