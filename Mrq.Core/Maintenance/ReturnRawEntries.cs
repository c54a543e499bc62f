using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Storage;

namespace Mrq.Maintenance;

/// <summary>Settles what workers that are gone have left in flight: entries whose jobs have documents are forgotten, the others go back into their raw queues.</summary>
internal sealed class ReturnRawEntries(
    IRawQueueStore entries, IJobQueries queries, IWorkerStore workers, ICoordination coordination, IOptions<MrqOptions> options, TimeProvider time)
    : IMaintenanceTask
{
    private const int PageSize = 1000;

    private readonly GoneWorkers _gone = new(workers, options.Value, time);

    public string Name => nameof(ReturnRawEntries);

    public TimeSpan Interval => options.Value.MaintenanceInterval;

    public async Task<MaintenanceRun> RunAsync(CancellationToken cancellationToken)
    {
        var (returned, isMore) = (0, false);
        foreach (var worker in await _gone.FindAsync(async token => await entries.ListTakersAsync(token), cancellationToken))
        {
            var ids = (await entries.FindInFlightAsync(worker, PageSize, cancellationToken)).Select(entry => entry.Job).ToList();
            var stored = (await queries.GetAsync(ids, withPayload: false, cancellationToken)).Select(job => job.Id).ToHashSet();
            await entries.ForgetAsync(worker, [.. stored], cancellationToken);
            returned += await entries.ReleaseAsync(worker, [.. ids.Where(id => !stored.Contains(id))], cancellationToken);
            isMore |= ids.Count >= PageSize;
        }

        if (returned > 0)
        {
            coordination.Publish(Changes.Queues);
        }

        return new MaintenanceRun(returned, isMore);
    }
}
