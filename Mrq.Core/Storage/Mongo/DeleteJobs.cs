using Mrq.Batches;
using Mrq.Jobs;
using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>
/// Deletes documents. They are claimed first, so that of several who delete at once one knows that it was it; then the claimed are read and deleted. Their log
/// lines give way in time; nobody is shown them any more.
/// </summary>
internal sealed class DeleteJobs(JobWrites writes, JobCounts counts, RateCounts rates, TimeProvider time)
{
    /// <summary>The claim of one who died is heeded for so long.</summary>
    private static readonly TimeSpan Claim = TimeSpan.FromMinutes(1);

    public async Task<IReadOnlyList<TransitionedJob>> RunAsync(IReadOnlyList<JobId> jobs)
    {
        var revision = writes.NewRevision();
        await writes.UpdateManyAsync(
            w => JobWrites.WriteIds(w, jobs).BeginDocument("status"u8).Utf8("$ne"u8, "started"u8).End()
                .BeginDocument("deleting"u8).BeginDocument("$not"u8).ObjectId("$gte"u8, JobId.FirstOf(time.GetUtcNow() - Claim)).End().End(),
            w =>
            {
                w.BeginDocument("$set"u8).ObjectId("deleting"u8, revision).End();
                JobWrites.BeginPush(w, revision).End();
            });
        var claimed = JobFacts.InOrder(jobs, await writes.FindAsync(w => WriteClaimed(w, jobs, revision), JobFacts.Options, JobFacts.Read));
        if (claimed.Count == 0)
        {
            return [];
        }

        var delete = new BulkWrites(isOrdered: true)
            .DeleteMany(BsonWriter.Document(w => WriteClaimed(w, claimed.Select(facts => facts.Id), revision)));
        var result = (await writes.WriteAsync(delete)).OrThrow();
        if (result.Deleted < claimed.Count)
        {
            await KeepChangedAsync(claimed, revision);
        }

        var changes = new JobCountChanges();
        foreach (var facts in claimed)
        {
            changes.Leave(facts.Group);
        }

        await counts.AddAsync(changes);
        return [.. claimed.Select(facts => facts.Transitioned(facts.Group.Queue))];
    }

    public async Task<int> RunExpiredAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken)
    {
        var options = BsonWriter.Document(w => w
            .BeginDocument("projection"u8).Int32("_id"u8, 1).Int32("tags"u8, 1).End().BeginDocument("sort"u8).Int32("dateexpires"u8, 1).End().Int64("limit"u8, limit));
        var expired = limit == 0 ? [] : await writes.FindAsync(
            w => w.BeginDocument("dateexpires"u8).Date("$lte"u8, now).End().BeginDocument("status"u8).Utf8("$ne"u8, "started"u8).End(),
            options, ReadBatch);
        var kept = await PostponeOfOpenBatchesAsync(expired, now);
        List<JobId> left = [.. expired.Select(one => one.Job).Where(job => !kept.Contains(job))];
        var deleted = kept.Count + (left.Count == 0 ? 0 : (await RunAsync(left)).Count);
        await rates.DeleteBeforeAsync(now - RateSpan.Keep, cancellationToken);
        return deleted;
    }

    private async Task<HashSet<JobId>> PostponeOfOpenBatchesAsync(List<(JobId Job, JobId? Batch)> expired, DateTimeOffset now)
    {
        List<JobId> batches = [.. expired.Select(one => one.Batch).OfType<JobId>().Distinct()];
        var open = batches.Count == 0 ? [] : await writes.FindOpenBatchesAsync(batches);
        var kept = expired.Where(one => one.Batch is { } batch && open.Contains(batch)).Select(one => one.Job).ToHashSet();
        if (kept.Count > 0)
        {
            await writes.UpdateManyAsync(
                w => JobWrites.WriteIds(w, kept),
                w => w.BeginDocument("$set"u8).Date("dateexpires"u8, now + Batch.KeepsJobsFor).End());
        }

        return kept;
    }

    private static (JobId Job, JobId? Batch) ReadBatch(ReadOnlySpan<byte> document)
    {
        var tags = new List<string>();
        if (BsonReader.TryFind(document, "tags"u8, out var field) && field.Type == BsonType.Array)
        {
            var tag = field.GetDocument();
            while (tag.Next())
            {
                if (tag.Type == BsonType.String)
                {
                    tags.Add(tag.GetString());
                }
            }
        }

        return (MongoJobQueries.ReadId(document), Batch.Of(tags));
    }

    /// <summary>Jobs that we have claimed and nobody has changed since.</summary>
    private static void WriteClaimed(BsonWriter filter, IEnumerable<JobId> jobs, JobId revision) =>
        JobWrites.WriteIds(filter, jobs).ObjectId("revisions.0"u8, revision);

    /// <summary>Jobs that someone has changed after they were claimed stay, and can be claimed again.</summary>
    private async Task KeepChangedAsync(List<JobFacts> claimed, JobId revision)
    {
        var left = (await writes.FindFactsAsync(claimed.Select(facts => facts.Id))).Select(facts => facts.Id).ToHashSet();
        claimed.RemoveAll(facts => left.Contains(facts.Id));
        await writes.UpdateManyAsync(
            w => JobWrites.WriteIds(w, left).ObjectId("deleting"u8, revision), w => w.BeginDocument("$unset"u8).Int32("deleting"u8, 1).End());
    }
}
