using Microsoft.Extensions.Logging;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Workers;

/// <summary>The raw entries that a worker has in flight, and those of them that it has settled but could not yet take out.</summary>
internal sealed partial class EntriesInFlight(WorkerId worker, IRawQueueStore entries, ILogger<EntriesInFlight> logger)
{
    private readonly Lock _gate = new();
    private List<JobId> _settled = [];

    /// <summary>
    /// Takes entries out of flight whose jobs have documents or need none. When the store is away they are taken out with the next ones: left
    /// there for ever they would run again, once this worker is gone and their documents have expired.
    /// </summary>
    public async Task ForgetAsync(IReadOnlyList<JobId> jobs)
    {
        List<JobId> all;
        lock (_gate)
        {
            _settled.AddRange(jobs);
            (all, _settled) = (_settled, []);
        }

        try
        {
            await entries.ForgetAsync(worker, all, CancellationToken.None);
        }
        catch (Exception e)
        {
            LogNotForgotten(all.Count, e);
            lock (_gate)
            {
                _settled.AddRange(all);
            }
        }
    }

    /// <summary>Puts entries back into their queues: their jobs have not begun.</summary>
    public Task<int> ReleaseAsync(IReadOnlyList<JobId> jobs, CancellationToken cancellationToken) => entries.ReleaseAsync(worker, jobs, cancellationToken);

    /// <summary>Sets entries aside.</summary>
    public Task RejectAsync(IReadOnlyList<Rejection> rejections) => entries.RejectAsync(worker, rejections, CancellationToken.None);

    /// <summary>The ids that it still has in flight.</summary>
    public async Task<HashSet<JobId>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await entries.FindInFlightAsync(worker, int.MaxValue, cancellationToken)).Select(entry => entry.Job)];

    [LoggerMessage(2321, LogLevel.Warning, "{Count} raw entries whose jobs are stored stay in flight; they are taken out with the next ones")]
    private partial void LogNotForgotten(int count, Exception exception);
}
