using Microsoft.Extensions.Logging;
using Mrq.Storage;

namespace Mrq.Scheduling;

/// <summary>
/// Brings the schedules of the configuration into the store, by hash as the original does: entries that are there stay as they are, with how far they have come;
/// what is new is added, what is no longer said is deleted, so that a changed one is replaced. Entries of people are left alone. Several processes may do it at once.
/// </summary>
internal sealed partial class ScheduleSync(
    IScheduleStore store, ICoordination coordination, ILogger<ScheduleSync> logger, TimeProvider time)
{
    public async Task RunAsync(ConfiguredSchedules configured, CancellationToken cancellationToken)
    {
        if (configured.All is null)
        {
            return;
        }

        var wanted = configured.All.ToDictionary(c => ScheduleHash.Of(c.Schedule, ScheduleOrigin.Config), c => c.Schedule, StringComparer.Ordinal);
        var changed = 0;
        foreach (var entry in (await store.ListAsync(cancellationToken)).Where(e => e.Origin == ScheduleOrigin.Config))
        {
            if (!wanted.Remove(entry.Hash) && await store.DeleteAsync(entry.Id, cancellationToken))
            {
                changed++;
                LogDeleted(entry.Schedule.Name ?? entry.Schedule.Path, entry.Id);
            }
        }

        foreach (var (hash, schedule) in wanted)
        {
            var entry = ScheduleEntries.New(schedule, ScheduleOrigin.Config, hash, time);
            if (await store.InsertAsync(entry, cancellationToken))
            {
                changed++;
                LogAdded(schedule.Name ?? schedule.Path, entry.Id);
            }
        }

        if (changed > 0)
        {
            coordination.Publish(Changes.Schedules);
        }
    }

    [LoggerMessage(4201, LogLevel.Information, "Schedule {Name} ({Id}) of the configuration was added")]
    private partial void LogAdded(string name, ScheduleId id);

    [LoggerMessage(4202, LogLevel.Information, "Schedule {Name} ({Id}) is no longer in the configuration and was deleted")]
    private partial void LogDeleted(string name, ScheduleId id);
}

/// <summary>How entries are made.</summary>
internal static class ScheduleEntries
{
    public static ScheduleEntry New(Schedule schedule, ScheduleOrigin origin, string hash, TimeProvider time) => new()
    {
        Id = ScheduleId.New(time),
        Schedule = schedule,
        Origin = origin,
        Hash = hash,
        Created = WholeMilliseconds(time.GetUtcNow()),
    };

    /// <summary>Stores keep milliseconds; an occurrence must not depend on who has read it.</summary>
    public static DateTimeOffset WholeMilliseconds(DateTimeOffset moment) => DateTimeOffset.FromUnixTimeMilliseconds(moment.ToUnixTimeMilliseconds());
}
