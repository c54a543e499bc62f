using Mrq.Batches;
using Mrq.Dashboard.Controls;
using Mrq.Diagnostics;

namespace Mrq.Dashboard.Actions;

/// <summary>What a person does with batches through the pages: the deed, its line in the audit log, and a message about what came of it.</summary>
public sealed class BatchActions(BatchControl control, UserActions actions, ToastQueue toasts)
{
    /// <param name="abort">True: jobs that run are stopped, too.</param>
    public Task<bool> CancelAsync(Batch batch, bool abort) => actions.GuardedAsync(async () =>
    {
        if (await control.CancelAsync(batch.Id, abort, CancellationToken.None) is { } reason)
        {
            toasts.Failed(reason);
            return false;
        }

        await actions.RecordAsync(AuditActions.CancelBatch, AuditActions.TargetOf(batch), null);
        toasts.Done("Cancelled the batch. Its waiting jobs go now.");
        return true;
    });

    /// <summary>Closes an incomplete batch.</summary>
    public Task<bool> CloseAsync(Batch batch) => actions.GuardedAsync(async () =>
    {
        var closed = await control.CloseAsync(batch.Id, CancellationToken.None);
        if (closed.Refused is { } reason)
        {
            toasts.Failed(reason);
            return false;
        }

        if (closed.IsChanged)
        {
            await actions.RecordAsync(AuditActions.CloseBatch, AuditActions.TargetOf(batch), null);
        }

        toasts.Done("Closed the batch. The jobs that it has are all of it.");
        return true;
    });

    public Task<bool> DeleteAsync(Batch batch) => actions.GuardedAsync(async () =>
    {
        if (await control.DeleteAsync(batch.Id, CancellationToken.None) is { } reason)
        {
            toasts.Failed(reason);
            return false;
        }

        await actions.RecordAsync(AuditActions.DeleteBatch, AuditActions.TargetOf(batch), null);
        toasts.Done("Deleted the batch. Its jobs stay.");
        return true;
    });
}
