using Mrq.Jobs;
using Mrq.Workers;

namespace Mrq.Storage.Mongo;

/// <summary>queued → started: one write of all, then one read of those that it changed.</summary>
internal sealed class StartJobs(JobWrites writes, JobCounts counts)
{
    public async Task<IReadOnlyList<Job>> RunAsync(IReadOnlyList<JobId> jobs, WorkerId worker, DateTimeOffset now)
    {
        var revision = writes.NewRevision();
        await writes.UpdateManyAsync(
            w => JobWrites.WriteIds(w, jobs).Status("status"u8, JobStatus.Queued),
            w => w.BeginDocument("$set"u8)
                .Status("status"u8, JobStatus.Started).String("worker"u8, worker.Value).Date("datestarted"u8, now).Date("dateupdated"u8, now)
                .ObjectId("revision"u8, revision).End()
                .BeginDocument("$inc"u8).Int32("attempt"u8, 1).End());
        var started = await writes.FindAsync(
            w => JobWrites.WriteIds(w, jobs).ObjectId("revision"u8, revision), JobDocument.Options(withPayload: true), JobDocument.Read);
        var changes = new JobCountChanges();
        foreach (var job in started)
        {
            var to = new Filtering.JobGroupKey(job.Path, job.Queue, JobStatus.Started, job.ExceptionType);
            changes.Move(to with { Status = JobStatus.Queued }, to);
        }

        await counts.AddAsync(changes);
        return MongoJobQueries.InOrder(jobs, started);
    }
}
