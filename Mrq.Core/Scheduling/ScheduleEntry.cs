using Mrq.Jobs;

namespace Mrq.Scheduling;

/// <summary>Where an entry comes from, and so who may change it.</summary>
public enum ScheduleOrigin
{
    /// <summary>The configuration or C#: it changes only there.</summary>
    Config,

    /// <summary>A person or a program, through the API or the dashboard.</summary>
    Api,
}

/// <summary>A schedule as it stands in the store.</summary>
public sealed record ScheduleEntry
{
    public required ScheduleId Id { get; init; }

    public required Schedule Schedule { get; init; }

    public required ScheduleOrigin Origin { get; init; }

    /// <summary>Stands for the schedule's content, with its origin: two entries never have the same.</summary>
    public required string Hash { get; init; }

    /// <summary>True: nothing is enqueued until it is resumed.</summary>
    public bool Paused { get; init; }

    /// <summary>When it was added.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Occurrences up to here have been dealt with; null: none has, and an interval begins at <see cref="Created"/>. The original's <c>datelastqueued</c>.</summary>
    public DateTimeOffset? HandledUntil { get; init; }

    /// <summary>When a job was last enqueued, by the scheduler or by a person; null: never.</summary>
    public DateTimeOffset? LastRun { get; init; }

    /// <summary>That job; it may be deleted by now. Null: there was none.</summary>
    public JobId? LastJob { get; init; }

    /// <summary>Why the last occurrence could not be enqueued; null: it could.</summary>
    public string? LastError { get; init; }

    /// <summary>Grows with every change; a change is made only over the version that was read. 0 before the first.</summary>
    public long Version { get; init; }

    /// <summary>The fence of the leader that changed it last; 0: none did.</summary>
    public long Fence { get; init; }
}
