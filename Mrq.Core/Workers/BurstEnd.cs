using Microsoft.Extensions.Hosting;
using Mrq.Queues;

namespace Mrq.Workers;

/// <summary>Stops the application when all its workers have worked their queues off (<see cref="DequeueStrategy.Burst"/>).</summary>
internal sealed class BurstEnd(IReadOnlyList<WorkerOptions> pools, WorkerShutdown shutdown, IHostApplicationLifetime application)
{
    // The worker of bulk actions waits for people: it is no reason to go on.
    private int _working = pools.Count(pool => !IsSystem(pool));

    /// <summary>This worker has ended because nothing is left to do.</summary>
    public void WorkedOff(WorkerOptions pool)
    {
        if (!IsSystem(pool) && Interlocked.Decrement(ref _working) == 0)
        {
            shutdown.HasWorkedOff = true;
            // Not before it has started: a host that is stopped while it starts ends with an error.
            application.ApplicationStarted.Register(application.StopApplication);
        }
    }

    private static bool IsSystem(WorkerOptions pool) => pool.Queues.All(queue => queue == QueueName.System);
}
