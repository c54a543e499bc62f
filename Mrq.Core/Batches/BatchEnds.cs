using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Batches;

/// <summary>
/// Ends batches whose jobs have all ended, and lets the jobs go that wait for that. Done by the worker that recorded the end of one of their jobs, and by maintenance. However many do it at
/// once: the end is a guarded write, and so is the way of a job out of <c>deferred</c>.
/// </summary>
public sealed class BatchEnds(IBatchStore batches, IJobQueries queries, JobChains chains, ICoordination coordination, TimeProvider time)
{
    /// <summary>Ends those of these batches that have ended. Answers how many had a job that waits for them.</summary>
    internal async Task<int> SettleAsync(IReadOnlyList<JobId> ids, CancellationToken cancellationToken)
    {
        var changed = 0;
        foreach (var batch in await batches.GetAsync(ids, cancellationToken))
        {
            changed += await SettleAsync(batch, cancellationToken);
        }

        return changed;
    }

    private async Task<int> SettleAsync(Batch? batch, CancellationToken cancellationToken)
    {
        while (batch is not null && !batch.IsGrowing(time.GetUtcNow()) && !await IsOpenAsync(batch, cancellationToken))
        {
            var counts = await queries.CountByStatusAsync(batch.Tag, cancellationToken);
            if (!counts.Keys.Any(JobStatuses.Live.Contains) && await batches.FinishAsync(batch, counts, time.GetUtcNow(), cancellationToken))
            {
                coordination.Publish(Changes.Jobs);
                return await ReleaseAsync(batch, counts, cancellationToken);
            }

            // Someone else has ended it, or added to it, in this moment.
            batch = await batches.GetAsync([batch.Id], cancellationToken) is [var now] ? now : null;
        }

        return 0;
    }

    /// <summary>Whether a job of it has not ended: one entry of an index.</summary>
    private async Task<bool> IsOpenAsync(Batch batch, CancellationToken cancellationToken) =>
        (await queries.FindIdsAsync(new JobFilter { Tag = batch.Tag, Statuses = JobStatuses.Live }, before: null, 1, cancellationToken)).Count > 0;

    private async Task<int> ReleaseAsync(Batch batch, IReadOnlyDictionary<JobStatus, long> counts, CancellationToken cancellationToken)
    {
        var summary = BatchJson.Summary(batch, counts);
        var ended = new Dictionary<JobId, Ending>();
        if (batch.OnComplete is { } complete)
        {
            ended[complete] = new Ending(JobStatus.Success, summary);
        }

        if (batch.OnSuccess is { } success && (batch.IsSuccess(counts) || batch.CancelledAt is not null || !batch.IsStored))
        {
            // One whose jobs have failed may yet succeed, when a person retries them; a cancelled or incomplete one cannot.
            ended[success] = new Ending(batch.IsSuccess(counts) ? JobStatus.Success : JobStatus.Cancel, summary)
            {
                Reason = batch.CancelledAt is not null ? "Its batch was cancelled." : "Its batch is incomplete: who made it died before all of its jobs were stored.",
            };
        }

        return await chains.GoOnAsync(ended, cancellationToken);
    }
}
