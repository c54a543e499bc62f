using Microsoft.AspNetCore.SignalR;
using Mrq.Storage;

namespace Mrq.Dashboard.Live;

/// <summary>Passes the stores' signals on to the clients of <see cref="LiveHub"/>, many as one.</summary>
internal sealed class LiveSignals(IHubContext<LiveHub> clients, ICoordination coordination, TimeProvider time) : BackgroundService
{
    /// <summary>Name of the message.</summary>
    public const string Message = "changed";

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly Changes[] Single = [.. Enum.GetValues<Changes>().Where(c => System.Numerics.BitOperations.PopCount((uint)c) == 1)];

    private int _pending;
    private int _connected;

    public void Connected(int change) => Interlocked.Add(ref _connected, change);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var signalled = new SemaphoreSlim(0);
        using var subscription = coordination.Subscribe(changes =>
        {
            // The first of a burst wakes the loop, the others only add to what it will tell.
            if (Interlocked.Or(ref _pending, (int)changes) == 0)
            {
                signalled.Release();
            }
        });
        try
        {
            while (true)
            {
                await signalled.WaitAsync(stoppingToken);
                var changes = (Changes)Interlocked.Exchange(ref _pending, 0);
                if (changes != Changes.None && Volatile.Read(ref _connected) > 0)
                {
                    await clients.Clients.All.SendAsync(Message, Names(changes), stoppingToken);
                }

                await Task.Delay(Interval, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    private static string[] Names(Changes changes) =>
        [.. Single.Where(c => (changes & c) != Changes.None).Select(c => c.ToString().ToLowerInvariant())];
}
