using Mrq.Hosting;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Maintenance;

/// <summary>
/// Tells which workers are gone: silent for three reports, not known at all, stopped, or of a process of this machine, or this
/// container, that no longer exists.
/// Silence counts when two looks in a row found it, a report interval apart: while the store was away nobody could report, and the first look
/// after that must not take the living for dead. Who asks keeps one of these, and asks every interval.
/// </summary>
internal sealed class GoneWorkers(IWorkerStore workers, MrqOptions options, TimeProvider time)
{
    /// <summary>The workers that the last look found silent, with when a look first did.</summary>
    private Dictionary<WorkerId, long> _silent = [];
    private long _lastLook = time.GetTimestamp();

    /// <summary>Those of the holders of something that are gone.</summary>
    public async Task<IReadOnlyList<WorkerId>> FindAsync(
        Func<CancellationToken, Task<IEnumerable<WorkerId>>> readHolders, CancellationToken cancellationToken)
    {
        // A look that fails, or follows the last one after a gap in which another node led, has no look before it.
        var before = time.GetElapsedTime(_lastLook) > 2 * options.MaintenanceInterval + TimeSpan.FromSeconds(1) ? [] : _silent;
        _silent = [];

        // First the holders, then the reports: a worker reports before it takes its first job, so one without a report is gone.
        var holders = (await readHolders(cancellationToken)).ToList();
        var reports = holders.Count == 0 ? [] : (await workers.ListAsync(cancellationToken)).ToDictionary(w => w.Id);
        _lastLook = time.GetTimestamp();
        _silent = holders.Where(h => reports.TryGetValue(h, out var report) && !report.IsAlive(time.GetUtcNow()))
            .ToDictionary(h => h, h => before.GetValueOrDefault(h, _lastLook));
        return [.. holders.Where(h => !reports.TryGetValue(h, out var report) || IsGone(report))];
    }

    private bool IsGone(WorkerReport report) =>
        report.Status == WorkerStatus.Stop
        || IsGoneFromHere(report)
        || (_silent.TryGetValue(report.Id, out var since) && time.GetElapsedTime(since, _lastLook) >= report.ReportInterval);

    // Of a process elsewhere only its reports tell: another container's is not seen from here, whatever their names.
    private static bool IsGoneFromHere(WorkerReport report) =>
        report.ProcessSpace is { } space && space == ProcessUsage.Space && !ProcessUsage.MayBeAlive(report.ProcessId, report.ProcessStarted);
}
