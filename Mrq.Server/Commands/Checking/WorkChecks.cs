using Mrq.Dashboard;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Scheduling;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Server.Commands.Checking;

/// <summary>What goes on in the stores: whether somebody works, and on everything that waits.</summary>
internal sealed class WorkChecks(
    WorkerControl workers, QueueControl queues, IJobQueries jobs, ScheduleControl schedules, TimeProvider time)
{
    // Of what waits for less, a worker may be on its way.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var overviews = await workers.OverviewAsync(cancellationToken);
        var alive = overviews.Where(worker => worker.IsAlive).Select(worker => worker.Report).ToList();
        return
        [
            Workers(WorkerTotals.Of(overviews), Nodes(alive.Where(worker => !worker.IsSystem).Select(worker => worker.Node).Distinct().Count())),
            .. (await queues.ListAsync(cancellationToken)).SelectMany(queue => Queue(queue, alive, now)),
            .. Lost(await jobs.StartedByWorkerAsync(cancellationToken), alive),
            .. (await schedules.ListAsync(cancellationToken)).Where(schedule => schedule.Error is not null)
                .Select(schedule => new Finding(FindingLevel.Bad, "schedules", $"{schedule.Entry.Schedule.Name ?? schedule.Entry.Schedule.Path}: {schedule.Error}", "Change it, or give the task to this node.")),
        ];
    }

    private static Finding Workers(WorkerTotals totals, string nodes) => totals.Alive == 0
        ? new Finding(FindingLevel.Notice, "workers", "none reports: jobs are accepted and wait", "Start mrq server or mrq worker.")
        : Finding.Good("workers", $"{totals.Alive} on {nodes}, {totals.Slots:N0} slots, {totals.Running:N0} busy");

    private static IEnumerable<Finding> Queue(QueueOverview queue, List<WorkerReport> alive, DateTimeOffset now)
    {
        var listeners = alive.Count(worker => worker.Listens(queue.Name));
        if (queue.Waiting > 0 && listeners == 0 && !(now - queue.Oldest < Patience))
        {
            yield return new Finding(FindingLevel.Bad, $"queue {queue.Name}", $"{Waiting(queue)}, and no worker listens to it", $"Start mrq worker {queue.Name}, or add it to --queues of one.");
        }
        else if (queue.Paused)
        {
            yield return new Finding(FindingLevel.Notice, $"queue {queue.Name}", $"is paused, {Waiting(queue)}", $"mrq queues {queue.Name} --resume, when it is to go on.");
        }

        if (queue.Raw is { Rejected: > 0 } raw)
        {
            yield return new Finding(FindingLevel.Bad, $"queue {queue.Name}", $"{Display.Entries(raw.Rejected)} rejected: no job can be made of them", $"GET /api/queues/{queue.Name}/rejected says why.");
        }
    }

    private static IEnumerable<Finding> Lost(IReadOnlyDictionary<WorkerId, int> started, List<WorkerReport> alive)
    {
        var lost = started.Where(pair => !alive.Exists(worker => worker.Id == pair.Key)).Sum(pair => pair.Value);
        if (lost > 0)
        {
            yield return new Finding(FindingLevel.Bad, "jobs", $"{Display.Jobs(lost)} in status started, of workers that are gone", "They are put back by themselves as long as one mrq server, worker or dashboard runs.");
        }
    }

    private static string Waiting(QueueOverview queue) =>
        $"{(queue.Raw is null ? Display.Jobs(queue.Waiting) : Display.Entries(queue.Waiting))} {(queue.Waiting == 1 ? "waits" : "wait")}";

    private static string Nodes(int count) => count == 1 ? "1 node" : $"{count} nodes";
}
