using System.Text.RegularExpressions;
using Mrq.Storage;

namespace Mrq.Workers;

/// <summary>Workers: looked at, told to stop.</summary>
public sealed partial class WorkerControl(IWorkerStore workers, IJobQueries jobs, ICoordination coordination, TimeProvider time)
{
    private const int LongestNumber = 10;

    /// <summary>Every worker that reported within the last hour or is alive, the latest started first.</summary>
    public Task<IReadOnlyList<WorkerReport>> ListAsync(CancellationToken cancellationToken) => workers.ListAsync(cancellationToken);

    /// <summary>
    /// The same workers with what they have in hand at this moment, by name, those of bulk actions last. A worker keeps its place among the others whatever it does.
    /// </summary>
    public async Task<IReadOnlyList<WorkerOverview>> OverviewAsync(CancellationToken cancellationToken)
    {
        // First the reports: of a worker that is lost between the two the jobs are seen where they have gone.
        var reports = await workers.ListAsync(cancellationToken);
        var started = await jobs.StartedByWorkerAsync(cancellationToken);
        var now = time.GetUtcNow();
        return
        [
            .. reports.OrderBy(worker => worker.IsSystem).ThenBy(worker => InOrder(worker.Name), StringComparer.Ordinal).ThenBy(worker => worker.DateStarted).ThenBy(worker => worker.Id.Value, StringComparer.Ordinal)
                .Select(worker => Overview(worker, started.GetValueOrDefault(worker.Id), now)),
        ];
    }

    /// <summary>Null: no such worker, or it is long gone.</summary>
    public Task<WorkerReport?> FindAsync(WorkerId worker, CancellationToken cancellationToken) => workers.FindAsync(worker, cancellationToken);

    /// <summary>Tells a worker to stop. False: no such worker.</summary>
    public async Task<bool> StopAsync(WorkerId worker, StopMode mode, CancellationToken cancellationToken)
    {
        var told = await workers.RequestStopAsync(worker, mode, cancellationToken);
        coordination.Publish(Changes.Workers | Changes.Aborts);
        return told;
    }

    // web-10 comes after web-9. (The runtime's own numeric order needs the data of cultures, which small images leave out.)
    private static string InOrder(string name) => Number().Replace(name, static number => number.Value.PadLeft(LongestNumber, '0'));

    private static WorkerOverview Overview(WorkerReport worker, int started, DateTimeOffset now)
    {
        var isAlive = worker.IsAlive(now);
        // What a dead one had without a document is given back as an entry, of which nothing is left to see.
        return new WorkerOverview(worker, isAlive, started + (isAlive ? worker.Jobs.Count(job => !job.IsStored) : 0));
    }

    [GeneratedRegex("[0-9]+", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Number();
}
