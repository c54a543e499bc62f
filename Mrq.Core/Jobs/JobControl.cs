using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;

namespace Mrq.Jobs;

/// <summary>What an action did.</summary>
/// <param name="Done">The jobs it changed.</param>
/// <param name="Refused">The jobs that it left alone, with why.</param>
public sealed record ActionOutcome(IReadOnlyList<JobId> Done, IReadOnlyList<RefusedJob> Refused);

/// <param name="Status">Null: there is no such job.</param>
public sealed record RefusedJob(JobId Id, JobStatus? Status, string Reason);

/// <summary>The actions that people take on jobs: each is a guarded change of the documents, then of the queues, then a signal.</summary>
public sealed class JobControl(
    IJobStore jobs, IJobQueries queries, IQueueStore queues, ICoordination coordination,
    TaskRegistry tasks, JobFactory factory, JobChains chains, IOptions<MrqOptions> options, TimeProvider time)
{
    /// <summary>Applies an action to these jobs. Those it cannot be applied to are named, the others are done.</summary>
    /// <param name="queue">Where requeued or retried jobs go; null: where they were.</param>
    /// <exception cref="InvalidJobException">The queue stands for sub-queues, or is raw.</exception>
    public async Task<ActionOutcome> ApplyAsync(JobAction action, IReadOnlyList<JobId> ids, QueueName? queue, CancellationToken cancellationToken)
    {
        RequireForJobs(queue);
        var refused = new List<RefusedJob>();
        var done = action switch
        {
            JobAction.Requeue => await RequeueAsync(ids, queue, reset: true, refused, cancellationToken),
            JobAction.Retry => await RequeueAsync(ids, queue, reset: false, refused, cancellationToken),
            JobAction.Cancel => await CancelAsync(ids, cancellationToken),
            JobAction.Abort => await AbortAsync(ids, cancellationToken),
            JobAction.Delete => await DeleteAsync(ids, cancellationToken),
            _ => throw new ArgumentOutOfRangeException(nameof(action)),
        };
        await ExplainAsync(action, ids, done, refused, cancellationToken);
        return new ActionOutcome(done, refused);
    }

    /// <summary>
    /// Changes params or queue of a job that waits. Null members keep what is there, and so does the param that the job before has given (<see cref="Job.ResultAs"/>), when the params leave it out.
    /// </summary>
    /// <returns>Null: done. Else why not: also that others have changed it each time before this edit was written (<see cref="Overtaken"/>).</returns>
    /// <exception cref="InvalidJobException">The params do not bind, or the queue stands for sub-queues or is raw.</exception>
    public async Task<RefusedJob?> EditAsync(JobId id, string? parameters, QueueName? queue, CancellationToken cancellationToken)
    {
        RequireForJobs(queue);
        for (var tries = 1; await FindAsync(id, cancellationToken) is { } job; tries++)
        {
            if (!JobStatuses.Waiting.Contains(job.Status))
            {
                return new RefusedJob(id, job.Status, $"Job {id} is {JobStatuses.NameOf(job.Status)}; only a waiting job ({JobStatuses.Waiting}) can be edited.");
            }

            var edit = new JobEdit { Job = id, Params = parameters is null ? null : factory.CheckEdited(job, parameters), Queue = queue, At = time.GetUtcNow(), AsRead = parameters is null ? null : job };
            if (await jobs.EditAsync(edit, cancellationToken) is { } edited)
            {
                if (edited.OldQueue != edited.Queue && edited.From == JobStatus.Queued)
                {
                    await queues.RemoveAsync([new QueuedId(id, edited.OldQueue)], CancellationToken.None);
                    await queues.EnqueueAsync([edited.Queued], atHead: false, CancellationToken.None);
                }

                coordination.Publish(Changes.Jobs | Changes.Queues);
                return null;
            }

            // The job before has ended in between and given its result, or another person has edited it.
            if (tries == Overtaken.MostTries)
            {
                return new RefusedJob(id, job.Status, $"Job {id} is edited all the time by others: {tries} attempts to edit it were overtaken. Look at what they write, and try again.");
            }

            await Overtaken.PauseAsync(tries, time, cancellationToken);
        }

        return new RefusedJob(id, null, $"There is no job {id}.");
    }

    /// <summary>Cancels every job that waits in a queue and empties it; its sub-queues stay as they are. Returns how many were cancelled.</summary>
    /// <exception cref="InvalidJobException">The queue stands for sub-queues.</exception>
    public async Task<long> PurgeAsync(QueueName queue, CancellationToken cancellationToken)
    {
        Require(queue.NotOneQueue is { } error ? $"{error} Purge the sub-queues one by one." : null);
        var filter = new JobFilter { Queue = queue.Value, Statuses = JobStatuses.Of(JobStatus.Queued), NotAfter = JobId.New(time) };
        long purged = 0;
        while (true)
        {
            var page = await queries.FindIdsAsync(filter, null, 1000, cancellationToken);
            var cancelled = await CancelAsync(page, cancellationToken);
            purged += cancelled.Count;
            if (cancelled.Count == 0)
            {
                return purged;
            }
        }
    }

    private static void RequireForJobs(QueueName? queue) => Require(queue?.NotForJobs);

    private static void Require(string? error)
    {
        if (error is not null)
        {
            throw new InvalidJobException([new FieldError("queue", error)]);
        }
    }

    private async Task<List<JobId>> RequeueAsync(
        IReadOnlyList<JobId> ids, QueueName? queue, bool reset, List<RefusedJob> refused, CancellationToken cancellationToken)
    {
        var transition = new JobTransition
        {
            Jobs = ids,
            From = JobTransitions.AllowedFor(JobAction.Requeue),
            To = JobStatus.Queued,
            At = time.GetUtcNow(),
            Queue = queue,
            Reset = reset,
            ForgetsExpiry = true,
        };
        IReadOnlyList<TransitionedJob> changed;
        try
        {
            changed = await jobs.TransitionAsync(transition, cancellationToken);
        }
        catch (UniqueKeyTakenException) when (ids.Count > 1)
        {
            // One of many collides: ask for each alone, so that the others go through.
            var each = new List<JobId>();
            foreach (var id in ids)
            {
                each.AddRange(await RequeueAsync([id], queue, reset, refused, cancellationToken));
            }

            return each;
        }
        catch (UniqueKeyTakenException e)
        {
            refused.Add(new RefusedJob(ids[0], (await FindAsync(ids[0], cancellationToken))?.Status, e.Message));
            return [];
        }

        // A job that waited already moves to the end: its old place goes first, so that it never has two.
        await RemoveFromQueuesAsync(changed);
        await queues.EnqueueAsync([.. changed.Select(c => c.Queued)], atHead: false, CancellationToken.None);
        return Published(changed);
    }

    private async Task<List<JobId>> CancelAsync(IReadOnlyList<JobId> ids, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var changed = new List<TransitionedJob>();
        var found = await queries.GetAsync(ids, withPayload: false, cancellationToken);
        foreach (var group in found.GroupBy(CancelTtlOf))
        {
            changed.AddRange(await jobs.TransitionAsync(
                new JobTransition
                {
                    Jobs = [.. group.Select(job => job.Id)],
                    From = JobTransitions.SourcesOf(JobStatus.Cancel),
                    To = JobStatus.Cancel,
                    At = now,
                    DateExpires = now + group.Key,
                },
                cancellationToken));
        }

        await RemoveFromQueuesAsync(changed);
        await BreakChainsAsync(found, changed, cancellationToken);
        return Published(changed);
    }

    private Task<int> BreakChainsAsync(IReadOnlyList<Job> found, List<TransitionedJob> cancelled, CancellationToken cancellationToken)
    {
        var ids = cancelled.Select(job => job.Id).ToHashSet();
        var next = found.Where(job => ids.Contains(job.Id)).Select(job => job.Next).OfType<JobId>();
        return chains.GoOnAsync(next.ToDictionary(id => id, _ => new Ending(JobStatus.Cancel, Result: null)), cancellationToken);
    }

    private async Task<IReadOnlyList<JobId>> AbortAsync(IReadOnlyList<JobId> ids, CancellationToken cancellationToken)
    {
        var running = await jobs.RequestAbortAsync(ids, time.GetUtcNow(), cancellationToken);
        if (running.Count > 0)
        {
            coordination.Publish(Changes.Aborts | Changes.Jobs);
        }

        return running;
    }

    private async Task<List<JobId>> DeleteAsync(IReadOnlyList<JobId> ids, CancellationToken cancellationToken)
    {
        var deleted = await jobs.DeleteAsync(ids, cancellationToken);
        await RemoveFromQueuesAsync(deleted);
        return Published(deleted);
    }

    private async Task RemoveFromQueuesAsync(IReadOnlyList<TransitionedJob> changed)
    {
        var waiting = changed.Where(c => c.From == JobStatus.Queued).Select(c => new QueuedId(c.Id, c.OldQueue)).ToList();
        if (waiting.Count > 0)
        {
            await queues.RemoveAsync(waiting, CancellationToken.None);
        }
    }

    private List<JobId> Published(IReadOnlyList<TransitionedJob> changed)
    {
        if (changed.Count > 0)
        {
            coordination.Publish(Changes.Jobs | Changes.Queues);
        }

        return [.. changed.Select(c => c.Id)];
    }

    private TimeSpan CancelTtlOf(Job job) => tasks.OptionsOf(job).CancelTtl ?? options.Value.DefaultCancelTtl;

    private async Task ExplainAsync(
        JobAction action, IReadOnlyList<JobId> ids, IReadOnlyList<JobId> done, List<RefusedJob> refused, CancellationToken cancellationToken)
    {
        var left = ids.Except(done).Except(refused.Select(r => r.Id)).ToList();
        if (left.Count == 0)
        {
            return;
        }

        var statuses = (await queries.GetAsync(left, withPayload: false, cancellationToken)).ToDictionary(j => j.Id, j => j.Status);
        refused.AddRange(left.Select(id => statuses.TryGetValue(id, out var status)
            ? new RefusedJob(id, status, Reason(action, id, status))
            : new RefusedJob(id, null, $"There is no job {id}.")));
    }

    private static string Reason(JobAction action, JobId id, JobStatus status) => (action, status) switch
    {
        (JobAction.Abort, _) => $"Job {id} is {JobStatuses.NameOf(status)}; only a started job can be aborted. Cancel one that waits.",
        (_, JobStatus.Started) => $"Job {id} is started; abort it first.",
        (JobAction.Cancel, JobStatus.Cancel) => $"Job {id} is cancelled already.",
        _ => $"Job {id} is {JobStatuses.NameOf(status)}; {action.ToString().ToLowerInvariant()} is not possible now.",
    };

    private async Task<Job?> FindAsync(JobId id, CancellationToken cancellationToken) =>
        (await queries.GetAsync([id], withPayload: false, cancellationToken)) is [var job] ? job : null;
}
