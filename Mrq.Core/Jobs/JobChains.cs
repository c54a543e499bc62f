using System.Collections.Concurrent;
using Mrq.Storage;

namespace Mrq.Jobs;

/// <summary>How something has ended that jobs wait for.</summary>
/// <param name="Status">A final status; null: it is gone.</param>
/// <param name="Result">What it leaves to those that wait for it, as JSON text; null: nothing.</param>
internal readonly record struct Ending(JobStatus? Status, string? Result)
{
    /// <summary>Why those that wait for it are taken out, when it has not succeeded; null: its status says it.</summary>
    public string? Reason { get; init; }

    /// <summary>What stands on those that are taken out.</summary>
    public string Message => Reason ?? Job.ChainBrokenMessage(Status);
}

/// <summary>
/// Lets jobs go that wait for another: to their queues when it has succeeded, out of it when it will not. Each step may be done again, by the worker of the job before and by
/// maintenance, at once or after a crash: the changes of status are guarded, and the result is put where it already is.
/// </summary>
public sealed class JobChains(IJobStore jobs, IJobQueries queries, IQueueStore queues, ICoordination coordination, TimeProvider time)
{
    // SQLite writes what comes meanwhile in one transaction, MongoDB does it side by side.
    private const int EditsAtOnce = 32;

    private static readonly JobStatuses Deferred = JobStatuses.Of(JobStatus.Deferred);

    /// <summary>True: it waits for another, or was taken out because that did not succeed and goes on when it does after all.</summary>
    internal static bool Waits(Job job) =>
        job.After is not null && (job.Status == JobStatus.Deferred || job is { Status: JobStatus.Cancel, ExceptionType: Job.ChainBroken });

    /// <summary>Lets jobs go as far as they wait; answers how many jobs were changed.</summary>
    /// <param name="ended">How that has ended which they wait for, by their own ids.</param>
    internal async Task<int> GoOnAsync(IReadOnlyDictionary<JobId, Ending> ended, CancellationToken cancellationToken) => ended.Count == 0
        ? 0
        : await SettleAsync([.. (await queries.GetAsync([.. ended.Keys], withPayload: false, cancellationToken)).Where(Waits)], ended, cancellationToken);

    /// <summary>Lets those of these jobs go for which it is known how that has ended which they wait for; answers how many jobs were changed.</summary>
    /// <param name="waiting">All of them wait (<see cref="Waits"/>).</param>
    /// <param name="ended">By the ids of those that wait.</param>
    internal async Task<int> SettleAsync(IReadOnlyList<Job> waiting, IReadOnlyDictionary<JobId, Ending> ended, CancellationToken cancellationToken)
    {
        var settled = waiting.Where(job => ended.ContainsKey(job.Id)).ToLookup(job => ended[job.Id].Status == JobStatus.Success);
        var changed = await ReleaseAsync([.. settled[true]], job => ended[job.Id].Result, cancellationToken)
            + await BreakAsync([.. settled[false]], job => ended[job.Id].Message, cancellationToken);
        if (changed > 0)
        {
            coordination.Publish(Changes.Jobs | Changes.Queues);
        }

        return changed;
    }

    /// <summary>Lets those of these jobs wait again that were taken out because what they waited for had not succeeded.</summary>
    internal async Task WaitAgainAsync(IReadOnlyList<JobId> ids, CancellationToken cancellationToken)
    {
        List<JobId> cancelled = [.. (await queries.GetAsync(ids, withPayload: false, cancellationToken)).Where(job => Waits(job) && job.Status == JobStatus.Cancel).Select(job => job.Id)];
        if (cancelled.Count > 0)
        {
            await DeferAsync(cancelled, cancellationToken);
            coordination.Publish(Changes.Jobs);
        }
    }

    private Task<IReadOnlyList<TransitionedJob>> DeferAsync(IReadOnlyList<JobId> cancelled, CancellationToken cancellationToken) => jobs.TransitionAsync(
        new JobTransition { Jobs = cancelled, From = JobStatuses.Of(JobStatus.Cancel), To = JobStatus.Deferred, At = time.GetUtcNow(), Reset = true }, cancellationToken);

