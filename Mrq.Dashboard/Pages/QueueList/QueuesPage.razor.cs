using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Options;
using Mrq.Dashboard.Actions;
using Mrq.Dashboard.Controls;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Workers;

namespace Mrq.Dashboard.Pages.QueueList;

/// <summary>The queues: how full, how old, how fast; paused, resumed, purged.</summary>
public sealed partial class QueuesPage
{
    private const int Spans = 30;
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(30);

    private IReadOnlyList<QueueRow> _queues = [];
    private QueueOverview? _purge;

    [Inject] private QueueControl Queues { get; set; } = null!;

    [Inject] private IJobQueries Queries { get; set; } = null!;

    [Inject] private WorkerControl Workers { get; set; } = null!;

    [Inject] private UserActions Actions { get; set; } = null!;

    [Inject] private QueueLimits Limits { get; set; } = null!;

    [Inject] private RawQueueRegistry Factories { get; set; } = null!;

    [Inject] private IOptions<MrqOptions> Options { get; set; } = null!;

    [Inject] private TaskRegistry Registry { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    protected override Changes Watches => Changes.Jobs | Changes.Queues | Changes.Workers;

    protected override TimeSpan? Every => TimeSpan.FromSeconds(10);

    protected override async Task<Action> ReadAsync(CancellationToken cancellationToken)
    {
        var now = Time.GetUtcNow();
        var from = RateChart.Begin(now, Step, Spans);
        var queues = await Queues.ListAsync(cancellationToken);
        var rates = (await Queries.RatesAsync(from, Step, cancellationToken)).ToLookup(r => r.Queue);
        var workers = await Workers.ListAsync(cancellationToken);
        return () => _queues = [.. queues.Select(q => Row(q, rates[q.Name], from, q.Waiting > 0 && Unserved.Is(q.Name, workers, now)))];
    }

    private static QueueRow Row(QueueOverview queue, IEnumerable<RatePoint> points, DateTimeOffset from, bool unserved)
    {
        var sums = RateChart.Sum(points, from, Step, Spans, _ => true);
        // The last span is not over, and would look like a fall.
        var whole = sums[..^1];
        var perMinute = whole[^2..].Sum() * 60 / (2 * Step.TotalSeconds);
        var failed = queue.Counts.Where(c => JobStatuses.Error.Contains(c.Key)).Sum(c => c.Value);
        var rate = perMinute == 0 ? "idle" : perMinute >= 120 ? $"{perMinute / 60:N0}/s" : $"{perMinute:0}/min";
        return new QueueRow(queue, failed, [.. whole.Select(s => (double)s)], rate, unserved);
    }

    // Where rows are narrow, what is nothing is left out.
    private static string? Zero(long number) => number == 0 ? "zero" : null;

    private string RetryQueueOf(RawQueue factory) => factory.Options.RetryQueue?.Value ?? Options.Value.DefaultQueue;

    private sealed record QueueRow(QueueOverview Queue, long Failed, IReadOnlyList<double> Rates, string Rate, bool Unserved);
}
