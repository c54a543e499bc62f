using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Scheduling;

/// <summary>An entry as people see it.</summary>
/// <param name="Next">When it comes next; null: it is paused, or never comes.</param>
/// <param name="Error">Why it cannot be run; null: it can.</param>
public sealed record ScheduleOverview(ScheduleEntry Entry, DateTimeOffset? Next, string? Error);

/// <summary>What became of a wish to change an entry.</summary>
public enum ScheduleChange
{
    Done,

    NotFound,

    /// <summary>It comes from the configuration and is changed there.</summary>
    FromConfiguration,

    /// <summary>An entry with the same content is there.</summary>
    Duplicate,
}

/// <summary>What people do with schedules.</summary>
public sealed class ScheduleControl(IScheduleStore store, JobFactory factory, JobClient client, ICoordination coordination, TimeProvider time)
{
    private const int MostTries = 10;

    /// <summary>All entries by name.</summary>
    public async Task<IReadOnlyList<ScheduleOverview>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await store.ListAsync(cancellationToken)).Select(Look).OrderBy(o => o.Entry.Schedule.Name ?? o.Entry.Schedule.Path, StringComparer.OrdinalIgnoreCase)];

    /// <summary>One entry; null: there is none.</summary>
    public async Task<ScheduleOverview?> FindAsync(ScheduleId id, CancellationToken cancellationToken) =>
        await store.FindAsync(id, cancellationToken) is { } entry ? Look(entry) : null;

    /// <summary>Everything that is wrong with a schedule; empty: nothing.</summary>
    /// <param name="unread">What could not be read of it: said first, and nothing that follows from it is said.</param>
    public async Task<IReadOnlyList<FieldError>> CheckAsync(Schedule schedule, IReadOnlyList<FieldError> unread, CancellationToken cancellationToken) =>
        [.. ScheduleChecks.Together(unread, await CheckAsync(schedule, cancellationToken))];

    private async Task<IReadOnlyList<FieldError>> CheckAsync(Schedule schedule, CancellationToken cancellationToken)
    {
        var errors = new List<FieldError>();
        if (schedule.Path.Length == 0)
        {
            errors.Add(new FieldError("path", "is required: the path of a task."));
        }
        else
        {
            try
            {
                await factory.MakeAsync(ScheduleChecks.RequestOf(schedule), cancellationToken);
            }
            catch (InvalidJobException e)
            {
                errors.AddRange(e.Errors);
            }
        }

        Occurrences.TryMake(schedule, out _, out var ofTimes);
        errors.AddRange(ofTimes);
        return errors;
    }

    /// <summary>The next occurrences of a schedule that is stored now, at most <paramref name="count"/>; none when it says no time.</summary>
    /// <param name="isNew">True: it is added, so that an interval begins at once. False: it is changed.</param>
    public IReadOnlyList<DateTimeOffset> Preview(Schedule schedule, bool isNew, int count)
    {
        if (!Occurrences.TryMake(schedule, out var occurrences, out _))
        {
            return [];
        }

        var times = new List<DateTimeOffset>(count);
        var start = isNew ? occurrences.StartOf(ScheduleEntries.New(schedule, ScheduleOrigin.Api, "", time)) : Now;
        for (var next = occurrences.Next(start); next is { } found && times.Count < count; next = occurrences.Next(found))
        {
            times.Add(found);
        }

        return times;
    }

    /// <summary>Adds an entry. Null: an entry with the same content is there.</summary>
    /// <exception cref="InvalidJobException">The schedule cannot be used; each wrong field is named.</exception>
    public async Task<ScheduleEntry?> AddAsync(Schedule schedule, CancellationToken cancellationToken)
    {
        await RequireGoodAsync(schedule, cancellationToken);
        var entry = ScheduleEntries.New(schedule, ScheduleOrigin.Api, ScheduleHash.Of(schedule, ScheduleOrigin.Api), time);
        if (!await store.InsertAsync(entry, cancellationToken))
        {
            return null;
        }

        coordination.Publish(Changes.Schedules);
        return entry;
    }

    /// <summary>Gives an entry another content. Its times count from now on.</summary>
    /// <exception cref="InvalidJobException">The schedule cannot be used; each wrong field is named.</exception>
    public async Task<ScheduleChange> ChangeAsync(ScheduleId id, Schedule schedule, CancellationToken cancellationToken)
    {
        await RequireGoodAsync(schedule, cancellationToken);
        return await ChangeAsync(
            id,
            isConfigurationSpared: true,
            entry => entry with
            {
                Schedule = schedule,
                Hash = ScheduleHash.Of(schedule, ScheduleOrigin.Api),
                HandledUntil = Now,
                LastError = null,
            },
            cancellationToken);
    }

    /// <summary>Pauses an entry, or resumes it: then its times count from now on. Also those of the configuration.</summary>
    public Task<ScheduleChange> SetPausedAsync(ScheduleId id, bool paused, CancellationToken cancellationToken) => ChangeAsync(
        id,
        isConfigurationSpared: false,
        entry => entry.Paused == paused ? entry : entry with { Paused = paused, HandledUntil = paused ? entry.HandledUntil : Now },
        cancellationToken);

    /// <summary>Deletes an entry. Its jobs stay.</summary>
    public async Task<ScheduleChange> DeleteAsync(ScheduleId id, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(id, cancellationToken) is not { } entry)
        {
            return ScheduleChange.NotFound;
        }

        if (entry.Origin == ScheduleOrigin.Config)
        {
            return ScheduleChange.FromConfiguration;
        }

        var deleted = await store.DeleteAsync(id, cancellationToken);
        coordination.Publish(Changes.Schedules);
        return deleted ? ScheduleChange.Done : ScheduleChange.NotFound;
    }

    /// <summary>Enqueues a job of an entry now, paused or not; its times stay as they are. Null: there is no such entry.</summary>
    /// <exception cref="InvalidJobException">The job cannot be accepted: its task is not known, or its params no longer bind.</exception>
    public async Task<JobId?> RunNowAsync(ScheduleId id, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(id, cancellationToken) is not { } found)
        {
            return null;
        }

        var request = ScheduleChecks.RequestOf(found.Schedule) with { Tags = [DueSchedules.TagOf(id)] };
        var job = (await client.EnqueueAsync(request, cancellationToken)).Id;
        try
        {
            await ChangeAsync(id, isConfigurationSpared: false, entry => entry with { LastRun = Now, LastJob = job, LastError = null }, cancellationToken);
        }
        catch (StorageUnavailableException)
        {
            // The job is accepted: that the entry does not know it is no reason to tell the person that it was not.
        }

        return job;
    }

    private DateTimeOffset Now => ScheduleEntries.WholeMilliseconds(time.GetUtcNow());

    private static ScheduleOverview Look(ScheduleEntry entry) =>
        !Occurrences.TryMake(entry.Schedule, out var occurrences, out var errors)
            ? new ScheduleOverview(entry, null, string.Join(" ", errors.Select(e => $"{e.Field}: {e.Error}")))
            : new ScheduleOverview(entry, entry.Paused ? null : occurrences.Next(occurrences.StartOf(entry)), null);

    private async Task RequireGoodAsync(Schedule schedule, CancellationToken cancellationToken)
    {
        if (await CheckAsync(schedule, cancellationToken) is { Count: > 0 } errors)
        {
            throw new InvalidJobException(errors);
        }
    }

    /// <summary>Changes an entry over its latest version: the scheduler may move it on meanwhile.</summary>
    private async Task<ScheduleChange> ChangeAsync(
        ScheduleId id, bool isConfigurationSpared, Func<ScheduleEntry, ScheduleEntry> change, CancellationToken cancellationToken)
    {
        for (var i = 0; i < MostTries; i++)
        {
            if (await store.FindAsync(id, cancellationToken) is not { } entry)
            {
                return ScheduleChange.NotFound;
            }

            if (isConfigurationSpared && entry.Origin == ScheduleOrigin.Config)
            {
                return ScheduleChange.FromConfiguration;
            }

            var changed = change(entry);
            if (changed == entry)
            {
                return ScheduleChange.Done;
            }

            switch (await store.ReplaceAsync(changed, cancellationToken))
            {
                case ScheduleWrite.Done:
                    coordination.Publish(Changes.Schedules);
                    return ScheduleChange.Done;
                case ScheduleWrite.HashTaken:
                    return ScheduleChange.Duplicate;
            }
        }

        throw new StorageUnavailableException($"Schedule {id} changes all the time: {MostTries} attempts to change it were overtaken. Try again.");
    }
}
