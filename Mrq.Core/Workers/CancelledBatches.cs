using System.Collections.Concurrent;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Workers;

/// <summary>
/// Knows which batches were cancelled as a whole and have not ended, so that a worker runs none of their jobs any more. That a batch is not cancelled holds for a
/// second; that it is, is asked each time: what a person requeues after its end runs.
/// </summary>
internal sealed class CancelledBatches(IBatchStore batches, TimeProvider time)
{
    private const int MostKnown = 1000;
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<JobId, long> _goesOn = new();

    public async ValueTask<bool> ContainsAsync(JobId batch)
    {
        if (_goesOn.TryGetValue(batch, out var asked) && time.GetElapsedTime(asked) < Fresh)
        {
            return false;
        }

        var now = time.GetTimestamp();
        if (await batches.GetAsync([batch], CancellationToken.None) is [{ CancelledAt: not null, FinishedAt: null }])
        {
            return true;
        }

        if (_goesOn.Count > MostKnown)
        {
            _goesOn.Clear();
        }

        _goesOn[batch] = now;
        return false;
    }
}
