using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Batches;

/// <summary>What came of the wish to close a batch.</summary>
/// <param name="IsChanged">False: nothing was done.</param>
/// <param name="Refused">Why it cannot be closed; null: it is whole now, or was so before.</param>
public readonly record struct ClosedBatch(bool IsChanged, string? Refused);

/// <summary>What people do with batches.</summary>
public sealed class BatchControl(IBatchStore batches, IJobQueries queries, JobControl control, JobChains chains, BatchEnds ends, ICoordination coordination, TimeProvider time)
{
    private const int PageSize = 1000;
    private const int MostPages = 5;

    /// <summary>One batch with its counts; null: there is none of this id.</summary>
    public async Task<BatchView?> FindAsync(JobId id, CancellationToken cancellationToken) =>
        await batches.GetAsync([id], cancellationToken) is [var batch] ? await ViewAsync(batch, cancellationToken) : null;

    /// <summary>A page of batches with their counts, newest first.</summary>
    /// <param name="before">Only older ones than this; null: from the newest.</param>
    /// <param name="limit">1 to 100: each costs a count of its jobs.</param>
    public async Task<IReadOnlyList<BatchView>> ListAsync(JobId? before, int limit, CancellationToken cancellationToken)
    {
        var views = new List<BatchView>();
        foreach (var batch in await batches.ListAsync(before, limit, cancellationToken))
        {
            views.Add(await ViewAsync(batch, cancellationToken));
        }

        return views;
    }

    /// <summary>
    /// Cancels a batch as a whole: no further jobs are taken into it, and those that wait are cancelled, five thousand at once and the rest by maintenance. Workers
    /// run none of them any more.
    /// </summary>
    /// <param name="abort">True: those that run are stopped, too.</param>
    /// <returns>Null: done. Else why not.</returns>
    public async Task<string?> CancelAsync(JobId id, bool abort, CancellationToken cancellationToken)
    {
        if (!await batches.CancelAsync(id, abort, time.GetUtcNow(), cancellationToken))
        {
            return await batches.GetAsync([id], cancellationToken) is [var batch] ? $"Batch {id} has ended at {batch.FinishedAt:u}." : $"There is no batch {id}.";
        }

        await StopJobsAsync(id, abort, cancellationToken);
        await ends.SettleAsync([id], cancellationToken);
        return null;
    }

    /// <summary>
    /// Closes an incomplete batch: nobody adds jobs of its request any more, and those that are there count as all of it. What waits for its success runs when they have succeeded.
    /// Closing one that is whole is nothing.
    /// </summary>
    public async Task<ClosedBatch> CloseAsync(JobId id, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var isChanged = await batches.CloseAsync(id, now - Batch.AddingGrace, cancellationToken);
        if (await batches.GetAsync([id], cancellationToken) is not [var batch])
        {
            return new ClosedBatch(IsChanged: false, $"There is no batch {id}.");
        }

        if (isChanged)
        {
            // It was taken out for the lack of the others: it waits again.
            await chains.WaitAgainAsync([.. new[] { batch.OnSuccess }.OfType<JobId>()], cancellationToken);
            await ends.SettleAsync([id], cancellationToken);
        }

        return new ClosedBatch(isChanged, isChanged || (batch.IsStored && batch.CancelledAt is null) ? null
            : batch.CancelledAt is { } cancelled ? $"Batch {id} was cancelled at {cancelled:u}: it cannot be closed."
            : $"Someone added jobs to batch {id} at {batch.Updated:u} and may go on: it can be closed when {Batch.AddingGrace.TotalSeconds:0} seconds have passed without a sign of life.");
    }

    /// <summary>Deletes a batch that has ended; its jobs stay.</summary>
    /// <returns>Null: done. Else why not.</returns>
    public async Task<string?> DeleteAsync(JobId id, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, cancellationToken) is { Batch.FinishedAt: null })
        {
            return $"Batch {id} has not ended; cancel it first.";
        }

        if (!await batches.DeleteAsync(id, cancellationToken))
        {
            return $"There is no batch {id}.";
        }

        coordination.Publish(Changes.Jobs);
        return null;
    }

    /// <summary>Cancels up to five thousand waiting jobs of a batch, and asks for the end of up to a thousand running ones. Answers how many were cancelled.</summary>
    internal async Task<int> StopJobsAsync(JobId id, bool abort, CancellationToken cancellationToken)
    {
        if (abort)
        {
            await ApplyAsync(JobAction.Abort, JobStatuses.Of(JobStatus.Started));
        }

        var (stopped, last) = (0, PageSize);
        for (var page = 0; page < MostPages && last == PageSize; page++)
        {
            last = await ApplyAsync(JobAction.Cancel, JobStatuses.Waiting | JobStatuses.Of(JobStatus.Interrupt));
            stopped += last;
        }

        return stopped;

        async Task<int> ApplyAsync(JobAction action, JobStatuses statuses)
        {
            var page = await queries.FindIdsAsync(new JobFilter { Tag = Batch.TagOf(id), Statuses = statuses }, before: null, PageSize, cancellationToken);
            return page.Count == 0 ? 0 : (await control.ApplyAsync(action, page, queue: null, cancellationToken)).Done.Count;
        }
    }

    private async Task<BatchView> ViewAsync(Batch batch, CancellationToken cancellationToken) =>
        new(batch, await queries.CountByStatusAsync(batch.Tag, cancellationToken), time.GetUtcNow());
}
