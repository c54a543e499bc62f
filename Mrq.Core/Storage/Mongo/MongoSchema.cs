using System.Text;
using Mrq.Jobs;
using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>The collections and indexes that must be there. Applying it again, or by several processes at once, is nothing.</summary>
internal static class MongoSchema
{
    /// <summary>
    /// Number of the schema. Raise it when an older MRQ would do harm to what a newer one writes, here or in Redis. 2: jobs may be <c>deferred</c>, and ids of a
    /// priority have lists of their own.
    /// </summary>
    public const int Current = 2;

    private const int CollectionExists = 48;
    private const int OptionsConflict = 85;

    /// <param name="Options">What it has beside its key; null: nothing.</param>
    private sealed record Index(MongoNamespace Collection, string Name, Action<BsonWriter> Key, Action<BsonWriter>? Options = null);

    public static async Task ApplyAsync(MongoDatabase database, MongoOptions options, CancellationToken cancellationToken)
    {
        await ClaimAsync(database, cancellationToken);
        await CreateCappedAsync(database, database.Collections.Logs, options.LogBytes, cancellationToken);
        // A command opens the stores, too: it is not to wait for each index by itself.
        await Task.WhenAll(Indexes(database.Collections, options).GroupBy(index => index.Collection).Select(indexes => CreateAsync(database, [.. indexes], cancellationToken)));
    }

    /// <summary>Looks whether it is ours, and changes nothing.</summary>
    /// <exception cref="StorageUnavailableException">Another MRQ, or none, has written here.</exception>
    public static async Task RequireAsync(MongoDatabase database, CancellationToken cancellationToken)
    {
        var found = await database.RunAsync(client => client.FindAsync(
            database.Collections.Counters, BsonWriter.Document(w => w.String("_id"u8, "schema")), default,
            counter => BsonReader.TryFind(counter, "value"u8, out var number) ? number.GetInt64() : 0, cancellationToken));
        if (found is not [Current])
        {
            throw new StorageUnavailableException(
                $"{database.Description} has {(found is [var other] ? $"the schema {other}" : "no schema of MRQ")}, and this MRQ reads {Current}. A server of this version brings an older one up to date.");
        }
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

    /// <summary>Every index with the query that it serves.</summary>
    private static IEnumerable<Index> Indexes(MongoCollections collections, MongoOptions options) =>
    [
        // Lists by status, queue, path and exception type: one range for each group, newest first (MongoJobFilter), or oldest first (FindQueuedAsync by tasks). How many are there: JobCountsCheck.
        new(collections.Jobs, "group", w => w.Int32("status"u8, 1).Int32("queue"u8, 1).Int32("path"u8, 1).Int32("exceptiontype"u8, 1).Int32("_id"u8, 1)),
        // Lists by worker; the abort requests of a worker.
        new(collections.Jobs, "worker", w => w.Int32("worker"u8, 1).Int32("status"u8, 1).Int32("_id"u8, 1), Partial("worker")),
        // Lists by tag.
        new(collections.Jobs, "tags", w => w.Int32("tags"u8, 1).Int32("status"u8, 1).Int32("_id"u8, 1), Partial("tags")),
        // Jobs that are due: FindDueAsync.
        new(collections.Jobs, "dateretry", w => w.Int32("status"u8, 1).Int32("dateretry"u8, 1).Int32("_id"u8, 1), Partial("dateretry")),
        new(collections.Jobs, "run_at", w => w.Int32("status"u8, 1).Int32("run_at"u8, 1).Int32("_id"u8, 1), Partial("run_at")),
        // Jobs that failed, by when: FindLastFailedAsync. One that goes well is never in it; $in in a condition of an index needs MongoDB 6.
        new(collections.Jobs, "failed", w => w.Int32("status"u8, 1).Int32("dateupdated"u8, 1).Int32("_id"u8, 1), Partial("exceptiontype")),
        // Jobs that waited too long: FindOverdueAsync.
        new(collections.Jobs, "expires_at", w => w.Int32("status"u8, 1).Int32("expires_at"u8, 1).Int32("_id"u8, 1), Partial("expires_at")),
        // Jobs whose ids should be in a queue, oldest first: FindQueuedAsync.
        new(collections.Jobs, "queued", w => w.Int32("queue"u8, 1).Int32("_id"u8, 1), w => w
            .BeginDocument("partialFilterExpression"u8).Status("status"u8, JobStatus.Queued).End()),
        // One live job for a unique key, one job for an idempotency key; and who it is.
        new(collections.Jobs, "unique_live", w => w.Int32("unique_live"u8, 1), Unique),
        new(collections.Jobs, "idempotency_key", w => w.Int32("idempotency_key"u8, 1), Unique),
        // Documents that have expired: DeleteExpiredAsync. The server deletes only what no MRQ has deleted for a while: the totals would not hear of it.
        new(collections.Jobs, "dateexpires", w => w.Int32("dateexpires"u8, 1), w => w.Int64("expireAfterSeconds"u8, (long)options.ExpiryGrace.TotalSeconds)),
        // Batches that have ended, and those that have not: FinishBatches.
        new(collections.Batches, "idempotency_key", w => w.Int32("idempotency_key"u8, 1), Unique),
        new(collections.Batches, "finished_at", w => w.Int32("finished_at"u8, 1).Int32("_id"u8, 1)),
        // Charts, and spans that are too old for them.
        new(collections.Rates, "span", w => w.Int32("span"u8, 1)),
        // The lines of a job, in order.
        new(collections.Logs, "job_number", w => w.Int32("job"u8, 1).Int32("number"u8, 1)),
        // Reports of workers that are gone.
        new(collections.Workers, "dateexpires", w => w.Int32("dateexpires"u8, 1)),
        // One entry for a schedule's content; the name is the original's.
        new(collections.Schedules, "hash_1", w => w.Int32("hash"u8, 1), static w => w.Boolean("unique"u8, true)),
        // Entries that are old.
        new(collections.Audit, "date", w => w.Int32("date"u8, 1)),
    ];

    /// <summary>Only documents that have the field.</summary>
    private static Action<BsonWriter> Partial(string field) => w => w
        .BeginDocument("partialFilterExpression"u8).BeginDocument(Encoding.UTF8.GetBytes(field)).Boolean("$exists"u8, true).End().End();

    private static void Unique(BsonWriter writer) => writer.Boolean("unique"u8, true).Boolean("sparse"u8, true);

    /// <summary>Makes the indexes of one collection, those that are not there in one go over its documents.</summary>
    private static async Task CreateAsync(MongoDatabase database, IReadOnlyList<Index> indexes, CancellationToken cancellationToken)
    {
        var collection = indexes[0].Collection;
        var command = BsonWriter.Document(w =>
        {
            w.String("createIndexes"u8, collection.Collection).BeginArray("indexes"u8);
            foreach (var index in indexes)
            {
                w.BeginDocument(default).BeginDocument("key"u8);
                index.Key(w);
                w.End().String("name"u8, index.Name);
                index.Options?.Invoke(w);
                w.End();
            }

            w.End();
        });
        try
        {
            await database.RunAsync(client => client.WriteCommandAsync(collection.Database, command, cancellationToken));
        }
        catch (MongoServerException e) when (e.Code == OptionsConflict)
        {
            // Someone, the original perhaps, has made one in another way: it serves as well. The others are still to be made.
            foreach (var index in indexes.Count > 1 ? indexes : [])
            {
                await CreateAsync(database, [index], cancellationToken);
            }
        }
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
