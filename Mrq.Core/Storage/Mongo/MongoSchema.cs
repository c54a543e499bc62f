using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>The collections and indexes that must be there. Applying it again, or by several processes at once, is nothing.</summary>
internal static class MongoSchema
{
    private const int CollectionExists = 48;

    public static async Task ApplyAsync(MongoDatabase database, MongoOptions options, CancellationToken cancellationToken)
    {
        await CreateCappedAsync(database, database.Collections.Logs, options.LogBytes, cancellationToken);
        await CreateIndexAsync(database, database.Collections.Logs, "job_number", w => w.Int32("job"u8, 1).Int32("number"u8, 1), cancellationToken);
        await CreateIndexAsync(database, database.Collections.Workers, "dateexpires", w => w.Int32("dateexpires"u8, 1), cancellationToken);
        await CreateIndexAsync(database, database.Collections.Audit, "date", w => w.Int32("date"u8, 1), cancellationToken);
    }

    private static async Task CreateIndexAsync(
        MongoDatabase database, MongoNamespace collection, string name, Action<BsonWriter> key, CancellationToken cancellationToken)
    {
        var command = BsonWriter.Document(w =>
        {
            w.String("createIndexes"u8, collection.Collection).BeginArray("indexes"u8).BeginDocument(default).BeginDocument("key"u8);
            key(w);
            w.End().String("name"u8, name).End().End();
        });
        await database.RunAsync(client => client.WriteCommandAsync(collection.Database, command, cancellationToken));
    }

    private static async Task CreateCappedAsync(MongoDatabase database, MongoNamespace collection, long bytes, CancellationToken cancellationToken)
    {
        var command = BsonWriter.Document(w => w.String("create"u8, collection.Collection).Boolean("capped"u8, true).Int64("size"u8, bytes));
        try
        {
            await database.RunAsync(client => client.WriteCommandAsync(collection.Database, command, cancellationToken));
        }
        catch (MongoServerException e) when (e.Code == CollectionExists)
        {
            // Also when another process has just made it.
        }
    }
}
