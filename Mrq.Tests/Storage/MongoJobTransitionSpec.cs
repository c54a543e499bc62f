using Mrq.Tests.Contracts;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

public sealed class MongoJobTransitionSpec(SharedMongoServer server) : JobTransitionContract(new MongoFamily(server));
