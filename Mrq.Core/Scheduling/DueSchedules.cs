using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Storage;
using Mrq.Tasks;

namespace Mrq.Scheduling;

/// <summary>Makes jobs of the occurrences that are due. docs/schedules.md says why there is exactly one for each.</summary>
internal sealed partial class DueSchedules(
    IScheduleStore store, JobFactory factory, JobClient client, ICoordination coordination, TaskRegistry tasks, IOptions<MrqOptions> options,
    ILogger<DueSchedules> logger, TimeProvider time)
{
    /// <summary>The shortest time for which the job of an occurrence is kept after its success: as long as it is there, its key keeps it from being enqueued twice.</summary>
    public static readonly TimeSpan JobKept = TimeSpan.FromHours(1);

    /// <summary>Enqueues what is due of an entry, then moves the entry on. Answers the entry as it is stored now; null: it is another one by now, read it again.</summary>
    /// <param name="fence">Of the term in which we lead.</param>
    public async Task<ScheduleEntry?> RunAsync(ScheduleEntry entry, Occurrences occurrences, long fence, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var schedule = entry.Schedule;
        var due = occurrences.Last(occurrences.StartOf(entry), now, schedule.Misfire == Misfire.RunAll ? schedule.MisfireLimit : 1);
        if (due.Count == 0)
        {
            return entry;
        }

        var advanced = entry with { HandledUntil = due[^1] };
        if (schedule.Misfire == Misfire.Skip && now - due[^1] > Schedule.SkipAfter)
        {
            LogSkipped(NameOf(entry), due[^1]);
        }
        else
        {
            // The job first: the other order could lose it. Enqueued again, it is found by its key.
            advanced = await EnqueueAsync(advanced, due, now, cancellationToken);
        }

        if (await store.AdvanceAsync(advanced, fence, cancellationToken) != ScheduleWrite.Done)
        {
            return null;
        }

        coordination.Publish(Changes.Schedules);
        return advanced with { Version = entry.Version + 1, Fence = fence };
    }

    private async Task<ScheduleEntry> EnqueueAsync(
        ScheduleEntry entry, IReadOnlyList<DateTimeOffset> due, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            var jobs = due.Select(occurrence => factory.Make(RequestOf(entry, occurrence))).ToList();
            var enqueued = await client.StoreAsync(jobs, cancellationToken);
            return entry with { LastRun = ScheduleEntries.WholeMilliseconds(now), LastJob = enqueued[^1].Id, LastError = null };
        }
        catch (InvalidJobException e)
        {
            // Its params no longer bind: the task was changed. Nothing that we could do again would help.
            LogRefused(NameOf(entry), due[^1], e);
            return entry with { LastError = e.Message };
        }
    }

    private JobRequest RequestOf(ScheduleEntry entry, DateTimeOffset occurrence)
    {
        var kept = tasks.Find(entry.Schedule.Path)?.Options.ResultTtl ?? options.Value.DefaultResultTtl;
        return ScheduleChecks.RequestOf(entry.Schedule) with
        {
            IdempotencyKey = $"schedule:{entry.Id}:{occurrence.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}",
            Tags = [TagOf(entry.Id)],
            ResultTtl = kept < JobKept ? JobKept : null,
        };
    }

    /// <summary>The tag that all jobs of a schedule have.</summary>
    public static string TagOf(ScheduleId id) => $"schedule:{id}";

    private static string NameOf(ScheduleEntry entry) => entry.Schedule.Name ?? entry.Schedule.Path;

    [LoggerMessage(4211, LogLevel.Warning, "Schedule {Name} was due at {Occurrence}, which is too long ago: it is skipped, as it asks for")]
    private partial void LogSkipped(string name, DateTimeOffset occurrence);

    [LoggerMessage(4212, LogLevel.Error, "Schedule {Name} was due at {Occurrence}, and its job was refused; its next occurrence will be tried")]
    private partial void LogRefused(string name, DateTimeOffset occurrence, Exception exception);
}
