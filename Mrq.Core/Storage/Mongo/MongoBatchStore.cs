using Mrq.Batches;
using Mrq.Jobs;
using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>
/// The documents of batches in <c>mrq_batches</c>: <c>_id</c>, <c>name</c>, <c>idempotency_key</c>, <c>created</c>, <c>updated</c>, <c>total</c>, <c>stored</c>, <c>adding</c>, <c>version</c>, <c>on_complete</c>,
/// <c>on_success</c>, <c>cancelled_at</c>, <c>aborts_running</c>, <c>finished_at</c>, <c>counts</c> (JSON). A field that has no value is missing.
/// </summary>
public sealed class MongoBatchStore(MongoDatabase database) : IBatchStore
{
    /// <inheritdoc/>
    public async Task<JobId?> InsertAsync(Batch batch, CancellationToken cancellationToken)
    {
        var result = await database.RepeatAsync(client => client.InsertManyAsync(database.Collections.Batches, Write(batch), isOrdered: true, cancellationToken));
        if (result.Errors is not [{ Code: MongoWriteError.DuplicateKey }])
        {
            result.OrThrow();
            return null;
        }

        // It is there already, or one with its key, or that was deleted in this moment.
        return await GetAsync([batch.Id], cancellationToken) is [_] ? null
            : await FindAsync(w => w.String("idempotency_key"u8, batch.IdempotencyKey), newestFirst: true, 1, cancellationToken) is [var holder] ? holder.Id
            : await InsertAsync(batch, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Batch>> GetAsync(IReadOnlyList<JobId> ids, CancellationToken cancellationToken) =>
        ids.Count == 0 ? Task.FromResult<IReadOnlyList<Batch>>([]) : FindAsync(w => JobWrites.WriteIds(w, ids), newestFirst: true, ids.Count, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Batch>> ListAsync(JobId? before, int limit, CancellationToken cancellationToken) => FindAsync(
        w =>
        {
            if (before is { } id)
            {
                w.BeginDocument("_id"u8).ObjectId("$lt"u8, id).End();
            }
        },
        newestFirst: true, limit, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Batch>> FindAsync(bool isFinished, JobId? after, int limit, CancellationToken cancellationToken) => FindAsync(
        w =>
        {
            w.BeginDocument("finished_at"u8).Boolean("$exists"u8, isFinished).End();
            if (after is { } id)
            {
                w.BeginDocument("_id"u8).ObjectId("$gt"u8, id).End();
            }
        },
        newestFirst: false, limit, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> BeginAddAsync(JobId id, int count, DateTimeOffset now, CancellationToken cancellationToken) => UpdateAsync(
        id,
        w => WriteOpen(w).BeginDocument("cancelled_at"u8).Boolean("$exists"u8, false).End(),
        w => w.BeginDocument("$inc"u8).Int64("total"u8, count).Int32("adding"u8, 1).Int64("version"u8, 1).End()
            .BeginDocument("$set"u8).Date("updated"u8, now).End(),
        cancellationToken);

    /// <inheritdoc/>
    public Task EndAddAsync(JobId id, int notAdded, DateTimeOffset now, CancellationToken cancellationToken) => UpdateAsync(
        id,
        w => w.BeginDocument("adding"u8).Int32("$gt"u8, 0).End(),
        w => w.BeginDocument("$inc"u8).Int64("total"u8, -notAdded).Int32("adding"u8, -1).Int64("version"u8, 1).End()
            .BeginDocument("$set"u8).Date("updated"u8, now).End(),
        cancellationToken);

    /// <inheritdoc/>
    public Task SetStoredAsync(JobId id, CancellationToken cancellationToken) => UpdateAsync(
        id, static _ => { },
        w => w.BeginDocument("$set"u8).Boolean("stored"u8, true).End().BeginDocument("$inc"u8).Int64("version"u8, 1).End(), cancellationToken);

    /// <inheritdoc/>
    public Task<bool> CloseAsync(JobId id, DateTimeOffset silentSince, CancellationToken cancellationToken) => UpdateAsync(
        id,
        w => w.BeginDocument("stored"u8).Boolean("$ne"u8, true).End().BeginDocument("cancelled_at"u8).Boolean("$exists"u8, false).End()
            .BeginDocument("updated"u8).Date("$lte"u8, silentSince).End(),
        w => w.BeginDocument("$set"u8).Boolean("stored"u8, true).End().BeginDocument("$inc"u8).Int64("version"u8, 1).End(),
        cancellationToken);

    /// <inheritdoc/>
    public Task<bool> CancelAsync(JobId id, bool abortsRunning, DateTimeOffset now, CancellationToken cancellationToken) => UpdateAsync(
        id,
        w => WriteOpen(w),
        w =>
        {
            w.BeginDocument("$min"u8).Date("cancelled_at"u8, now).End().BeginDocument("$inc"u8).Int64("version"u8, 1).End();
            if (abortsRunning)
            {
                w.BeginDocument("$set"u8).Boolean("aborts_running"u8, true).End();
            }
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<bool> FinishAsync(Batch batch, IReadOnlyDictionary<JobStatus, long> counts, DateTimeOffset now, CancellationToken cancellationToken) => UpdateAsync(
        batch.Id,
        w => w.Int64("version"u8, batch.Version),
        w => w.BeginDocument("$set"u8)
            .String("counts"u8, BatchJson.WriteCounts(counts)).Int64("total"u8, counts.Values.Sum()).Int32("adding"u8, 0).Int64("version"u8, batch.Version + 1)
            .Date("finished_at"u8, batch.FinishedAt ?? now).End(),
        cancellationToken);

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(JobId id, CancellationToken cancellationToken)
    {
        var writes = new BulkWrites(isOrdered: true).DeleteOne(BsonWriter.Document(w => w.ObjectId("_id"u8, id)));
        return (await database.RunAsync(client => client.BulkWriteAsync(database.Collections.Batches, writes, cancellationToken))).OrThrow().Deleted > 0;
    }

    /// <summary>The condition that a batch has not ended.</summary>
    internal static BsonWriter WriteOpen(BsonWriter filter) => filter.BeginDocument("finished_at"u8).Boolean("$exists"u8, false).End();

    private async Task<bool> UpdateAsync(JobId id, Action<BsonWriter> guard, Action<BsonWriter> update, CancellationToken cancellationToken)
    {
        var filter = BsonWriter.Document(w =>
        {
            w.ObjectId("_id"u8, id);
            guard(w);
        });
        var writes = new BulkWrites(isOrdered: true).UpdateOne(filter, BsonWriter.Document(update));
        return (await database.RunAsync(client => client.BulkWriteAsync(database.Collections.Batches, writes, cancellationToken))).OrThrow().Matched > 0;
    }

    private async Task<IReadOnlyList<Batch>> FindAsync(Action<BsonWriter> filter, bool newestFirst, int limit, CancellationToken cancellationToken)
    {
        var options = BsonWriter.Document(w => w.BeginDocument("sort"u8).Int32("_id"u8, newestFirst ? -1 : 1).End().Int64("limit"u8, limit));
        return await database.RunAsync(client => client.FindAsync(database.Collections.Batches, BsonWriter.Document(filter), options, Read, cancellationToken));
    }

    private static byte[] Write(Batch batch) => BsonWriter.Document(w =>
    {
        w.ObjectId("_id"u8, batch.Id).Date("created"u8, batch.Created).Date("updated"u8, batch.Updated).Int64("total"u8, batch.Total)
            .Boolean("stored"u8, batch.IsStored).Int32("adding"u8, batch.Adding).Int64("version"u8, batch.Version);
        if (batch.Name is not null)
        {
            w.String("name"u8, batch.Name);
        }

        if (batch.IdempotencyKey is not null)
        {
            w.String("idempotency_key"u8, batch.IdempotencyKey);
        }

        if (batch.OnComplete is { } complete)
        {
            w.ObjectId("on_complete"u8, complete);
        }

        if (batch.OnSuccess is { } success)
        {
            w.ObjectId("on_success"u8, success);
        }
    });

    private static Batch Read(ReadOnlySpan<byte> document)
    {
        var batch = new Batch { Id = default, Created = DateTimeOffset.UnixEpoch, Updated = DateTimeOffset.UnixEpoch };
        var field = new BsonReader(document);
        while (field.Next())
        {
            batch = field.IsNull ? batch : field.NameText switch
            {
                "_id" => batch with { Id = field.GetObjectId() },
                "name" => batch with { Name = field.GetString() },
                "idempotency_key" => batch with { IdempotencyKey = field.GetString() },
                "created" => batch with { Created = field.GetDate() },
                "updated" => batch with { Updated = field.GetDate() },
                "total" => batch with { Total = field.GetInt64() },
                "stored" => batch with { IsStored = field.GetBoolean() },
                "adding" => batch with { Adding = field.GetInt32() },
                "version" => batch with { Version = field.GetInt64() },
                "on_complete" => batch with { OnComplete = field.GetObjectId() },
                "on_success" => batch with { OnSuccess = field.GetObjectId() },
                "cancelled_at" => batch with { CancelledAt = field.GetDate() },
                "aborts_running" => batch with { AbortsRunning = field.GetBoolean() },
                "finished_at" => batch with { FinishedAt = field.GetDate() },
                "counts" => batch with { Counts = BatchJson.ReadCounts(field.GetString()) },
                _ => batch,
            };
        }

        return batch;
    }
}
