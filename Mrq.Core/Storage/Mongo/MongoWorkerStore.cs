using Mrq.Storage.Mongo.Driver;
using Mrq.Workers;

namespace Mrq.Storage.Mongo;

/// <summary>Reports of workers in <c>mrq_workers</c>, under the worker's id; what a worker was told lies beside its report in <c>stop</c>.</summary>
public sealed class MongoWorkerStore(MongoDatabase database) : IWorkerStore
{
    private static readonly byte[] LatestFirst =
        BsonWriter.Document(w => w.BeginDocument("sort"u8).Int32("datestarted"u8, -1).Int32("_id"u8, 1).End());

    private static readonly byte[] OnlyStop = BsonWriter.Document(w => w.BeginDocument("projection"u8).Int32("stop"u8, 1).End());

    /// <inheritdoc/>
    public async Task<StopMode?> ReportAsync(WorkerReport report, CancellationToken cancellationToken)
    {
        // Everything but "stop" is replaced; what others said of it goes.
        var command = BsonWriter.Document(w =>
        {
            w.String("findAndModify"u8, database.Collections.Workers.Collection).BeginDocument("query"u8).String("_id"u8, report.Id.Value).End();
            w.BeginDocument("update"u8).BeginDocument("$set"u8);
            WorkerDocument.Write(w, report);
            w.End().BeginDocument("$unset"u8).Int32("given_back"u8, 1).Int32("date_given_back"u8, 1).End().End();
            w.BeginDocument("fields"u8).Int32("stop"u8, 1).End().Boolean("upsert"u8, true).Boolean("new"u8, true);
        });
        var reply = await database.RunAsync(client => client.WriteCommandAsync(database.Collections.Database, command, cancellationToken));
        return BsonReader.TryFind(reply, "value"u8, out var document) ? ReadStop(document.Value) : null;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<WorkerReport>> ListAsync(CancellationToken cancellationToken) => await database.RunAsync(client =>
        client.FindAsync(database.Collections.Workers, BsonWriter.Document(static _ => { }), LatestFirst, WorkerDocument.Read, cancellationToken));

    /// <inheritdoc/>
    public async Task<WorkerReport?> FindAsync(WorkerId worker, CancellationToken cancellationToken) => await database.RunAsync(client =>
        client.FindAsync(database.Collections.Workers, ById(worker), default, WorkerDocument.Read, cancellationToken)) is [var report] ? report : null;

    /// <inheritdoc/>
    public async Task<StopMode?> FindStopRequestAsync(WorkerId worker, CancellationToken cancellationToken) => await database.RunAsync(client =>
        client.FindAsync(database.Collections.Workers, ById(worker), OnlyStop, ReadStop, cancellationToken)) is [var stop] ? stop : null;

    /// <inheritdoc/>
    public async Task<bool> RequestStopAsync(WorkerId worker, StopMode mode, CancellationToken cancellationToken)
    {
        // The graver order stands: "interrupt" after "drain" counts, "drain" after "interrupt" does not.
        var writes = new BulkWrites(isOrdered: true)
            .UpdateOne(ById(worker), BsonWriter.Document(w => w.BeginDocument("$max"u8).Int32("stop"u8, (int)mode).End()));
        return (await database.RunAsync(client => client.BulkWriteAsync(database.Collections.Workers, writes, cancellationToken))).OrThrow().Matched > 0;
    }

    /// <inheritdoc/>
    public async Task AddGivenBackAsync(WorkerId worker, int jobs, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var writes = new BulkWrites(isOrdered: true).UpdateOne(ById(worker), BsonWriter.Document(w => w
            .BeginDocument("$inc"u8).Int32("given_back"u8, jobs).End().BeginDocument("$set"u8).Date("date_given_back"u8, now).End()));
        (await database.RunAsync(client => client.BulkWriteAsync(database.Collections.Workers, writes, cancellationToken))).OrThrow();
    }

    /// <inheritdoc/>
    public async Task<int> DeleteExpiredAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var writes = new BulkWrites(isOrdered: true)
            .DeleteMany(BsonWriter.Document(w => w.BeginDocument("dateexpires"u8).Date("$lte"u8, now).End()));
        return (await database.RunAsync(client => client.BulkWriteAsync(database.Collections.Workers, writes, cancellationToken))).OrThrow().Deleted;
    }

    private static byte[] ById(WorkerId worker) => BsonWriter.Document(w => w.String("_id"u8, worker.Value));

    private static StopMode? ReadStop(ReadOnlySpan<byte> document) =>
        BsonReader.TryFind(document, "stop"u8, out var stop) && !stop.IsNull ? (StopMode)stop.GetInt32() : null;
}
