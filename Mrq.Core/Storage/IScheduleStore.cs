using Mrq.Scheduling;

namespace Mrq.Storage;

/// <summary>What became of a change of an entry.</summary>
public enum ScheduleWrite
{
    Done,

    /// <summary>Nothing was changed: the entry is gone, has another version, or a younger leader has changed it. Read it again.</summary>
    Stale,

    /// <summary>Nothing was changed: another entry has this hash.</summary>
    HashTaken,
}

/// <summary>
/// The entries of the scheduler. A change is a compare-and-set over the version that was read, so that neither a person's wish nor the
/// progress of the scheduler is lost to the other.
/// </summary>
public interface IScheduleStore
{
    /// <summary>All entries, in the order in which they were added.</summary>
    Task<IReadOnlyList<ScheduleEntry>> ListAsync(CancellationToken cancellationToken);

    /// <summary>One entry; null: there is none.</summary>
    Task<ScheduleEntry?> FindAsync(ScheduleId id, CancellationToken cancellationToken);

    /// <summary>Adds an entry. False: another one has its hash. Adding the same entry twice answers true twice.</summary>
    Task<bool> InsertAsync(ScheduleEntry entry, CancellationToken cancellationToken);

    /// <summary>Stores all of an entry but its id and fence over the stored one of the same version, which then is one higher.</summary>
    Task<ScheduleWrite> ReplaceAsync(ScheduleEntry entry, CancellationToken cancellationToken);

    /// <summary>
    /// Stores how far the scheduler has come (<see cref="ScheduleEntry.HandledUntil"/>, <see cref="ScheduleEntry.LastRun"/>,
    /// <see cref="ScheduleEntry.LastJob"/>, <see cref="ScheduleEntry.LastError"/>) over the stored entry of the same version, unless a leader
    /// with a higher fence than <paramref name="fence"/> has changed it. The version is one higher then.
    /// </summary>
    Task<ScheduleWrite> AdvanceAsync(ScheduleEntry entry, long fence, CancellationToken cancellationToken);

    /// <summary>Deletes an entry. False: there is none.</summary>
    Task<bool> DeleteAsync(ScheduleId id, CancellationToken cancellationToken);
}
