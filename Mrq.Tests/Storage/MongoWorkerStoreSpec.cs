using Mrq.Tests.Contracts;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

public sealed class MongoWorkerStoreSpec(SharedMongoServer server) : WorkerStoreContract(new MongoFamily(server));
