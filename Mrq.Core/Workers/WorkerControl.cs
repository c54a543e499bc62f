using Mrq.Storage;

namespace Mrq.Workers;

/// <summary>Workers: looked at, told to stop.</summary>
public sealed class WorkerControl(IWorkerStore workers, ICoordination coordination)
{
    /// <summary>Every worker that reported within the last hour or is alive, the latest started first.</summary>
    public Task<IReadOnlyList<WorkerReport>> ListAsync(CancellationToken cancellationToken) => workers.ListAsync(cancellationToken);

    /// <summary>Null: no such worker, or it is long gone.</summary>
    public Task<WorkerReport?> FindAsync(WorkerId worker, CancellationToken cancellationToken) => workers.FindAsync(worker, cancellationToken);

    /// <summary>Tells a worker to stop. False: no such worker.</summary>
    public async Task<bool> StopAsync(WorkerId worker, StopMode mode, CancellationToken cancellationToken)
    {
        var told = await workers.RequestStopAsync(worker, mode, cancellationToken);
        coordination.Publish(Changes.Workers | Changes.Aborts);
        return told;
    }
}
