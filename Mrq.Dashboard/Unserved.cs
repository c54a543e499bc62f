using Mrq.Queues;
using Mrq.Workers;

namespace Mrq.Dashboard;

/// <summary>Queues whose jobs wait in vain.</summary>
internal static class Unserved
{
    /// <summary>True when none of the workers is alive and takes jobs from this queue.</summary>
    public static bool Is(QueueName queue, IEnumerable<WorkerReport> workers, DateTimeOffset now) =>
        !workers.Any(w => w.IsAlive(now) && w.Status is not (WorkerStatus.Join or WorkerStatus.Killing) && w.Listens(queue));

    /// <summary>What is wrong and what to do.</summary>
    public static string Hint(QueueName queue) => $"No live worker takes jobs from this queue. Start one with --queues {queue}.";
}
