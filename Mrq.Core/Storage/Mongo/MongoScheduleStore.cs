using Mrq.Scheduling;
using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>The entries of the scheduler in <c>mrq_scheduled_jobs</c>; see <see cref="ScheduleDocument"/>.</summary>
public sealed class MongoScheduleStore(MongoDatabase database) : IScheduleStore
{
    private static readonly byte[] All = BsonWriter.Document(static _ => { });
    private static readonly byte[] InOrder = BsonWriter.Document(w => w.BeginDocument("sort"u8).Int32("_id"u8, 1).End());

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ScheduleEntry>> ListAsync(CancellationToken cancellationToken) => await database.RunAsync(client =>
        client.FindAsync(database.Collections.Schedules, All, InOrder, ScheduleDocument.Read, cancellationToken));

    /// <inheritdoc/>
    public async Task<ScheduleEntry?> FindAsync(ScheduleId id, CancellationToken cancellationToken) => await database.RunAsync(client =>
        client.FindAsync(database.Collections.Schedules, ById(id), default, ScheduleDocument.Read, cancellationToken)) is [var entry] ? entry : null;

    /// <inheritdoc/>
    public async Task<bool> InsertAsync(ScheduleEntry entry, CancellationToken cancellationToken)
    {
        var document = BsonWriter.Document(w =>
        {
            w.ObjectId("_id"u8, entry.Id.Value).Int64("version"u8, entry.Version).Int64("fence"u8, entry.Fence);
            ScheduleDocument.WriteContent(w, entry);
            ScheduleDocument.WriteProgress(w, entry);
        });
        var result = await database.RunAsync(client => client.InsertManyAsync(database.Collections.Schedules, document, isOrdered: true, cancellationToken));
        if (result.Errors is not [{ Code: MongoWriteError.DuplicateKey }])
        {
            result.OrThrow();
            return true;
        }

        // The same entry again: its first insert was carried out, but the answer was lost.
        return await FindAsync(entry.Id, cancellationToken) is not null;
    }

    /// <inheritdoc/>
    public Task<ScheduleWrite> ReplaceAsync(ScheduleEntry entry, CancellationToken cancellationToken) => UpdateAsync(
        entry,
        static _ => { },
        w =>
        {
            ScheduleDocument.WriteContent(w, entry);
            ScheduleDocument.WriteProgress(w, entry);
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<ScheduleWrite> AdvanceAsync(ScheduleEntry entry, long fence, CancellationToken cancellationToken) => UpdateAsync(
        entry,
        w => w.BeginDocument("fence"u8).BeginDocument("$not"u8).Int64("$gt"u8, fence).End().End(),
        w =>
        {
            w.Int64("fence"u8, fence);
            ScheduleDocument.WriteProgress(w, entry);
        },
        cancellationToken);

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(ScheduleId id, CancellationToken cancellationToken)
    {
        var writes = new BulkWrites(isOrdered: true).DeleteOne(ById(id));
        return (await database.RunAsync(client => client.BulkWriteAsync(database.Collections.Schedules, writes, cancellationToken))).OrThrow().Deleted > 0;
    }

    /// <param name="guard">Conditions beyond id and version.</param>
    private async Task<ScheduleWrite> UpdateAsync(ScheduleEntry entry, Action<BsonWriter> guard, Action<BsonWriter> set, CancellationToken cancellationToken)
    {
        var filter = BsonWriter.Document(w =>
        {
            w.ObjectId("_id"u8, entry.Id.Value);
            WriteVersion(w, entry.Version);
            guard(w);
        });
        var update = BsonWriter.Document(w =>
        {
            w.BeginDocument("$set"u8).Int64("version"u8, entry.Version + 1);
            set(w);
            w.End();
        });
        var writes = new BulkWrites(isOrdered: true).UpdateOne(filter, update);
        var result = await database.RunAsync(client => client.BulkWriteAsync(database.Collections.Schedules, writes, cancellationToken));
        return result.Errors is [{ Code: MongoWriteError.DuplicateKey }] ? ScheduleWrite.HashTaken
            : result.OrThrow().Matched > 0 ? ScheduleWrite.Done
            : ScheduleWrite.Stale;
    }

    private static void WriteVersion(BsonWriter writer, long version)
    {
        if (version > 0)
        {
            writer.Int64("version"u8, version);
            return;
        }

        // The original's documents have none.
        writer.BeginDocument("version"u8).BeginArray("$in"u8).Int64(default, 0).Null(default).End().End();
    }

    private static byte[] ById(ScheduleId id) => BsonWriter.Document(w => w.ObjectId("_id"u8, id.Value));
}
