using Mrq.Tests.Contracts;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

public sealed class MongoJobQueriesSpec(SharedMongoServer server) : JobQueriesContract(new MongoFamily(server));
