using Mrq.Jobs;
using Mrq.Storage.Mongo.Driver;
using Mrq.Workers;

namespace Mrq.Storage.Mongo;

/// <summary>The job documents in <c>mrq_jobs</c>. Each operation is in a file named for it, and takes a constant number of round trips.</summary>
internal sealed class MongoJobStore(MongoDatabase database, JobCounts counts, RateCounts rates, TimeProvider time) : IJobStore
{
    private readonly JobWrites _writes = new(database, time);

    /// <inheritdoc/>
    public Task<IReadOnlyList<InsertedJob>> InsertAsync(IReadOnlyList<Job> jobs, CancellationToken cancellationToken) =>
        new InsertJobs(_writes, counts, rates).RunAsync(jobs, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Job>> StartAsync(
        IReadOnlyList<JobId> jobs, WorkerId worker, DateTimeOffset now, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return jobs.Count == 0 ? [] : await new StartJobs(_writes, counts).RunAsync(jobs, worker, now);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<bool>> CompleteAsync(IReadOnlyList<JobCompletion> completions, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return completions.Count == 0 ? [] : await new CompleteJobs(_writes, counts, rates).RunAsync(completions);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<TransitionedJob>> TransitionAsync(JobTransition transition, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new TransitionJobs(_writes, counts).RunAsync(transition);
    }

    /// <inheritdoc/>
    public async Task SetProgressAsync(IReadOnlyList<JobProgress> progress, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var writes = new BulkWrites(isOrdered: false);
        foreach (var one in progress)
        {
            writes.UpdateOne(
                BsonWriter.Document(w => w
                    .ObjectId("_id"u8, one.Id).Status("status"u8, JobStatus.Started).String("worker"u8, one.Worker.Value).Int32("attempt"u8, one.Attempt)),
                BsonWriter.Document(w => w
                    .BeginDocument("$set"u8).Double("progress"u8, one.Progress).String("progress_text"u8, one.Text).End()));
        }

        (await _writes.WriteAsync(writes)).OrThrow();
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<JobId>> RequestAbortAsync(IReadOnlyList<JobId> jobs, DateTimeOffset now, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (jobs.Count == 0)
        {
            return [];
        }

        // The earlier of two requests stays. The new revision keeps a rescue that has just read the job from putting it back.
        var revision = _writes.NewRevision();
        await _writes.UpdateManyAsync(
            w => JobWrites.WriteIds(w, jobs).Status("status"u8, JobStatus.Started),
            w =>
            {
                w.BeginDocument("$min"u8).Date("abort_requested"u8, now).End();
                JobWrites.BeginPush(w, revision).End();
            });
        var running = await _writes.FindChangedAsync(jobs, revision);
        return [.. jobs.Distinct().Where(running.Contains)];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<JobId>> FindAbortRequestsAsync(WorkerId worker, CancellationToken cancellationToken) => await _writes.FindAsync(
        w => w.String("worker"u8, worker.Value).Status("status"u8, JobStatus.Started).BeginDocument("abort_requested"u8).Boolean("$exists"u8, true).End(),
        MongoJobQueries.OnlyId, MongoJobQueries.ReadId);

    /// <inheritdoc/>
    public Task<TransitionedJob?> EditAsync(JobEdit edit, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new EditJob(_writes, counts).RunAsync(edit);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TransitionedJob>> DeleteAsync(IReadOnlyList<JobId> jobs, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return jobs.Count == 0 ? [] : await new DeleteJobs(_writes, counts, rates, time).RunAsync(jobs);
    }

    /// <inheritdoc/>
    public Task<int> DeleteExpiredAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        new DeleteJobs(_writes, counts, rates, time).RunExpiredAsync(now, limit, cancellationToken);
}
