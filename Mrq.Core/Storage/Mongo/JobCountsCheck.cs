using Mrq.Maintenance;
using Mrq.Storage.Filtering;
using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>
/// Counts the documents themselves and puts wrong totals of <see cref="JobCounts"/> right. A total counts as wrong only when two passes in a row found the same
/// difference and nobody has changed it meanwhile: what was on its way during the first has arrived by the second.
/// </summary>
internal sealed class JobCountsCheck(MongoDatabase database, JobCounts counts, TimeProvider time) : IMaintenanceTask
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(30);

    /// <summary>Until the second look at a difference; long enough for what was on its way to arrive.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    /// <summary>How long the leader waits for a pass before it does something else; the pass goes on.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /* In the order of the index that serves it, so that no document is read. */
    private static readonly byte[] CountByGroup = BsonWriter.Document(w => w
        .BeginArray("pipeline"u8)
        .BeginDocument(default).BeginDocument("$sort"u8)
        .Int32("status"u8, 1).Int32("queue"u8, 1).Int32("path"u8, 1).Int32("exceptiontype"u8, 1).Int32("_id"u8, 1).End().End()
        .BeginDocument(default).BeginDocument("$group"u8).BeginDocument("_id"u8)
        .Utf8("status"u8, "$status"u8).Utf8("queue"u8, "$queue"u8).Utf8("path"u8, "$path"u8).Utf8("exceptiontype"u8, "$exceptiontype"u8).End()
        .BeginDocument("count"u8).Int32("$sum"u8, 1).End().End().End()
        .End());

    private HashSet<(JobCounts.Total Seen, long Jobs)> _suspects = [];
    private Task<int>? _pass;
    private TimeSpan _took;
    private bool _differs;

    /// <inheritdoc/>
    public string Name => nameof(JobCountsCheck);

    /// <summary>So long that the passes take at most a hundredth of the time, from 30 s; after one that found a difference, a tenth, from 5 s.</summary>
    public TimeSpan Interval => _pass is not null ? Patience : _differs ? Longer(_took * 10, Soon) : Longer(_took * 100, Shortest);

    /// <inheritdoc/>
    public async Task<MaintenanceRun> RunAsync(CancellationToken cancellationToken)
    {
        var pass = _pass ??= CheckAsync(cancellationToken);
        if (await Task.WhenAny(pass, Task.Delay(Patience, time, cancellationToken)) != pass)
        {
            return new MaintenanceRun(0, IsMore: false);
        }

        _pass = null;
        return new MaintenanceRun(await pass, IsMore: false);
    }

    /// <summary>One pass. Returns how many totals it changed.</summary>
    internal async Task<int> CheckAsync(CancellationToken cancellationToken)
    {
        var before = (await counts.LoadAsync(cancellationToken)).ToDictionary(total => total.Group);
        var jobs = await CountAsync(cancellationToken);
        var after = await counts.LoadAsync(cancellationToken);
        var suspects = after.Where(total => before.GetValueOrDefault(total.Group) == total)
            .Select(total => (Seen: total, Jobs: jobs.GetValueOrDefault(total.Group)))
            .Where(seen => seen.Jobs == 0 || seen.Jobs != seen.Seen.Count)
            .ToHashSet();
        foreach (var total in after)
        {
            jobs.Remove(total.Group);
        }

        // Groups without a total: other programs have made their jobs, or a process has died at their first.
        var missing = jobs.Select(group => (Seen: new JobCounts.Total(group.Key, -1, -1), Jobs: group.Value)).ToList();
        List<(JobCounts.Total Seen, long Jobs)> wrong = [.. suspects.Where(_suspects.Contains)];
        List<(JobCounts.Total Seen, long Jobs)> unknown = [.. missing.Where(group => after.Count == 0 || _suspects.Contains(group))];
        _suspects = [.. suspects, .. missing];
        _differs = _suspects.Any(seen => seen.Jobs != seen.Seen.Count && !wrong.Contains(seen) && !unknown.Contains(seen));
        await counts.CorrectAsync(wrong, cancellationToken);
        await counts.AddMissingAsync(unknown.Select(group => (group.Seen.Group, group.Jobs)), cancellationToken);
        return wrong.Count + unknown.Count;
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private async Task<Dictionary<JobGroupKey, long>> CountAsync(CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        try
        {
            var groups = await database.RunAsync(client => client.AggregateAsync(database.Collections.Jobs, CountByGroup, Read, cancellationToken));
            return groups.GroupBy(group => group.Key).ToDictionary(group => group.Key, group => group.Sum(part => part.Count));
        }
        finally
        {
            // Also of a pass that took too long for an answer: the next must not follow at its heels.
            _took = time.GetElapsedTime(begun);
        }
    }

    private static (JobGroupKey Key, long Count) Read(ReadOnlySpan<byte> document) => (
        BsonReader.TryFind(document, "_id"u8, out var id) ? JobCounts.ReadGroup(id.GetDocument()) : default,
        BsonReader.TryFind(document, "count"u8, out var count) ? count.GetInt64() : 0);
}
