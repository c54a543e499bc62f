using Mrq.Tests.Contracts;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

public sealed class MongoScheduleStoreSpec(SharedMongoServer server) : ScheduleStoreContract(new MongoFamily(server));
