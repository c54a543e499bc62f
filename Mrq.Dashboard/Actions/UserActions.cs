using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.Logging;
using Mrq.Dashboard.Controls;
using Mrq.Dashboard.Live;
using Mrq.Diagnostics;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Dashboard.Actions;

/// <summary>What a person does through the pages: the deed, its line in the audit log, and a message about what came of it.</summary>
public sealed partial class UserActions(
    JobControl jobs, BulkActions bulk, QueueControl queues, RawQueueControl rawQueues, RawQueueClient rawClient, WorkerControl workers, JobClient client, IJobQueries queries,
    TimeProvider time, Audit audit, ToastQueue toasts, AuthenticationStateProvider authentication, ILogger<UserActions> logger)
{
    /// <summary>Most jobs that are acted on at once; more become a job of their own, with progress.</summary>
    public const int AtOnce = 200;

    /// <summary>Applies an action to one job. True: it was done.</summary>
    public Task<bool> ApplyAsync(JobAction action, JobId job) => ApplyAsync(action, [job]);

    /// <summary>Applies an action to up to <see cref="AtOnce"/> jobs.</summary>
    public Task<bool> ApplyAsync(JobAction action, IReadOnlyList<JobId> ids) => GuardedAsync(async () =>
    {
        var outcome = await jobs.ApplyAsync(action, ids, queue: null, CancellationToken.None);
        await RecordAsync(AuditActions.Of(action), ids.Count == 1 ? ids[0].ToString() : $"{ids.Count} jobs", outcome.Done.Count);
        if (outcome.Done.Count > 0)
        {
            var left = outcome.Refused.Count > 0 ? $" {Display.Jobs(outcome.Refused.Count)} left alone: {outcome.Refused[0].Reason}" : "";
            toasts.Done($"{BulkAction.Past(action)} {Display.Jobs(outcome.Done.Count)}.{left}", ids.Count == 1 && action != JobAction.Delete ? $"jobs/{ids[0]}" : null, "Open");
        }
        else if (outcome.Refused.Count > 0)
        {
            toasts.Failed(outcome.Refused[0].Reason);
        }

        return outcome.Done.Count > 0;
    });

    /// <summary>Starts an action on everything that matches, as a job whose progress is shown.</summary>
    public Task<bool> ApplyToAllAsync(JobAction action, JobFilter filter, string description, long count) => GuardedAsync(async () =>
    {
        var run = await bulk.StartAsync(action, filter, queue: null, CancellationToken.None);
        await RecordAsync(AuditActions.BulkBegin(action), AuditActions.BulkTarget(description, run), null);
        toasts.Follow(run, $"{BulkAction.Verb(action)} {Display.Jobs(count)}");
        return true;
    });

    /// <summary>Queues a job. Throws <see cref="InvalidJobException"/>, for the form to show.</summary>
    public async Task<JobId?> EnqueueAsync(JobRequest request)
    {
        JobId? id = null;
        await GuardedAsync(async () =>
        {
            var answer = await client.EnqueueAsync(request, CancellationToken.None);
            id = answer.Id;
            if (!answer.Existing)
            {
                await RecordAsync(AuditActions.Enqueue, request.Path, 1);
            }

            toasts.Done(answer.Existing ? "A job with this key is there already." : $"Enqueued {request.Path}.{await HintAsync(answer.Id)}", $"jobs/{answer.Id}", "Open");
            return true;
        }, hasForm: true);
        return id;
    }

    private async Task<string?> HintAsync(JobId id)
    {
        try
        {
            return await queries.GetAsync([id], withPayload: false, CancellationToken.None) is [{ Status: JobStatus.Queued } job] &&
                Unserved.Is(job.Queue, await workers.ListAsync(CancellationToken.None), time.GetUtcNow())
                ? $" {Unserved.Hint(job.Queue)}"
                : null;
        }
        catch (Exception)
        {
            // The job is stored, which is what the message is for.
            return null;
        }
    }

    /// <summary>Changes a waiting job. Throws <see cref="InvalidJobException"/>, for the form to show.</summary>
    public Task<bool> EditAsync(JobId id, string? parameters, QueueName? queue) => GuardedAsync(async () =>
    {
        if (await jobs.EditAsync(id, parameters, queue, CancellationToken.None) is { } refused)
        {
            toasts.Failed(refused.Reason);
            return false;
        }

        await RecordAsync(AuditActions.Edit, id.ToString(), 1);
        toasts.Done("Saved the job.");
        return true;
    }, hasForm: true);

    public Task<bool> SetPausedAsync(QueueName queue, bool paused) => GuardedAsync(async () =>
    {
        await queues.SetPausedAsync(queue, paused, CancellationToken.None);
        await RecordAsync(paused ? AuditActions.Pause : AuditActions.Resume, queue.Value, null);
        toasts.Done(paused ? $"Paused queue {queue}. Jobs in hand go on." : $"Resumed queue {queue}.");
        return true;
    });

    public Task<bool> PurgeAsync(QueueName queue) => GuardedAsync(async () =>
    {
        var purged = await queues.PurgeAsync(queue, CancellationToken.None);
        await RecordAsync(AuditActions.Purge, queue.Value, purged);
        toasts.Done(queue.RawKind is null ? $"Cancelled {Display.Jobs(purged)} of queue {queue}." : $"Took {Display.Entries(purged)} out of {queue}.");
        return true;
    });

    /// <summary>Puts texts into a raw queue. Throws <see cref="InvalidJobException"/>, for the form to show.</summary>
    public Task<bool> AddRawAsync(IReadOnlyList<RawEntry> entries) => GuardedAsync(async () =>
    {
        if (entries.Count == 0)
        {
            throw new InvalidJobException([new FieldError("params", "is required: a text on each line.")]);
        }

        await rawClient.EnqueueAsync(entries, CancellationToken.None);
        await RecordAsync(AuditActions.AddRaw, entries[0].Queue.Value, entries.Count);
        toasts.Done($"Added {Display.Entries(entries.Count)} to {entries[0].Queue}.");
        return true;
    }, hasForm: true);

    public Task<bool> RemoveRawAsync(QueueName queue, string text) => GuardedAsync(async () =>
    {
        var removed = await rawQueues.RemoveAsync(queue, [text], CancellationToken.None);
        await RecordAsync(AuditActions.RemoveRaw, queue.Value, removed);
        toasts.Done(removed > 0 ? $"Took an entry out of {queue}." : "It is not there any more.");
        return removed > 0;
    });

    public Task<bool> SettleRejectedAsync(QueueName queue, IReadOnlyList<JobId> entries, bool putBack) => GuardedAsync(async () =>
    {
        var settled = await rawQueues.SettleRejectedAsync(queue, entries, putBack, CancellationToken.None);
        await RecordAsync(putBack ? AuditActions.PutBackRejected : AuditActions.DropRejected, queue.Value, settled);
        toasts.Done(putBack ? $"Put {Display.Entries(settled)} back into {queue}." : $"Dropped {Display.Entries(settled)} of {queue}.");
        return settled > 0;
    });

    public Task<bool> StopWorkerAsync(WorkerReport worker, StopMode mode) => GuardedAsync(async () =>
    {
        if (!await workers.StopAsync(worker.Id, mode, CancellationToken.None))
        {
            toasts.Failed($"Worker {worker.Name} is gone.");
            return false;
        }

        await RecordAsync(AuditActions.Of(mode), worker.Id.Value, null);
        toasts.Done($"Told worker {worker.Name} to {(mode == StopMode.Drain ? "finish its jobs and stop" : "interrupt its jobs and stop")}.");
        return true;
    });

    internal async Task RecordAsync(string action, string target, long? count) =>
        await audit.RecordAsync(
            Audit.NameOf((await authentication.GetAuthenticationStateAsync()).User), action, target, count, CancellationToken.None);

    /// <summary>Does something for a person: whatever fails is told, and the circuit lives. True: it was done.</summary>
    /// <param name="hasForm">True: a form shows what is wrong with the request.</param>
    internal async Task<bool> GuardedAsync(Func<Task<bool>> act, bool hasForm = false)
    {
        try
        {
            return await act();
        }
        catch (InvalidJobException e) when (!hasForm)
        {
            toasts.Failed(e.Message);
            return false;
        }
        catch (Exception e) when (e is not InvalidJobException)
        {
            // A store may throw anything; the person is told, the circuit lives.
            LogActionFailed(logger, e);
            toasts.Failed($"That did not work. {StoreHealth.Describe(e)}");
            return false;
        }
    }

    [LoggerMessage(6002, LogLevel.Warning, "An action of the dashboard failed; the person was told")]
    private static partial void LogActionFailed(ILogger logger, Exception cause);
}
