using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Dashboard.Api;

/// <summary>Waits for the end of jobs: woken by signals, read at a bounded rate however many wait and however much happens.</summary>
internal sealed class JobWait(IJobQueries queries, ICoordination coordination, IHostApplicationLifetime lifetime, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan PauseForEachWaiter = TimeSpan.FromMilliseconds(2);

    // A signal may be lost: look again this often.
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(2);

    private int _waiting;

    /// <summary>How many wait now.</summary>
    internal int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Returns when the job is final or gone, when the time is over, or when the server stops.</summary>
    /// <param name="seen">Gets the job each time that it was looked at and is not final; null: nobody cares.</param>
    public async Task UntilFinalAsync(JobId id, TimeSpan atMost, CancellationToken cancellationToken, Func<Job, CancellationToken, Task>? seen = null)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        using var changed = new SemaphoreSlim(0, 1);
        // Subscribed before the first read: a change between the two is not missed.
        using var subscription = coordination.Subscribe(changes => Wake(changes, changed));
        var end = time.GetUtcNow() + atMost;
        Interlocked.Increment(ref _waiting);
        try
        {
            while (!await IsOverAsync(id, seen, ends.Token) && time.GetUtcNow() < end)
            {
                await PauseAsync(changed, end, ends.Token);
            }
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // The server stops: the caller gets the job as it is and asks the next server again.
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private async Task<bool> IsOverAsync(JobId id, Func<Job, CancellationToken, Task>? seen, CancellationToken cancellationToken)
    {
        if (await queries.GetAsync([id], withPayload: false, cancellationToken) is not [var job] || JobStatuses.Final.Contains(job.Status))
        {
            return true;
        }

        await (seen?.Invoke(job, cancellationToken) ?? Task.CompletedTask);
        return false;
    }

    private async Task PauseAsync(SemaphoreSlim changed, DateTimeOffset end, CancellationToken cancellationToken)
    {
        var left = end - time.GetUtcNow();
        var silence = left < LongestSilence ? left : LongestSilence;
        using var over = new CancellationTokenSource(silence > TimeSpan.Zero ? silence : TimeSpan.Zero, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        try
        {
            await changed.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return;
        }

        await Task.Delay(Pause + (PauseForEachWaiter * Waiting), time, cancellationToken);
    }

    private static void Wake(Changes changes, SemaphoreSlim changed)
    {
        if ((changes & Changes.Jobs) == Changes.None)
        {
            return;
        }

        try
        {
            changed.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is awake already.
        }
        catch (ObjectDisposedException)
        {
            // The wait ended while the signal was on its way.
        }
    }
}
