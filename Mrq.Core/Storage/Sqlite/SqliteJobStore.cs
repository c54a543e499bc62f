using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Workers;

namespace Mrq.Storage.Sqlite;

/// <summary>The job documents in SQLite. Each operation is in a file named for it.</summary>
public sealed class SqliteJobStore(SqliteDatabase database) : IJobStore
{
    /* ?1 job, ?2 worker, ?3 attempt, ?4 progress, ?5 text. */
    private const string SetProgress =
        "UPDATE jobs SET progress = ?4, progress_text = ?5 WHERE id = ?1 AND status = 1 AND worker = ?2 AND attempt = ?3";

    /* ?1 job, ?2 now (unix ms). The first request's time stays. */
    private const string RequestAbort =
        "UPDATE jobs SET abort_requested = coalesce(abort_requested, ?2) WHERE id = ?1 AND status = 1";

    /* ?1 worker. Returns ids. */
    private const string AbortRequests = "SELECT id FROM jobs WHERE worker = ?1 AND abort_requested IS NOT NULL AND status = 1";

    /// <inheritdoc/>
    public Task<IReadOnlyList<InsertedJob>> InsertAsync(IReadOnlyList<Job> jobs, CancellationToken cancellationToken) =>
        database.WriteAsync(jobs.Count, transaction => InsertJobs.Run(transaction, jobs), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Job>> StartAsync(
        IReadOnlyList<JobId> jobs, WorkerId worker, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.WriteAsync(jobs.Count, transaction => StartJobs.Run(transaction, jobs, worker, now), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<bool>> CompleteAsync(IReadOnlyList<JobCompletion> completions, CancellationToken cancellationToken) =>
        database.WriteAsync(completions.Count, transaction => CompleteJobs.Run(transaction, completions), cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TransitionedJob>> TransitionAsync(JobTransition transition, CancellationToken cancellationToken)
    {
        var (changed, taken) = await database.WriteAsync(
            transition.Jobs.Count, transaction => TransitionJobs.Run(transaction, transition), cancellationToken);
        return taken is null ? changed : throw taken;
    }

    /// <inheritdoc/>
    public Task SetProgressAsync(IReadOnlyList<JobProgress> progress, CancellationToken cancellationToken) =>
        database.WriteAsync(
            progress.Count,
            transaction =>
            {
                var set = transaction.Prepare(SetProgress);
                foreach (var one in progress)
                {
                    set.Bind(1, one.Id).Bind(2, one.Worker.Value).Bind(3, one.Attempt).Bind(4, (double?)one.Progress).Bind(5, one.Text).Execute();
                }

                return true;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<JobId>> RequestAbortAsync(
        IReadOnlyList<JobId> jobs, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.WriteAsync<IReadOnlyList<JobId>>(
            jobs.Count,
            transaction =>
            {
                var running = new List<JobId>();
                var request = transaction.Prepare(RequestAbort);
                foreach (var job in jobs)
                {
                    if (request.Bind(1, job).Bind(2, now).Execute() > 0)
                    {
                        running.Add(job);
                    }
                }

                return running;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<JobId>> FindAbortRequestsAsync(WorkerId worker, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<JobId>>(
            session =>
            {
                var find = session.Prepare(AbortRequests).Bind(1, worker.Value);
                var found = new List<JobId>();
                while (find.Step())
                {
                    found.Add(find.Id(0));
                }

                return found;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<TransitionedJob?> EditAsync(JobEdit edit, CancellationToken cancellationToken) =>
        database.WriteAsync(1, transaction => EditJob.Run(transaction, edit), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<TransitionedJob>> DeleteAsync(IReadOnlyList<JobId> jobs, CancellationToken cancellationToken) =>
        database.WriteAsync(jobs.Count, transaction => DeleteJobs.Run(transaction, jobs), cancellationToken);

    /// <inheritdoc/>
    public Task<int> DeleteExpiredAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        database.WriteAsync(limit, transaction => DeleteJobs.RunExpired(transaction, now, limit), cancellationToken);
}
