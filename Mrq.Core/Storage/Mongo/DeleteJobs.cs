using Mrq.Jobs;
using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>
/// Deletes documents: first they are marked, then the marked are read and deleted, so that of several who delete at once one knows that it was it. Their log
/// lines give way in time; nobody is shown them any more.
/// </summary>
internal sealed class DeleteJobs(JobWrites writes, JobCounts counts, RateCounts rates)
{
    public async Task<IReadOnlyList<TransitionedJob>> RunAsync(IReadOnlyList<JobId> jobs)
    {
        var revision = writes.NewRevision();
        await writes.UpdateManyAsync(
            w => JobWrites.WriteIds(w, jobs).BeginDocument("status"u8).Utf8("$ne"u8, "started"u8).End(),
            w => w.BeginDocument("$set"u8).ObjectId("revision"u8, revision).End());
        var marked = JobFacts.InOrder(jobs, await writes.FindFactsAsync(jobs, revision));
        if (marked.Count == 0)
        {
            return [];
        }

        var delete = new BulkWrites(isOrdered: true)
            .DeleteMany(BsonWriter.Document(w => JobWrites.WriteIds(w, marked.Select(facts => facts.Id)).ObjectId("revision"u8, revision)));
        var result = (await writes.WriteAsync(delete)).OrThrow();
        if (result.Deleted < marked.Count)
        {
            // Someone changed them meanwhile, and they stay.
            var left = (await writes.FindFactsAsync(marked.Select(facts => facts.Id))).Select(facts => facts.Id).ToHashSet();
            marked.RemoveAll(facts => left.Contains(facts.Id));
        }

        var changes = new JobCountChanges();
        foreach (var facts in marked)
        {
            changes.Leave(facts.Group);
        }

        await counts.AddAsync(changes);
        return [.. marked.Select(facts => facts.Transitioned(facts.Group.Queue))];
    }

    public async Task<int> RunExpiredAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken)
    {
        var options = BsonWriter.Document(w => w
            .BeginDocument("projection"u8).Int32("_id"u8, 1).End().BeginDocument("sort"u8).Int32("dateexpires"u8, 1).End().Int64("limit"u8, limit));
        var expired = limit == 0 ? [] : await writes.FindAsync(
            w => w.BeginDocument("dateexpires"u8).Date("$lte"u8, now).End().BeginDocument("status"u8).Utf8("$ne"u8, "started"u8).End(),
            options, MongoJobQueries.ReadId);
        var deleted = expired.Count == 0 ? 0 : (await RunAsync(expired)).Count;
        await rates.DeleteBeforeAsync(now - RateSpan.Keep, cancellationToken);
        return deleted;
    }
}
