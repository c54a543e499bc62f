using Microsoft.AspNetCore.Components;
using Mrq.Dashboard.Controls;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Workers;

namespace Mrq.Dashboard.Pages.Overview;

/// <summary>The state of everything at a glance; each number leads to the list behind it.</summary>
public sealed partial class OverviewPage
{
    private const int Rows = 6;
    private static readonly IReadOnlyList<(string, string)> Choices = [.. RateChart.Ranges.Select(r => (r.Key, r.Key))];

    private IReadOnlyList<StatusCard> _cards = [];
    private IReadOnlyList<QueueOverview> _queues = [];
    private IReadOnlyList<Job> _running = [];
    private IReadOnlyList<Job> _failures = [];
    private IReadOnlyList<WorkerOverview> _workers = [];
    private string? _chart;
    private string _rate = "";
    private long _runningCount;
    private bool _nothing;

    [Inject] private IJobQueries Queries { get; set; } = null!;

    [Inject] private QueueControl Queues { get; set; } = null!;

    [Inject] private WorkerControl Workers { get; set; } = null!;

    [Inject] private TaskRegistry Registry { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    /// <summary>Length of the chart: one of the keys of <see cref="RateChart.Ranges"/>.</summary>
    [SupplyParameterFromQuery(Name = "range")] public string? Range { get; set; }

    protected override Changes Watches => Changes.Jobs | Changes.Queues | Changes.Workers;

    // The chart moves on also when nothing happens.
    protected override TimeSpan? Every => TimeSpan.FromSeconds(5);

    private string RangeKey => RateChart.Ranges.Any(r => r.Key == Range) ? Range! : "15m";

    protected override async Task<Action> ReadAsync(CancellationToken cancellationToken)
    {
        var now = Time.GetUtcNow();
        var (_, length, step) = RateChart.Ranges.First(r => r.Key == RangeKey);
        var spans = (int)(length / step);
        var from = RateChart.Begin(now, step, spans);

        var queues = await Queues.ListAsync(cancellationToken);
        var rates = await Queries.RatesAsync(from, step, cancellationToken);
        var running = (await Queries.FindAsync(new JobFilter { Statuses = JobStatuses.Of(JobStatus.Started) }, new JobPageRequest(Limit: Rows), cancellationToken)).Jobs;
        var failures = await Queries.FindLastFailedAsync(Rows, cancellationToken);
        var workers = (await Workers.OverviewAsync(cancellationToken)).Where(worker => worker.IsAlive && !worker.Report.IsSystem).ToList();
        return () =>
        {
            (_running, _failures, _workers) = (running, failures, workers);
            _queues = [.. queues.OrderByDescending(q => q.Waiting).ThenBy(q => q.Name).Take(8)];
            _chart = RateChart.Data(rates, from, step, spans);
            _rate = Rate(rates.Where(r => r.From >= now - TimeSpan.FromMinutes(1)).Sum(r => r.Count));
            _runningCount = queues.Sum(q => q.Counts.GetValueOrDefault(JobStatus.Started));
            _nothing = queues.All(q => q.Counts.Count == 0);
            _cards = Cards(queues, workers);
        };
    }

    // The mean of a minute, as that of the queues is.
    private static string Rate(long lastMinute) => lastMinute switch
    {
        0 => "idle",
        1 => "1 job/min",
        < 120 => $"{lastMinute:N0} jobs/min",
        _ => $"{lastMinute / 60.0:N0} jobs/s",
    };

    private static IReadOnlyList<StatusCard> Cards(IReadOnlyList<QueueOverview> queues, IReadOnlyList<WorkerOverview> workers)
    {
        long Count(JobStatuses statuses) => queues.Sum(q => q.Counts.Where(c => statuses.Contains(c.Key)).Sum(c => c.Value));
        var slots = WorkerTotals.Of(workers).Slots;
        var paused = queues.Count(q => q.Paused);
        var heldBack = queues.Sum(q => q.HeldBack);
        var errors = JobStatuses.Error.Select(s => (Status: s, Count: Count(JobStatuses.Of(s)))).Where(e => e.Count > 0).OrderByDescending(e => e.Count).ToList();
        var stopped = JobStatuses.Of(JobStatus.Cancel, JobStatus.Abort);
        return
        [
            Card("Queued", JobStatuses.Of(JobStatus.Queued), "que", paused > 0 ? $"{paused} paused {(paused == 1 ? "queue" : "queues")}" : "in all queues"),
            Card("Running", JobStatuses.Of(JobStatus.Started), "run", slots == 0 ? "no worker" : Count(JobStatuses.Of(JobStatus.Started)) > slots ? $"{slots:N0} slots are full" : $"of {slots:N0} slots"),
            Card("Scheduled", JobStatuses.Of(JobStatus.Scheduled), "sch", "for later"),
            Card("Will retry", JobStatuses.Of(JobStatus.Retry), "warn", heldBack > 0 ? $"{heldBack:N0} held by limits" : "by themselves"),
            Card("Waiting", JobStatuses.Of(JobStatus.Deferred), "sch", "for another job"),
            Card("Succeeded", JobStatuses.Of(JobStatus.Success), "ok", "kept results"),
            Card("Failed", JobStatuses.Error, "bad", ByStatus(errors, 2), ByStatus(errors, errors.Count)),
            Card("Cancelled", stopped, "dim", "or aborted"),
        ];

        StatusCard Card(string label, JobStatuses statuses, string kind, string note, string? title = null) =>
            new(label, Count(statuses), kind, note, title, JobList.JobQuery.Link(status: statuses == JobStatuses.Error ? "error" : statuses.ToString()));
    }

    // Where not all have room, the rest is one number: together they are the total above them.
    private static string ByStatus(List<(JobStatus Status, long Count)> counts, int shown)
    {
        var named = counts.Count <= shown ? counts.Count : 1;
        var text = string.Join(", ", counts.Take(named).Select(c => $"{c.Count:N0} {Display.Label(c.Status).ToLowerInvariant()}"));
        return counts.Count == 0 ? "none" : named == counts.Count ? text : $"{text} and {counts.Skip(named).Sum(c => c.Count):N0} more";
    }

    private void SetRange(string key) => Navigation.NavigateTo(key == "15m" ? "" : $"?range={key}", replace: true);

    private sealed record StatusCard(string Label, long Count, string Kind, string Note, string? Title, string Link);
}
