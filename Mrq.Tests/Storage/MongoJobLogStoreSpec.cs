using Mrq.Tests.Contracts;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

public sealed class MongoJobLogStoreSpec(SharedMongoServer server) : JobLogStoreContract(new MongoFamily(server));
