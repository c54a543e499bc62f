using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Batches;

/// <summary>Lets jobs into the batches that they name: these count them before they are there, and cannot end meanwhile.</summary>
public sealed class BatchMembers(IBatchStore batches, TimeProvider time)
{
    /// <summary>Stores jobs, and adds those to their batches that name one.</summary>
    /// <exception cref="InvalidJobException">The batch of one has ended or is not there; nothing was stored.</exception>
    internal async Task<IReadOnlyList<EnqueuedJob>> AddAsync(
        IReadOnlyList<MadeJob> made, Func<Task<IReadOnlyList<EnqueuedJob>>> store, CancellationToken cancellationToken)
    {
        if (!made.Any(one => one.Job.Batch is not null))
        {
            return await store();
        }

        var begun = new Dictionary<JobId, int>();
        IReadOnlyList<EnqueuedJob> answers;
        try
        {
            foreach (var (batch, jobs) in made.Where(one => one.Job.Batch is not null).GroupBy(one => one.Job.Batch ?? default).Select(group => (group.Key, group.Sum(CountOf))))
            {
                await BeginAsync(batch, jobs, cancellationToken);
                begun.Add(batch, jobs);
            }

            answers = await store();
        }
        catch (InvalidJobException)
        {
            foreach (var (batch, jobs) in begun)
            {
                await batches.EndAddAsync(batch, jobs, time.GetUtcNow(), CancellationToken.None);
            }

            throw;
        }

        foreach (var batch in begun.Keys)
        {
            var notAdded = made.Where((one, i) => answers[i].Existing && one.Job.Batch == batch).Sum(CountOf);
            await batches.EndAddAsync(batch, notAdded, time.GetUtcNow(), CancellationToken.None);
        }

        return answers;
    }

    private static int CountOf(MadeJob made) => 1 + made.Followers.Count;

    private async Task BeginAsync(JobId id, int count, CancellationToken cancellationToken)
    {
        if (await batches.BeginAddAsync(id, count, time.GetUtcNow(), cancellationToken))
        {
            return;
        }

        var batch = await batches.GetAsync([id], cancellationToken) is [var found] ? found : null;
        var reason = batch is null ? $"There is no batch {id}."
            : batch.CancelledAt is { } cancelled ? $"Batch {id} was cancelled at {cancelled:u}: it takes no further jobs."
            : $"Batch {id} has ended at {batch.FinishedAt:u}: it takes no further jobs. Make another.";
        throw new InvalidJobException([new FieldError("batch", reason)]);
    }
}
