using Microsoft.Extensions.Logging;
using Mrq.Jobs;
using Mrq.Maintenance;
using Mrq.Queues;
using Mrq.Storage;

namespace Mrq.Workers;

/// <summary>
/// Takes jobs for a worker: pops ids, starts their documents, forgets the ids. When the process dies between two of these
/// steps, maintenance finds the ids in the started set, or the documents by their worker's silence.
/// </summary>
/// <param name="selective">Null: the worker runs all tasks.</param>
internal sealed partial class JobDequeuer(
    WorkerId worker, SelectiveDequeue? selective, IQueueStore queues, IJobStore jobs, RequeueJobs requeue, ILogger<JobDequeuer> logger, TimeProvider time)
{
    private readonly List<QueuedId> _uncertain = [];

    /// <summary>Takes up to <paramref name="count"/> jobs; empty when none waits.</summary>
    public async Task<IReadOnlyList<Job>> TakeAsync(IReadOnlyList<QueueName> listened, int count, CancellationToken cancellationToken)
    {
        await SettleUncertainAsync(cancellationToken);
        if (selective is null)
        {
            _uncertain.AddRange(await queues.DequeueAsync(listened, count, time.GetUtcNow(), cancellationToken));
        }
        else
        {
            await selective.DequeueAsync(listened, count, _uncertain, cancellationToken);
        }

        if (_uncertain.Count == 0)
        {
            return [];
        }

        // From here on the ids are ours: neither stop nor error may leave them in nobody's hand.
        var taken = new JobId[_uncertain.Count];
        for (var i = 0; i < taken.Length; i++)
        {
            taken[i] = _uncertain[i].Job;
        }

        var started = await jobs.StartAsync(taken, worker, time.GetUtcNow(), CancellationToken.None);
        _uncertain.Clear();
        await ForgetAsync(taken);
        if (started.Count < taken.Length)
        {
            LogNotStarted(taken.Length - started.Count);
        }

        return started;
    }

    /// <summary>Gives jobs that did not begin back to the head of their queues, in their old order.</summary>
    public Task ReleaseAsync(IReadOnlyList<JobId> ids, CancellationToken cancellationToken) => requeue.ReleaseAsync(ids, worker, mayHaveBegun: false, cancellationToken);

    /// <summary>
    /// Gives back what a lost answer may have held: whatever of a start was done is undone, and the ids go back. A second id in the queue does no
    /// harm, for only one start of a document can succeed.
    /// </summary>
    public async Task SettleUncertainAsync(CancellationToken cancellationToken)
    {
        if (_uncertain.Count == 0)
        {
            return;
        }

        JobId[] ids = [.. _uncertain.Select(u => u.Job)];
        await requeue.ReleaseAsync(ids, worker, mayHaveBegun: false, cancellationToken);
        await queues.EnqueueAsync([.. _uncertain], atHead: true, cancellationToken);
        await queues.ForgetStartedAsync(ids, cancellationToken);
        LogSettled(ids.Length);
        _uncertain.Clear();
    }

    // The documents are started, that is what counts: an id that stays in the started set is forgotten by maintenance.
    private async Task ForgetAsync(JobId[] ids)
    {
        try
        {
            await queues.ForgetStartedAsync(ids, CancellationToken.None);
        }
        catch (Exception e)
        {
            LogNotForgotten(ids.Length, e);
        }
    }

    [LoggerMessage(2301, LogLevel.Information, "{Count} ids were in a queue whose jobs had been cancelled, moved or deleted; nothing runs for them")]
    private partial void LogNotStarted(int count);

    [LoggerMessage(2303, LogLevel.Warning, "{Count} ids of started jobs stay in the started set until maintenance forgets them")]
    private partial void LogNotForgotten(int count, Exception exception);

    [LoggerMessage(2302, LogLevel.Warning, "The start of {Count} jobs got no answer; they are back in their queues")]
    private partial void LogSettled(int count);
}
