using Mrq.Tests.Contracts;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

public sealed class MongoBatchStoreSpec(SharedMongoServer server) : BatchStoreContract(new MongoFamily(server));
