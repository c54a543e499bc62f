using Mrq.Storage;

namespace Mrq.Workers;

/// <summary>Makes a call that must not be lost again and again while the store is away, less often each time.</summary>
internal sealed class StoreRetries(TimeProvider time)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    /// <param name="call">Can be repeated: a failed one may have been carried out.</param>
    /// <param name="away">Told of each failure and how long it waits.</param>
    public async Task<T> UntilTakenAsync<T>(Func<Task<T>> call, Action<TimeSpan, StorageUnavailableException> away, CancellationToken giveUp)
    {
        for (var delay = FirstDelay; ; delay = TimeSpan.FromTicks(Math.Min(delay.Ticks * 2, LongestDelay.Ticks)))
        {
            try
            {
                return await call();
            }
            catch (StorageUnavailableException e)
            {
                away(delay, e);
            }

            await Task.Delay(delay, time, giveUp);
        }
    }
}
