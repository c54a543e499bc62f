using Microsoft.Extensions.Logging;
using Mrq.Batches;
using Mrq.Diagnostics;
using Mrq.Queues;
using Mrq.Storage;

namespace Mrq.Jobs;

/// <summary>Accepts jobs: checks the request, stores the document, then puts its id into the queue.</summary>
public sealed partial class JobClient(
    ChainFactory factory, IJobStore jobs, IQueueStore queues, BatchMembers members, ICoordination coordination, ILogger<JobClient> logger)
{
    /// <summary>Queues one job. When the call returns, the job is stored and will not be lost.</summary>
    /// <exception cref="InvalidJobException">The request cannot be accepted; each wrong field is named.</exception>
    public async Task<EnqueuedJob> EnqueueAsync(JobRequest request, CancellationToken cancellationToken) =>
        (await EnqueueManyAsync([request], cancellationToken))[0];

    /// <summary>Queues many jobs in a constant number of round trips; answers in the given order.</summary>
    /// <exception cref="InvalidJobException">One of them cannot be accepted; none was stored.</exception>
    public async Task<IReadOnlyList<EnqueuedJob>> EnqueueManyAsync(IReadOnlyList<JobRequest> requests, CancellationToken cancellationToken)
    {
        var made = new MadeJob[requests.Count];
        for (var i = 0; i < made.Length; i++)
        {
            made[i] = await factory.MakeAsync(requests[i], cancellationToken);
        }

        return await StoreAsync(made, cancellationToken);
    }

    /// <summary>Stores jobs that <see cref="JobFactory"/> made and queues those that are ready to run.</summary>
    public Task<IReadOnlyList<EnqueuedJob>> StoreAsync(IReadOnlyList<Job> made, CancellationToken cancellationToken) =>
        StoreAsync([.. made.Select(job => new MadeJob(job, []))], cancellationToken);

    /// <summary>Stores jobs that <see cref="ChainFactory"/> made, with those that follow them, and queues those that are ready to run. Answers for the first of each chain.</summary>
    /// <exception cref="InvalidJobException">The batch of one has ended or is not there; nothing was stored.</exception>
    public Task<IReadOnlyList<EnqueuedJob>> StoreAsync(IReadOnlyList<MadeJob> made, CancellationToken cancellationToken) =>
        members.AddAsync(made, () => StoreChainsAsync(made, cancellationToken), cancellationToken);

    private async Task<IReadOnlyList<EnqueuedJob>> StoreChainsAsync(IReadOnlyList<MadeJob> made, CancellationToken cancellationToken)
    {
        // Those that follow come first: a job that could run and end without them would lose them. ReleaseDeferred puts an end to those whose first never came.
        List<Job> followers = [.. made.SelectMany(one => one.Followers)];
        if (followers.Count > 0)
        {
            await jobs.InsertAsync(followers, cancellationToken);
        }

        var answers = await StoreFirstsAsync([.. made.Select(one => one.Job)], cancellationToken);
        List<JobId> needless = [.. made.Where((_, i) => answers[i].Existing).SelectMany(one => one.Followers).Select(job => job.Id)];
        if (needless.Count > 0)
        {
            await jobs.DeleteAsync(needless, CancellationToken.None);
        }

        return answers;
    }

    private async Task<IReadOnlyList<EnqueuedJob>> StoreFirstsAsync(Job[] made, CancellationToken cancellationToken)
    {
        // The document first: an id without a document would be lost work, a document without an id is found by RequeueLostJobs.
        var inserted = await jobs.InsertAsync(made, cancellationToken);
        var answers = new EnqueuedJob[made.Length];
        var ready = new List<QueuedId>(made.Length);
        for (var i = 0; i < answers.Length; i++)
        {
            answers[i] = new EnqueuedJob(inserted[i].Id, inserted[i].Existing is not null);
            if (answers[i].Existing)
            {
                continue;
            }

            JobMetrics.Enqueued(made[i].Queue);
            if (made[i].Status == JobStatus.Queued)
            {
                ready.Add(new QueuedId(made[i].Id, made[i].Queue, made[i].Priority));
            }
        }

        if (ready.Count > 0)
        {
            await EnqueueAsync(ready);
        }

        coordination.Publish(ready.Count > 0 ? Changes.Jobs | Changes.Queues : Changes.Jobs);
        return answers;
    }

    /// <summary>Puts ids into their queues. When these are away the jobs are accepted all the same: their documents are there, and would run twice if they were sent again.</summary>
    private async Task EnqueueAsync(List<QueuedId> ready)
    {
        try
        {
            // Not cancellable: the caller's patience must not leave documents without their ids.
            await queues.EnqueueAsync(ready, atHead: false, CancellationToken.None);
        }
        catch (StorageUnavailableException e)
        {
            LogNotQueued(ready.Count, e);
        }
    }

    [LoggerMessage(3901, LogLevel.Warning, "{Count} accepted jobs are not in their queues yet: these are away. RequeueLostJobs puts them there")]
    private partial void LogNotQueued(int count, Exception exception);
}
