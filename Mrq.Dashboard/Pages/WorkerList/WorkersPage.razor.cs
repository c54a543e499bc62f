using Microsoft.AspNetCore.Components;
using Mrq.Dashboard.Actions;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Dashboard.Pages.WorkerList;

/// <summary>The workers: what they hold, what they cost, and how they are told to stop.</summary>
public sealed partial class WorkersPage
{
    private IReadOnlyList<WorkerReport> _workers = [];
    private DateTimeOffset _now;
    private bool _stoppedToo;
    private (WorkerReport Worker, StopMode Mode)? _stop;
    private WorkerId? _io;

    [Inject] private WorkerControl Workers { get; set; } = null!;

    [Inject] private UserActions Actions { get; set; } = null!;

    protected override Changes Watches => Changes.Workers;

    // A worker that dies sends no signal.
    protected override TimeSpan? Every => TimeSpan.FromSeconds(3);

    private IReadOnlyList<WorkerReport> Shown => [.. _workers.Where(w => _stoppedToo || w.Status != WorkerStatus.Stop)];

    // Each living worker of a supervisor tells the same.
    private IEnumerable<(string Node, Supervision Supervision, FailingProcess Process)> Failing =>
        from worker in _workers
        where worker.IsAlive(_now) && worker.Supervision is not null
        group worker by (worker.Node, worker.Supervision!.Supervisor) into siblings
        let latest = siblings.MaxBy(w => w.DateReported)!
        from process in latest.Supervision!.Failing
        select (latest.Node, latest.Supervision, process);

    private string Summary
    {
        get
        {
            var alive = _workers.Where(w => w.IsAlive(_now) && !w.IsSystem).ToList();
            return $"{alive.Count:N0} alive, {alive.Sum(w => Math.Min(w.Jobs.Count, w.Concurrency)):N0} of {alive.Sum(w => w.Concurrency):N0} slots in use";
        }
    }

    private static string InHand(WorkerReport worker) => worker.Jobs.Count == 0 ? "what it has in hand" : $"the {Display.Jobs(worker.Jobs.Count)} in hand";

    protected override async Task<Action> ReadAsync(CancellationToken cancellationToken)
    {
        var workers = await Workers.ListAsync(cancellationToken);
        return () =>
        {
            _now = Time.GetUtcNow();
            _workers = [.. workers.OrderBy(w => !w.IsAlive(_now)).ThenBy(w => w.IsSystem).ThenBy(w => w.Name, StringComparer.Ordinal).ThenBy(w => w.ProcessId)];
        };
    }
}
