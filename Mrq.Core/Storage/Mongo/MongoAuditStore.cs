using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>Who did what, in <c>mrq_audit</c>: <c>_id</c> (the number), <c>date</c>, <c>who</c>, <c>action</c>, <c>target</c>, <c>count</c>.</summary>
public sealed class MongoAuditStore(MongoDatabase database) : IAuditStore
{
    /// <inheritdoc/>
    public Task AppendAsync(AuditEntry entry, CancellationToken cancellationToken) => database.RunAsync(async client =>
    {
        // Dying in between loses a number, never an entry that was acknowledged.
        var number = ReadNumber(await client.WriteCommandAsync(database.Collections.Database, TakeNumber(), cancellationToken));
        var result = await client.InsertManyAsync(database.Collections.Audit, Write(entry, number), isOrdered: true, cancellationToken);
        return result.OrThrow();
    });

    /// <inheritdoc/>
    public async Task<IReadOnlyList<AuditEntry>> ListAsync(long? before, int limit, CancellationToken cancellationToken)
    {
        var filter = BsonWriter.Document(w => w.BeginDocument("_id"u8).Int64("$lt"u8, before ?? long.MaxValue).End());
        var options = BsonWriter.Document(w => w.BeginDocument("sort"u8).Int32("_id"u8, -1).End().Int64("limit"u8, limit));
        return await database.RunAsync(client => client.FindAsync(database.Collections.Audit, filter, options, Read, cancellationToken));
    }

    /// <inheritdoc/>
    public async Task<int> DeleteBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var writes = new BulkWrites(isOrdered: true)
            .DeleteMany(BsonWriter.Document(w => w.BeginDocument("date"u8).Date("$lt"u8, before).End()));
        return (await database.RunAsync(client => client.BulkWriteAsync(database.Collections.Audit, writes, cancellationToken))).OrThrow().Deleted;
    }

    /* The counter of numbers, one more. Returns it as it is then, in "value". */
    private byte[] TakeNumber() => BsonWriter.Document(w => w
        .String("findAndModify"u8, database.Collections.Counters.Collection).BeginDocument("query"u8).String("_id"u8, "audit").End()
        .BeginDocument("update"u8).BeginDocument("$inc"u8).Int64("value"u8, 1).End().End()
        .Boolean("upsert"u8, true).Boolean("new"u8, true));

    private static byte[] Write(AuditEntry entry, long number) => BsonWriter.Document(w =>
    {
        w.Int64("_id"u8, number).Date("date"u8, entry.Date).String("who"u8, entry.Who).String("action"u8, entry.Action).String("target"u8, entry.Target);
        if (entry.Count is { } count)
        {
            w.Int64("count"u8, count);
        }
    });

    private static long ReadNumber(byte[] reply) =>
        BsonReader.TryFind(reply, "value"u8, out var counter) && BsonReader.TryFind(counter.Value, "value"u8, out var value)
            ? value.GetInt64()
            : throw new InvalidDataException("MongoDB has answered no counter for the audit log.");

    private static AuditEntry Read(ReadOnlySpan<byte> document)
    {
        var (number, date, who, action, target, count) = (0L, DateTimeOffset.UnixEpoch, "", "", "", default(long?));
        var reader = new BsonReader(document);
        while (reader.Next())
        {
            switch (reader.NameText)
            {
                case "_id":
                    number = reader.GetInt64();
                    break;
                case "date":
                    date = reader.GetDate();
                    break;
                case "who":
                    who = reader.GetString();
                    break;
                case "action":
                    action = reader.GetString();
                    break;
                case "target":
                    target = reader.GetString();
                    break;
                case "count":
                    count = reader.GetInt64();
                    break;
            }
        }

        return new AuditEntry(number, date, who, action, target, count);
    }
}
