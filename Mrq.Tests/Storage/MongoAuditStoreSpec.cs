using Mrq.Tests.Contracts;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

public sealed class MongoAuditStoreSpec(SharedMongoServer server) : AuditStoreContract(new MongoFamily(server));
