using Mrq.Dashboard.Controls;
using Mrq.Diagnostics;
using Mrq.Jobs;
using Mrq.Scheduling;

namespace Mrq.Dashboard.Actions;

/// <summary>What a person does with schedules through the pages: the deed, its line in the audit log, and a message about what came of it.</summary>
public sealed class ScheduleActions(ScheduleControl control, UserActions actions, ToastQueue toasts)
{
    /// <summary>What is wrong with a schedule; null: that could not be asked, and the person was told.</summary>
    public async Task<IReadOnlyList<FieldError>?> CheckAsync(Schedule schedule, IReadOnlyList<FieldError> unread)
    {
        IReadOnlyList<FieldError>? errors = null;
        await actions.GuardedAsync(async () => (errors = await control.CheckAsync(schedule, unread, CancellationToken.None)).Count == 0);
        return errors;
    }

    /// <summary>Adds a schedule. Throws <see cref="InvalidJobException"/>, for the form to show.</summary>
    public Task<bool> AddAsync(Schedule schedule) => actions.GuardedAsync(
        async () =>
        {
            if (await control.AddAsync(schedule, CancellationToken.None) is not { } added)
            {
                return Failed(ScheduleChange.Duplicate);
            }

            await actions.RecordAsync(AuditActions.AddSchedule, AuditActions.TargetOf(added.Id, schedule), null);
            toasts.Done($"Added {NameOf(schedule)}: {ScheduleWords.Of(schedule)}.");
            return true;
        },
        hasForm: true);

    /// <summary>Gives a schedule another content. Throws <see cref="InvalidJobException"/>, for the form to show.</summary>
    public Task<bool> ChangeAsync(ScheduleEntry entry, Schedule schedule) => actions.GuardedAsync(
        async () =>
        {
            if (await control.ChangeAsync(entry.Id, schedule, CancellationToken.None) is not ScheduleChange.Done and var refused)
            {
                return Failed(refused);
            }

            await actions.RecordAsync(AuditActions.ChangeSchedule, AuditActions.TargetOf(entry.Id, schedule), null);
            toasts.Done($"Saved {NameOf(schedule)}: {ScheduleWords.Of(schedule)}.");
            return true;
        },
        hasForm: true);

    public Task<bool> DeleteAsync(ScheduleEntry entry) => actions.GuardedAsync(async () =>
    {
        if (await control.DeleteAsync(entry.Id, CancellationToken.None) is not ScheduleChange.Done and var refused)
        {
            return Failed(refused);
        }

        await RecordAsync(AuditActions.DeleteSchedule, entry, null);
        toasts.Done($"Deleted {NameOf(entry.Schedule)}.");
        return true;
    });

    public Task<bool> SetPausedAsync(ScheduleEntry entry, bool paused) => actions.GuardedAsync(async () =>
    {
        if (await control.SetPausedAsync(entry.Id, paused, CancellationToken.None) is not ScheduleChange.Done and var refused)
        {
            return Failed(refused);
        }

        await RecordAsync(paused ? AuditActions.PauseSchedule : AuditActions.ResumeSchedule, entry, null);
        toasts.Done(paused ? $"Paused {NameOf(entry.Schedule)}." : $"Resumed {NameOf(entry.Schedule)}. Its times count from now on.");
        return true;
    });

    public Task<bool> RunAsync(ScheduleEntry entry) => actions.GuardedAsync(async () =>
    {
        if (await control.RunNowAsync(entry.Id, CancellationToken.None) is not { } job)
        {
            return Failed(ScheduleChange.NotFound);
        }

        await RecordAsync(AuditActions.RunSchedule, entry, 1);
        toasts.Done($"Enqueued {entry.Schedule.Path}.", $"jobs/{job}", "Open");
        return true;
    });

    private bool Failed(ScheduleChange refused)
    {
        toasts.Failed(refused switch
        {
            ScheduleChange.NotFound => "The schedule is gone.",
            ScheduleChange.FromConfiguration => "It comes from the configuration, and is changed there.",
            _ => "A schedule with the same content is there already. Give this one another name, if both are meant.",
        });
        return false;
    }

    private Task RecordAsync(string action, ScheduleEntry entry, long? count) => actions.RecordAsync(action, AuditActions.TargetOf(entry.Id, entry.Schedule), count);

    private static string NameOf(Schedule schedule) => schedule.Name ?? schedule.Path;
}
