using Mrq.Tests.Contracts;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

public sealed class MongoJobStoreSpec(SharedMongoServer server) : JobStoreContract(new MongoFamily(server));
