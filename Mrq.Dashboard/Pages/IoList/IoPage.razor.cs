using Microsoft.AspNetCore.Components;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Dashboard.Pages.IoList;

/// <summary>What running jobs wait for, as their workers last reported it, and what jobs have waited for.</summary>
public sealed partial class IoPage
{
    private IReadOnlyList<(WorkerReport Worker, RunningJob Job, OpenIo Io)> _open = [];
    private IReadOnlyList<IoTime> _types = [];
    private IReadOnlyList<IoTime> _tasks = [];
    private int _alive;
    private int _tracing;

    [Inject] private WorkerControl Workers { get; set; } = null!;

    protected override Changes Watches => Changes.Workers;

    // A worker that dies sends no signal.
    protected override TimeSpan? Every => TimeSpan.FromSeconds(3);

    private string Summary =>
        (_open.Count == 1 ? "1 job waits" : $"{_open.Count:N0} jobs wait") + (_tracing == _alive ? "" : $", as told by {_tracing:N0} of {_alive:N0} workers");

    protected override async Task<Action> ReadAsync(CancellationToken cancellationToken)
    {
        var now = Time.GetUtcNow();
        var alive = (await Workers.ListAsync(cancellationToken)).Where(worker => worker.IsAlive(now) && !worker.IsSystem).ToList();
        var times = alive.Select(worker => worker.Io).OfType<WorkerIo>().ToList();
        return () =>
        {
            (_alive, _tracing) = (alive.Count, times.Count);
            _open = [.. from worker in alive from job in worker.Jobs where job.Io is not null orderby job.Io!.Since select (worker, job, job.Io!)];
            _types = Sum(times.SelectMany(io => io.ByType));
            _tasks = Sum(times.SelectMany(io => io.ByTask));
        };
    }

    private static IReadOnlyList<IoTime> Sum(IEnumerable<IoTime> times) =>
        [.. times.GroupBy(time => time.Name, StringComparer.Ordinal).Select(same => new IoTime(same.Key, same.Sum(time => time.Calls), same.Sum(time => time.Seconds))).OrderByDescending(time => time.Seconds)];
}
