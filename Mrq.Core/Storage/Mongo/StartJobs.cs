using Mrq.Jobs;
using Mrq.Storage.Filtering;
using Mrq.Storage.Mongo.Driver;
using Mrq.Workers;

namespace Mrq.Storage.Mongo;

/// <summary>queued → started: the documents are read, then changed as far as they are still as they were read; the rest is read anew.</summary>
internal sealed class StartJobs(JobWrites writes, JobCounts counts)
{
    public async Task<IReadOnlyList<Job>> RunAsync(IReadOnlyList<JobId> jobs, WorkerId worker, DateTimeOffset now)
    {
        // As the store will give it back.
        now = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds());
        var started = new List<Job>(jobs.Count);
        var changes = new JobCountChanges();
        IReadOnlyList<JobId> open = jobs;
        while (open.Count > 0)
        {
            var queued = await writes.FindAsync(
                w => JobWrites.WriteIds(w, open).Status("status"u8, JobStatus.Queued), JobDocument.Options(withPayload: true), Found.Read);
            var changed = await WriteAsync(queued, worker, now);
            foreach (var (job, _) in queued.Where(found => changed?.Contains(found.Job.Id) != false))
            {
                var to = new JobGroupKey(job.Path, job.Queue, JobStatus.Started, job.ExceptionType);
                changes.Move(to with { Status = JobStatus.Queued }, to);
                started.Add(job with
                {
                    Status = JobStatus.Started,
                    Worker = worker,
                    DateStarted = now,
                    DateUpdated = now,
                    Attempt = job.Attempt + 1,
                    UniqueKey = job.IsUniqueWhileQueued ? null : job.UniqueKey,
                });
            }

            open = changed is null ? [] : [.. queued.Select(found => found.Job.Id).Where(id => !changed.Contains(id))];
        }

        await counts.AddAsync(changes);
        await FreeKeysAsync(started);
        return MongoJobQueries.InOrder(jobs, started);
    }

    /// <summary>Gives the unique keys back that hold only while their jobs are queued. One whose process dies before holds its key until it ends.</summary>
    private async Task FreeKeysAsync(List<Job> started)
    {
        if (started.Exists(job => job.IsUniqueWhileQueued))
        {
            await writes.UpdateManyAsync(
                w => JobWrites.WriteIds(w, started.Where(job => job.IsUniqueWhileQueued).Select(job => job.Id)),
                w => w.BeginDocument("$unset"u8).Int32("unique_key"u8, 1).Int32("unique_live"u8, 1).End());
        }
    }

    /// <summary>Changes what is still as it was read. Returns the changed; null: all are.</summary>
    private async Task<HashSet<JobId>?> WriteAsync(List<Found> queued, WorkerId worker, DateTimeOffset now)
    {
        var revision = writes.NewRevision();
        var update = BsonWriter.Document(w =>
        {
            w.BeginDocument("$set"u8).Status("status"u8, JobStatus.Started).String("worker"u8, worker.Value).Date("datestarted"u8, now).Date("dateupdated"u8, now).End()
                .BeginDocument("$inc"u8).Int32("attempt"u8, 1).End();
            JobWrites.BeginPush(w, revision).End();
        });
        var bulk = new BulkWrites(isOrdered: false);
        var writer = new BsonWriter();
        foreach (var (job, revisions) in queued)
        {
            writer.Clear();
            writer.BeginDocument();
            JobFacts.WriteGuard(writer, job.Id, JobStatuses.NameOf(job.Status), revisions);
            writer.End();
            bulk.UpdateOne(writer.Written.Span, update);
        }

        var result = (await writes.WriteAsync(bulk)).OrThrow();
        return result.Matched == queued.Count ? null : await writes.FindChangedAsync(queued.Select(found => found.Job.Id), revision);
    }

    /// <summary>A job with the writes that changed it last.</summary>
    private readonly record struct Found(Job Job, IReadOnlyList<JobId> Revisions)
    {
        public static Found Read(ReadOnlySpan<byte> document) => new(
            JobDocumentReader.Read(document), BsonReader.TryFind(document, "revisions"u8, out var field) ? JobFacts.ReadIds(field.GetDocument()) : []);
    }
}
