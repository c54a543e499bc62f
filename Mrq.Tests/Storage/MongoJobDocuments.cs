using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Storage.Mongo;
using Mrq.Storage.Mongo.Driver;
using Mrq.Workers;

namespace Mrq.Tests.Storage;

/// <summary>Documents that have no more than an id, for the stores that look whether a job is there. It goes when jobs are kept in MongoDB.</summary>
internal sealed class MongoJobDocuments(MongoDatabase database) : IJobStore
{
    public async Task<IReadOnlyList<InsertedJob>> InsertAsync(IReadOnlyList<Job> jobs, CancellationToken cancellationToken)
    {
        var writer = new BsonWriter();
        foreach (var job in jobs)
        {
            writer.BeginDocument().ObjectId("_id"u8, job.Id).End();
        }

        var result = await database.RunAsync(client => client.InsertManyAsync(database.Collections.Jobs, writer.Written, isOrdered: true, cancellationToken));
        result.OrThrow();
        return [.. jobs.Select(job => new InsertedJob(job.Id, null))];
    }

    public Task<IReadOnlyList<Job>> StartAsync(IReadOnlyList<JobId> jobs, WorkerId worker, DateTimeOffset now, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<bool>> CompleteAsync(IReadOnlyList<JobCompletion> completions, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<TransitionedJob>> TransitionAsync(JobTransition transition, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task SetProgressAsync(IReadOnlyList<JobProgress> progress, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<JobId>> RequestAbortAsync(IReadOnlyList<JobId> jobs, DateTimeOffset now, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<JobId>> FindAbortRequestsAsync(WorkerId worker, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<TransitionedJob?> EditAsync(JobId job, string? parameters, QueueName? queue, DateTimeOffset now, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<TransitionedJob>> DeleteAsync(IReadOnlyList<JobId> jobs, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<int> DeleteExpiredAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) => throw new NotSupportedException();
}