    private async Task<int> ReleaseAsync(List<Job> waiting, Func<Job, string?> result, CancellationToken cancellationToken)
    {
        if (waiting.Count == 0)
        {
            return 0;
        }

        var now = time.GetUtcNow();
        List<JobId> cancelled = [.. waiting.Where(job => job.Status == JobStatus.Cancel).Select(job => job.Id)];
        if (cancelled.Count > 0)
        {
            // Back first to where a job can be edited, and is found after a crash.
            await DeferAsync(cancelled, cancellationToken);
        }

        var without = new ConcurrentBag<JobId>();
        await Parallel.ForEachAsync(
            waiting.Where(job => job.ResultAs is not null), new ParallelOptions { MaxDegreeOfParallelism = EditsAtOnce, CancellationToken = cancellationToken },
            async (job, token) =>
            {
                if (!await GiveAsync(job with { Status = JobStatus.Deferred }, result(job), now, token))
                {
                    without.Add(job.Id);
                }
            });
        var released = new List<TransitionedJob>();
        // Those that did not get their result go on waiting: ReleaseDeferred comes by for them.
        foreach (var group in waiting.Where(job => !without.Contains(job.Id)).GroupBy(job => job.Options?.ExpiresIn))
        {
            released.AddRange(await jobs.TransitionAsync(
                new JobTransition { Jobs = [.. group.Select(job => job.Id)], From = Deferred, To = JobStatus.Queued, At = now, ExpiresAt = now + group.Key }, cancellationToken));
        }

        await queues.EnqueueAsync([.. released.Select(job => job.Queued)], atHead: false, CancellationToken.None);
        return released.Count;
    }

    /// <summary>Puts the result into the params of a job that waits for it. False: others have edited it each time before that was written.</summary>
    private async Task<bool> GiveAsync(Job waiting, string? result, DateTimeOffset now, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            var edit = new JobEdit { Job = waiting.Id, Params = ParamsText.With(waiting.Params, waiting.ResultAs ?? "", result), At = now, AsRead = waiting };
            if (await jobs.EditAsync(edit, cancellationToken) is not null)
            {
                return true;
            }

            if (tries == Overtaken.MostTries)
            {
                return false;
            }

            // A person has edited it in between, or someone has let it go: what the person wrote stays.
            await Overtaken.PauseAsync(tries, time, cancellationToken);
            if (await queries.GetAsync([waiting.Id], withPayload: false, cancellationToken) is not [{ Status: JobStatus.Deferred } edited])
            {
                // Someone else has let it go, or taken it out.
                return true;
            }

            waiting = edited;
        }
    }

    /// <summary>Cancels jobs that wait for what did not succeed, and all those behind them.</summary>
    /// <param name="message">Why, of each.</param>
    private async Task<int> BreakAsync(List<Job> waiting, Func<Job, string> message, CancellationToken cancellationToken)
    {
        var total = 0;
        while (waiting.Exists(job => job.Status == JobStatus.Deferred))
        {
            var broken = new List<JobId>();
            foreach (var group in waiting.GroupBy(message))
            {
                // Without an end of its own: it may yet go on as long as the job before it is kept. ReleaseDeferred deletes it after that.
                var changed = await jobs.TransitionAsync(
                    new JobTransition
                    {
                        Jobs = [.. group.Select(job => job.Id)],
                        From = Deferred,
                        To = JobStatus.Cancel,
                        At = time.GetUtcNow(),
                        Reason = (Job.ChainBroken, group.Key),
                    },
                    cancellationToken);
                broken.AddRange(changed.Select(job => job.Id));
            }

            total += broken.Count;
            List<JobId> next = [.. waiting.Where(job => broken.Contains(job.Id)).Select(job => job.Next).OfType<JobId>()];
            waiting = [.. (await queries.GetAsync(next, withPayload: false, cancellationToken)).Where(Waits)];
            message = static _ => Job.ChainBrokenMessage(JobStatus.Cancel);
        }

        return total;
    }
}
