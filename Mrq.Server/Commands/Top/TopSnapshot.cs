using Mrq.Dashboard;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Server.Commands.Top;

/// <summary>What <c>mrq top</c> shows at one moment.</summary>
/// <param name="Counts">Jobs by status; statuses that no job is in are left out.</param>
/// <param name="Rates">Jobs per second that ended in each of the last spans, oldest first.</param>
/// <param name="QueueRates">Jobs per second that ended in the same time as those of <see cref="Rate"/>, by queue; queues where none did are left out.</param>
/// <param name="Workers">Those that live, by name.</param>
/// <param name="Running">The jobs that run, the longest running first: of more than <see cref="TopReader.MostRunning"/> the ones last enqueued.</param>
internal sealed record TopSnapshot(
    DateTimeOffset Time, IReadOnlyDictionary<JobStatus, long> Counts, IReadOnlyList<double> Rates, IReadOnlyDictionary<QueueName, double> QueueRates,
    IReadOnlyList<QueueOverview> Queues, IReadOnlyList<WorkerOverview> Workers, IReadOnlyList<RunningRow> Running)
{
    /// <summary>Spans whose rate is told as that of now. The one that has only begun is none of them.</summary>
    public const int RateSpans = 2;

    /// <summary>Jobs per second that end now: in the last whole spans.</summary>
    public double Rate => Rates.SkipLast(1).TakeLast(RateSpans).DefaultIfEmpty().Average();
}

/// <summary>A job in the hand of a worker.</summary>
/// <param name="Worker">The worker's name.</param>
internal sealed record RunningRow(Job Job, string Worker);

/// <summary>Reads what <c>mrq top</c> shows. What it costs does not depend on the number of jobs.</summary>
internal sealed class TopReader(IJobQueries queries, QueueControl queues, WorkerControl workers, TimeProvider time)
{
    /// <summary>One bar of the chart of throughput: the stores keep rates so finely.</summary>
    public static readonly TimeSpan Span = TimeSpan.FromSeconds(5);

    /// <summary>More running jobs than this are not read.</summary>
    public const int MostRunning = 200;

    private const int Spans = 60;

    public async Task<TopSnapshot> ReadAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var begin = DateTimeOffset.FromUnixTimeSeconds((long)(now.ToUnixTimeSeconds() / Span.TotalSeconds) * (long)Span.TotalSeconds) - ((Spans - 1) * Span);
        var window = (From: begin + ((Spans - 1 - TopSnapshot.RateSpans) * Span), To: begin + ((Spans - 1) * Span));
        var overviews = await queues.ListAsync(cancellationToken);
        var points = (await queries.RatesAsync(begin, Span, cancellationToken)).Where(point => point.Queue != QueueName.System).ToList();
        var live = (await workers.OverviewAsync(cancellationToken)).Where(worker => worker.IsAlive && !worker.Report.IsSystem).ToList();
        var names = live.ToDictionary(worker => worker.Report.Id, worker => worker.Report.Name);
        var running = await queries.FindAsync(new JobFilter { Statuses = JobStatuses.Of(JobStatus.Started) }, new JobPageRequest(Limit: MostRunning), cancellationToken);
        return new TopSnapshot(
            now,
            overviews.SelectMany(queue => queue.Counts).GroupBy(count => count.Key, count => count.Value).ToDictionary(counts => counts.Key, counts => counts.Sum()),
            [.. Enumerable.Range(0, Spans).Select(i => points.Where(point => (int)((point.From - begin) / Span) == i).Sum(point => point.Count) / Span.TotalSeconds)],
            points.Where(point => point.From >= window.From && point.From < window.To).GroupBy(point => point.Queue)
                .ToDictionary(queue => queue.Key, queue => queue.Sum(point => point.Count) / (window.To - window.From).TotalSeconds),
            [.. overviews.Where(queue => queue.Name != QueueName.System).OrderByDescending(queue => queue.Waiting).ThenBy(queue => queue.Name)],
            live,
            [.. running.Jobs.Where(job => job.Queue != QueueName.System).OrderBy(job => job.DateStarted).Select(job => new RunningRow(job, NameOf(job, names)))]);
    }

    private static string NameOf(Job job, Dictionary<WorkerId, string> names) =>
        job.Worker is not { } worker ? "" : names.GetValueOrDefault(worker) ?? Display.Worker(worker.Value);
}
