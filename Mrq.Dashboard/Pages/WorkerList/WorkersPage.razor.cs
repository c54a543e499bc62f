using Microsoft.AspNetCore.Components;
using Mrq.Dashboard.Actions;
using Mrq.Jobs;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Dashboard.Pages.WorkerList;

/// <summary>The workers: what they hold, what they cost, and how they are told to stop.</summary>
public sealed partial class WorkersPage
{
    // Of more than these the oldest are not read; how many a worker has is right all the same.
    private const int MostRead = 1_000;

    // Up to so many are read as often as they change.
    private const int Few = 100;

    private readonly Dictionary<WorkerId, RunningRows> _running = [];
    private IReadOnlyList<WorkerOverview> _workers = [];
    private DateTimeOffset _now;
    private bool _stoppedToo;
    private (WorkerOverview Worker, StopMode Mode)? _stop;
    private WorkerId? _io;
    private int _read;

    [Inject] private WorkerControl Workers { get; set; } = null!;

    [Inject] private IJobQueries Queries { get; set; } = null!;

    [Inject] private UserActions Actions { get; set; } = null!;

    protected override Changes Watches => Changes.Workers | Changes.Jobs;

    // A worker that dies sends no signal.
    protected override TimeSpan? Every => TimeSpan.FromSeconds(3);

    protected override bool Scans => _read > Few;

    private IReadOnlyList<WorkerOverview> Shown => [.. _workers.Where(worker => _stoppedToo || worker.IsOfInterest(_now))];

    // Each living worker of a supervisor tells the same.
    private IEnumerable<(string Node, Supervision Supervision, FailingProcess Process)> Failing =>
        from worker in _workers
        where worker.IsAlive && worker.Report.Supervision is not null
        group worker.Report by (worker.Report.Node, worker.Report.Supervision!.Supervisor) into siblings
        let latest = siblings.MaxBy(w => w.DateReported)!
        from process in latest.Supervision!.Failing
        select (latest.Node, latest.Supervision, process);

    private string Summary
    {
        get
        {
            var totals = WorkerTotals.Of(_workers);
            return $"{totals.Alive:N0} alive, {totals.Running:N0} of {totals.Slots:N0} slots in use";
        }
    }

    private static string InHand(WorkerOverview worker) => worker.InHand == 0 ? "what it has in hand" : $"the {Display.Jobs(worker.InHand)} in hand";

    private static string WasLost(WorkerOverview worker) => worker.InHand > 0
        ? $"It reports no more. {Display.Jobs(worker.InHand)} that it had in hand {(worker.InHand == 1 ? "goes back to its queue" : "go back to their queues")} by themselves."
        : "It reports no more, and has no job in hand.";

    protected override async Task<Action> ReadAsync(CancellationToken cancellationToken)
    {
        var workers = await Workers.OverviewAsync(cancellationToken);
        var started = await Queries.FindAsync(new JobFilter { Statuses = JobStatuses.Of(JobStatus.Started) }, new JobPageRequest(Limit: MostRead), cancellationToken);
        return () =>
        {
            (_now, _workers, _read) = (Time.GetUtcNow(), workers, started.Jobs.Count);
            var byWorker = started.Jobs.ToLookup(job => job.Worker);
            foreach (var worker in workers.Where(worker => worker.IsAlive))
            {
                // The documents say what runs at this moment; of what has none only the worker's last report does.
                var stored = byWorker[worker.Report.Id].Select(job => new RunningJob(job.Id, job.Path, job.Queue, job.DateStarted ?? _now, job.Progress));
                RowsOf(worker).Show(stored.Concat(worker.Report.Jobs.Where(job => !job.IsStored)).OrderBy(job => job.Started).ThenBy(job => job.Id));
            }

            foreach (var gone in _running.Keys.Except(workers.Where(worker => worker.IsAlive).Select(worker => worker.Report.Id)).ToList())
            {
                _running.Remove(gone);
            }
        };
    }

    private RunningRows RowsOf(WorkerOverview worker)
    {
        if (!_running.TryGetValue(worker.Report.Id, out var rows))
        {
            _running[worker.Report.Id] = rows = new RunningRows();
        }

        return rows;
    }
}
