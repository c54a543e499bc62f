using System.Net.WebSockets;
using System.Text;

namespace Mrq.Tests.Api;

public sealed class LiveHubSpec : ApiSpec
{
    // SignalR's JSON protocol: every message ends with this.
    private const char End = '\u001e';

    [Fact]
    public async Task A_client_is_told_what_changed()
    {
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new UriBuilder(Server.Address) { Scheme = "ws", Path = "/hubs/live" }.Uri, TestContext.Current.CancellationToken);
        await SendAsync(socket, """{"protocol":"json","version":1}""");
        Assert.Equal("{}", await ReceiveAsync(socket));

        await Server.PostAsync("/api/queues/slow/pause");

        var message = "";
        while (!message.Contains("\"queues\"", StringComparison.Ordinal))
        {
            message = await ReceiveAsync(socket);
            if (message.Contains("\"type\":6", StringComparison.Ordinal))
            {
                continue;
            }

            Assert.Contains("\"target\":\"changed\"", message, StringComparison.Ordinal);
        }
    }

    private static Task SendAsync(ClientWebSocket socket, string message) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(message + End), WebSocketMessageType.Text, endOfMessage: true, TestContext.Current.CancellationToken);

    private static async Task<string> ReceiveAsync(ClientWebSocket socket)
    {
        var buffer = new byte[4096];
        var length = 0;
        do
        {
            var piece = await socket.ReceiveAsync(buffer.AsMemory(length, 1), TestContext.Current.CancellationToken);
            length += piece.Count;
        }
        while (buffer[length - 1] != End);
        return Encoding.UTF8.GetString(buffer, 0, length - 1);
    }
}
