using Mrq.Dashboard;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Server.Output;

/// <summary>Queues for people: what waits, since when, who works on it and how fast.</summary>
internal static class QueueTable
{
    private static readonly IReadOnlyList<TextColumn> Columns =
    [
        new("queue", Fit: ColumnFit.Cut), new("waiting", IsRight: true), new("oldest", IsRight: true, Weight: 5), new("running", IsRight: true, Weight: 4),
        new("ended/s", IsRight: true, Weight: 2), new("workers", IsRight: true, Weight: 3), new("rejected", IsRight: true, Weight: 1), new("state", Weight: 6),
    ];

    /// <param name="rates">What ended in the last minute.</param>
    public static TextTable Of(IReadOnlyList<QueueOverview> queues, IReadOnlyList<WorkerReport> workers, IReadOnlyList<RatePoint> rates, TimeSpan span, DateTimeOffset now)
    {
        var alive = workers.Where(worker => worker.IsAlive(now)).ToList();
        var ended = rates.GroupBy(point => point.Queue).ToDictionary(group => group.Key, group => group.Sum(point => point.Count) / span.TotalSeconds);
        return new TextTable(Columns, [.. queues.Select(queue => Row(queue, alive.Count(worker => worker.Listens(queue.Name)), ended.GetValueOrDefault(queue.Name), now))]);
    }

    private static IReadOnlyList<TextCell> Row(QueueOverview queue, int listening, double rate, DateTimeOffset now) =>
    [
        queue.Name.Value,
        new(Display.Waiting(queue), queue.Waiting == 0 ? TextStyle.Dim : TextStyle.Waiting, $"{queue.Waiting}"),
        new(queue.Oldest is { } oldest ? Display.Since(oldest, now) : "-", TextStyle.Plain, Display.Iso(queue.Oldest) ?? ""),
        queue.Counts.GetValueOrDefault(JobStatus.Started).ToString("N0"),
        new(rate == 0 ? "-" : rate < 0.1 ? "<0.1" : $"{rate:N1}", TextStyle.Plain, $"{rate:0.###}"),
        new($"{listening}", listening == 0 && queue.Waiting > 0 ? TextStyle.Bad : TextStyle.Plain),
        new(queue.Raw is { } raw ? $"{raw.Rejected:N0}" : "-", queue.Raw is { Rejected: > 0 } ? TextStyle.Bad : TextStyle.Plain, $"{queue.Raw?.Rejected ?? 0}"),
        queue.Paused ? new("paused", TextStyle.Warning) : listening == 0 && queue.Waiting > 0 ? new("nobody listens", TextStyle.Bad) : new("", Plain: "-"),
    ];
}
