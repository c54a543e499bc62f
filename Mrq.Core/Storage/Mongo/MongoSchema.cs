using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>The collections and indexes that must be there. Applying it again, or by several processes at once, is nothing.</summary>
internal static class MongoSchema
{
    /// <summary>Number of the schema. Raise it when an older MRQ would do harm to what a newer one writes.</summary>
    public const int Current = 1;

    private const int CollectionExists = 48;

    public static async Task ApplyAsync(MongoDatabase database, MongoOptions options, CancellationToken cancellationToken)
    {
        await ClaimAsync(database, cancellationToken);
        await CreateCappedAsync(database, database.Collections.Logs, options.LogBytes, cancellationToken);
        await CreateIndexAsync(database, database.Collections.Logs, "job_number", w => w.Int32("job"u8, 1).Int32("number"u8, 1), cancellationToken);
        await CreateIndexAsync(database, database.Collections.Workers, "dateexpires", w => w.Int32("dateexpires"u8, 1), cancellationToken);
        await CreateIndexAsync(database, database.Collections.Audit, "date", w => w.Int32("date"u8, 1), cancellationToken);
    }

    /// <summary>Notes our number, or leaves a newer one as it is.</summary>
    /// <exception cref="StorageUnavailableException">A newer MRQ has written here.</exception>
    private static async Task ClaimAsync(MongoDatabase database, CancellationToken cancellationToken)
    {
        var command = BsonWriter.Document(w => w
            .String("findAndModify"u8, database.Collections.Counters.Collection).BeginDocument("query"u8).String("_id"u8, "schema").End()
            .BeginDocument("update"u8).BeginDocument("$max"u8).Int64("value"u8, Current).End().End()
            .Boolean("upsert"u8, true).Boolean("new"u8, true));
        var found = ReadNumber(await ClaimOnceMoreAsync(database, command, cancellationToken));
        if (found > Current)
        {
            throw new StorageUnavailableException(
                $"{database.Description} was written by a newer MRQ (schema {found}; this one knows {Current}). Start that version, or choose another database.");
        }
    }

    private static long ReadNumber(byte[] reply) =>
        BsonReader.TryFind(reply, "value"u8, out var counter) && BsonReader.TryFind(counter.Value, "value"u8, out var number) ? number.GetInt64() : 0;

    // Two processes that make the counter at once: the second is refused, and finds it when it asks again.
    private static async Task<byte[]> ClaimOnceMoreAsync(MongoDatabase database, byte[] command, CancellationToken cancellationToken)
    {
        try
        {
            return await database.RunAsync(client => client.WriteCommandAsync(database.Collections.Database, command, cancellationToken));
        }
        catch (MongoDuplicateKeyException)
        {
            return await database.RunAsync(client => client.WriteCommandAsync(database.Collections.Database, command, cancellationToken));
        }
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
