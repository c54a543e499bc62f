using Microsoft.Extensions.Logging;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Workers;

/// <summary>
/// The raw entries that a worker has in flight, and those of them that it has settled but could not yet take out. While the store is away these
/// are kept here: left in flight for ever they would run again, once this worker is gone and their documents have expired.
/// </summary>
internal sealed partial class EntriesInFlight(WorkerId worker, IRawQueueStore entries, ILogger<EntriesInFlight> logger, TimeProvider time)
{
    private readonly Lock _gate = new();
    private List<JobId> _done = [];
    private List<Rejection> _rejected = [];

    /// <summary>Takes entries out of flight whose jobs have documents or need none; when the store is away, soon.</summary>
    public Task ForgetAsync(IReadOnlyList<JobId> jobs) => SettleAsync(jobs, []);

    /// <summary>Sets entries aside; when the store is away, soon.</summary>
    public Task RejectAsync(IReadOnlyList<Rejection> rejections) => SettleAsync([], rejections);

    /// <summary>Takes out, every <paramref name="interval"/> and once at the end, what could not be taken out before.</summary>
    public async Task RunAsync(TimeSpan interval, CancellationToken ended)
    {
        var sleep = new WakeUp(time);
        while (!ended.IsCancellationRequested)
        {
            await sleep.WaitAsync(interval, ended);
            await SettleAsync([], []);
        }
    }

    /// <summary>Puts entries back into their queues: their jobs have not begun.</summary>
    public Task<int> ReleaseAsync(IReadOnlyList<JobId> jobs, CancellationToken cancellationToken) => entries.ReleaseAsync(worker, jobs, cancellationToken);

    /// <summary>The ids that it still has in flight.</summary>
    public async Task<HashSet<JobId>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await entries.FindInFlightAsync(worker, int.MaxValue, cancellationToken)).Select(entry => entry.Job)];

    private async Task SettleAsync(IReadOnlyList<JobId> done, IReadOnlyList<Rejection> rejections)
    {
        List<JobId> allDone;
        List<Rejection> allRejected;
        lock (_gate)
        {
            _done.AddRange(done);
            _rejected.AddRange(rejections);
            (allDone, _done, allRejected, _rejected) = (_done, [], _rejected, []);
        }

        try
        {
            // Each may be repeated: what is no longer in flight is passed over.
            await entries.ForgetAsync(worker, allDone, CancellationToken.None);
            await entries.RejectAsync(worker, allRejected, CancellationToken.None);
        }
        catch (Exception e)
        {
            LogNotSettled(allDone.Count + allRejected.Count, e);
            lock (_gate)
            {
                _done.AddRange(allDone);
                _rejected.AddRange(allRejected);
            }
        }
    }

    [LoggerMessage(2321, LogLevel.Warning, "{Count} raw entries that are done stay in flight; they are taken out soon")]
    private partial void LogNotSettled(int count, Exception exception);
}
