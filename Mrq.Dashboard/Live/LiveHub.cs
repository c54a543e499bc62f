using Microsoft.AspNetCore.SignalR;

namespace Mrq.Dashboard.Live;

/// <summary>
/// The hub <c>/hubs/live</c>: a client that is connected gets the message <c>changed</c> with what changed (jobs, queues, workers, aborts, logs),
/// at most four times a second. It carries no data: ask the API again.
/// </summary>
internal sealed class LiveHub(LiveSignals signals) : Hub
{
    public override Task OnConnectedAsync()
    {
        signals.Connected(+1);
        return base.OnConnectedAsync();
    }

    public override Task OnDisconnectedAsync(Exception? exception)
    {
        signals.Connected(-1);
        return base.OnDisconnectedAsync(exception);
    }
}
