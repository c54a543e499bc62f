using Mrq.Jobs;
using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>
/// The collection of jobs as writers use it. Every write leaves a revision of its own in what it changes: the server answers only how many documents it changed; by
/// the revision one sees which, also after a write whose answer was lost, and after others have changed them again.
/// </summary>
internal sealed class JobWrites(MongoDatabase database, TimeProvider time)
{
    /// <summary>How many revisions a document keeps: so many writes may come between one and its look at what it has done.</summary>
    private const int Kept = 4;

    /// <summary>A name for a write that is to come.</summary>
    public JobId NewRevision() => JobId.New(time);

    /// <summary>One change of all jobs that match. It must leave the revision, and a second time find nothing to do.</summary>
    /// <returns>How many it matched; after a lost answer possibly fewer than were changed.</returns>
    public async Task<int> UpdateManyAsync(Action<BsonWriter> filter, Action<BsonWriter> update)
    {
        var writes = new BulkWrites(isOrdered: true).UpdateMany(BsonWriter.Document(filter), BsonWriter.Document(update));
        var result = await WriteAsync(writes);
        return result.OrThrow().Matched;
    }

    /// <summary>Writes that are guarded, so that a second time they find nothing to do.</summary>
    public Task<MongoWriteResult> WriteAsync(BulkWrites writes) =>
        database.RepeatAsync(client => client.BulkWriteAsync(database.Collections.Jobs, writes, CancellationToken.None));

    public Task<MongoWriteResult> InsertAsync(ReadOnlyMemory<byte> documents, CancellationToken cancellationToken) =>
        database.RepeatAsync(client => client.InsertManyAsync(database.Collections.Jobs, documents, isOrdered: false, cancellationToken));

    public Task<List<T>> FindAsync<T>(Action<BsonWriter> filter, ReadOnlyMemory<byte> options, ReadDocument<T> read) =>
        database.RunAsync(client => client.FindAsync(database.Collections.Jobs, BsonWriter.Document(filter), options, read, CancellationToken.None));

    /// <summary>What is known of jobs, as far as they are there.</summary>
    public Task<List<JobFacts>> FindFactsAsync(IEnumerable<JobId> jobs) => FindAsync(w => WriteIds(w, jobs), JobFacts.Options, JobFacts.Read);

    /// <summary>What is known of one job, and its params; null: it is not there.</summary>
    public async Task<(JobFacts Facts, string Params)?> FindWithParamsAsync(JobId job) =>
        await FindAsync(w => w.ObjectId("_id"u8, job), JobFacts.OptionsWithParams, static document => (JobFacts.Read(document), JobDocumentReader.Read(document).Params)) is [var found] ? found : null;

    /// <summary>Those of these jobs that this write has changed.</summary>
    public async Task<HashSet<JobId>> FindChangedAsync(IEnumerable<JobId> jobs, JobId revision) => [.. await FindAsync(
        w => WriteIds(w, jobs).ObjectId("revisions"u8, revision), MongoJobQueries.OnlyId, MongoJobQueries.ReadId)];

    /// <summary>Those of these batches that have not ended.</summary>
    public async Task<HashSet<JobId>> FindOpenBatchesAsync(IReadOnlyList<JobId> batches) => [.. await database.RunAsync(client => client.FindAsync(
        database.Collections.Batches, BsonWriter.Document(w => MongoBatchStore.WriteOpen(WriteIds(w, batches))), MongoJobQueries.OnlyId, MongoJobQueries.ReadId, CancellationToken.None))];

    /// <summary>Begins the <c>$push</c> of an update with the revision; more may follow, and the caller ends it.</summary>
    public static BsonWriter BeginPush(BsonWriter update, JobId revision) => update
        .BeginDocument("$push"u8).BeginDocument("revisions"u8)
        .BeginArray("$each"u8).ObjectId(default, revision).End().Int32("$position"u8, 0).Int32("$slice"u8, Kept).End();

    /// <summary>The condition that a job is one of these.</summary>
    public static BsonWriter WriteIds(BsonWriter writer, IEnumerable<JobId> jobs)
    {
        writer.BeginDocument("_id"u8).BeginArray("$in"u8);
        foreach (var job in jobs)
        {
            writer.ObjectId(default, job);
        }

        return writer.End().End();
    }
}
