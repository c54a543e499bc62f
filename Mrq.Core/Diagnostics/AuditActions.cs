using Mrq.Batches;
using Mrq.Jobs;
using Mrq.Scheduling;
using Mrq.Workers;

namespace Mrq.Diagnostics;

/// <summary>What the audit log calls the deeds, whoever does them: API, dashboard or a bulk action's job.</summary>
public static class AuditActions
{
    /// <summary>Target: the task's path.</summary>
    public const string Enqueue = "job.enqueue";

    /// <summary>An import of many jobs begins; target: <see cref="BulkTarget"/> of where they come from. The entries of <see cref="Enqueue"/> say which tasks' they were.</summary>
    public const string ImportBegin = "jobs.import";

    /// <summary>An import has ended, well or early; target: its id, count: the jobs that were queued.</summary>
    public const string ImportEnd = "jobs.import.end";

    public const string Edit = "job.edit";

    public const string Pause = "queue.pause";

    public const string Resume = "queue.resume";

    public const string Purge = "queue.purge";

    /// <summary>Texts of a raw queue; target: its name.</summary>
    public const string AddRaw = "queue.raw.add";

    public const string RemoveRaw = "queue.raw.remove";

    public const string PutBackRejected = "queue.rejected.put_back";

    public const string DropRejected = "queue.rejected.drop";

    /// <summary>Target of all deeds on batches: <see cref="TargetOf(Batch)"/>.</summary>
    public const string AddBatch = "batch.add";

    public const string CancelBatch = "batch.cancel";

    public const string CloseBatch = "batch.close";

    public const string DeleteBatch = "batch.delete";

    /// <summary>Target of all deeds on schedules: <see cref="TargetOf(ScheduleId, Schedule)"/>.</summary>
    public const string AddSchedule = "schedule.add";

    public const string ChangeSchedule = "schedule.change";

    public const string DeleteSchedule = "schedule.delete";

    public const string RunSchedule = "schedule.run";

    public const string PauseSchedule = "schedule.pause";

    public const string ResumeSchedule = "schedule.resume";

    /// <summary>A schedule's name, or its task, and its id.</summary>
    public static string TargetOf(ScheduleId id, Schedule schedule) => $"{schedule.Name ?? schedule.Path} ({id})";

    /// <summary>A batch's name, if it has one, and its id.</summary>
    public static string TargetOf(Batch batch) => batch.Name is null ? batch.Id.ToString() : $"{batch.Name} ({batch.Id})";

    /// <summary>For one job, or for a few at once.</summary>
    public static string Of(JobAction action) => $"job.{Lower(action)}";

    /// <summary>A bulk action begins; target: <see cref="BulkTarget"/>. How many jobs it changes is known at its end.</summary>
    public static string BulkBegin(JobAction action) => $"jobs.{Lower(action)}";

    /// <summary>A bulk action has ended, well or early; target: the job that carried it out, count: the jobs that it changed.</summary>
    public static string BulkEnd(JobAction action) => $"jobs.{Lower(action)}.end";

    /// <summary>The filter, or the source of an import, and the id under which the end is noted: that of the job that carries the action out, or one of the import alone.</summary>
    public static string BulkTarget(string what, JobId id) => $"{what} by {id}";

    public static string Of(StopMode mode) => $"worker.{Lower(mode)}";

    private static string Lower<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
