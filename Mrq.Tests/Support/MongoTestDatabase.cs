using Mrq.Storage.Mongo.Driver;

namespace Mrq.Tests.Support;

/// <summary>A client with a database of its own, dropped at the end, and fail points that strike no other client.</summary>
internal sealed class MongoTestDatabase : IAsyncDisposable
{
    private readonly string _application = $"mrq-test-{Guid.NewGuid():N}";
    private readonly MongoClient _control;

    private MongoTestDatabase(string address, string options)
    {
        var separator = address.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        _control = MongoClient.Open(new MongoSettings { ConnectionString = address, Threads = 1 });
        Client = MongoClient.Open(new MongoSettings { ConnectionString = $"{address}{separator}appName={_application}{options}" });
        Collection = new MongoNamespace(_application, "c");
    }

    public MongoClient Client { get; }

    public MongoNamespace Collection { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <param name="options">More for the connection string, for example <c>&amp;retryWrites=false</c>.</param>
    public static async Task<MongoTestDatabase> OpenAsync(SharedMongoServer server, string options = "") =>
        new((await server.GetAsync()).Address, options);

    /// <summary>Lets the next commands of <see cref="Client"/> fail. Skips the test on a server that does not allow that.</summary>
    public async Task FailNextAsync(string command, int times, Action<BsonWriter> how)
    {
        try
        {
            await _control.WriteCommandAsync(
                "admin",
                BsonWriter.Document(w =>
                {
                    w.String("configureFailPoint"u8, "failCommand").BeginDocument("mode"u8).Int32("times"u8, times).End();
                    w.BeginDocument("data"u8).String("appName"u8, _application).BeginArray("failCommands"u8).String(default, command).End();
                    how(w);
                    w.End();
                }),
                Token);
        }
        catch (MongoServerException)
        {
            Assert.Skip("This MongoDB server has no fail points; start it with --setParameter enableTestCommands=1.");
        }
    }

    public Task<MongoWriteResult> InsertAsync(params IEnumerable<Action<BsonWriter>> documents) => InsertAsync(isOrdered: true, documents);

    public Task<MongoWriteResult> InsertAsync(bool isOrdered, params IEnumerable<Action<BsonWriter>> documents)
    {
        var writer = new BsonWriter();
        foreach (var document in documents)
        {
            writer.BeginDocument();
            document(writer);
            writer.End();
        }

        return Client.InsertManyAsync(Collection, writer.Written, isOrdered, Token);
    }

    /// <summary>The whole numbers of a field of all documents that match, by id.</summary>
    public Task<List<long>> NumbersAsync(string field, Action<BsonWriter>? filter = null) => Client.FindAsync(
        Collection,
        BsonWriter.Document(filter ?? (static _ => { })),
        BsonWriter.Document(w => w.BeginDocument("sort"u8).Int32("_id"u8, 1).End()),
        document => BsonReader.TryFind(document, System.Text.Encoding.UTF8.GetBytes(field), out var value) ? value.GetInt64() : -1,
        Token);

    public async Task CreateIndexAsync(string name, string field, bool isUnique) => await Client.WriteCommandAsync(
        Collection.Database,
        BsonWriter.Document(w =>
        {
            w.String("createIndexes"u8, Collection.Collection).BeginArray("indexes"u8).BeginDocument(default);
            w.BeginDocument("key"u8).Int32(System.Text.Encoding.UTF8.GetBytes(field), 1).End();
            w.String("name"u8, name).Boolean("unique"u8, isUnique).End().End();
        }),
        Token);

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await _control.WriteCommandAsync(Collection.Database, BsonWriter.Document(w => w.Int32("dropDatabase"u8, 1)), CancellationToken.None);
        await _control.DisposeAsync();
    }
}
