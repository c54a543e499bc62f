using System.Globalization;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Mrq.Tests.Support;

/// <summary>One <c>mrq</c> of a cluster, and what a client of its API does. Waits are on its signals, never on the clock.</summary>
internal sealed class MrqNode(MrqProcess process) : IAsyncDisposable
{
    /// <summary>How long a test waits for what must happen; far more than it takes.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // SignalR's JSON protocol: every message ends with this.
    private const char End = '\u001e';

    private HttpClient? _http;

    public MrqProcess Process => process;

    public HttpClient Http => _http ?? throw new InvalidOperationException("It does not run yet.");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Waits until it runs.</summary>
    public async Task OpenAsync() => _http = await process.ReadyAsync();

    public Task<JsonElement> GetAsync(string path) => Http.GetFromJsonAsync<JsonElement>(path, Token);

    public async Task<JsonElement> PostAsync(string path, object? body = null)
    {
        using var response = await Http.PostAsJsonAsync(path, body ?? new { }, Token);
        var answer = await response.Content.ReadAsStringAsync(Token);
        Assert.True(response.IsSuccessStatusCode, answer);
        return JsonElement.Parse(answer);
    }

    /// <summary>Queues a job and answers its id.</summary>
    public async Task<string> EnqueueAsync(string path, object parameters, string queue = "default") =>
        (await PostAsync("/api/jobs", new { path, @params = parameters, queue })).GetProperty("id").GetString()!;

    /// <summary>Queues many jobs of one task.</summary>
    public async Task EnqueueManyAsync(string path, IEnumerable<object> parameters)
    {
        var lines = string.Concat(parameters.Select(p => JsonSerializer.Serialize(new { path, @params = p }) + "\n"));
        using var body = new StringContent(lines, Encoding.UTF8, "application/x-ndjson");
        using var response = await Http.PostAsync("/api/jobs/bulk?ids=false", body, Token);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Token));
    }

    /// <summary>Waits until a job is in this status.</summary>
    public Task<JsonElement> UntilAsync(string id, string status) => UntilAsync($"/api/jobs/{id}", job => job.GetProperty("status").GetString() == status);

    /// <summary>
    /// Waits until an answer is as wished: asks again whenever the node's live hub says that something changed. An error of the node, whose stores may be away,
    /// is not yet as wished.
    /// </summary>
    public async Task<JsonElement> UntilAsync(string path, Func<JsonElement, bool> isAsWished)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(Patience);
        var last = "nothing";
        try
        {
            using var signals = await SubscribeAsync(patience.Token);
            while (true)
            {
                using var response = await Http.GetAsync(path, patience.Token);
                last = await response.Content.ReadAsStringAsync(patience.Token);
                if (response.IsSuccessStatusCode && JsonElement.Parse(last) is var answer && isAsWished(answer))
                {
                    return answer;
                }

                await ReceiveAsync(signals, patience.Token);
            }
        }
        catch (OperationCanceledException e) when (!Token.IsCancellationRequested)
        {
            throw new TimeoutException($"{path} did not become as wished within {Patience}; it is {last}", e);
        }
    }

    /// <summary>Jobs by status, as this node counts them.</summary>
    public static Dictionary<string, long> Statuses(JsonElement stats) =>
        stats.GetProperty("statuses").EnumerateObject().ToDictionary(s => s.Name, s => s.Value.GetInt64());

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        await process.DisposeAsync();
        if (process.Output is { Length: > 0 } output)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"--- a node said:\n{output}"));
        }
    }

    private async Task<ClientWebSocket> SubscribeAsync(CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        try
        {
            await socket.ConnectAsync(new UriBuilder(Http.BaseAddress!) { Scheme = "ws", Path = "/hubs/live" }.Uri, cancellationToken);
            await socket.SendAsync(
                Encoding.UTF8.GetBytes("""{"protocol":"json","version":1}""" + End), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
            await ReceiveAsync(socket, cancellationToken);
            return socket;
        }
        catch (Exception)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Waits for the next messages.</summary>
    private static async Task ReceiveAsync(ClientWebSocket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[4096];
        ValueWebSocketReceiveResult received;
        do
        {
            received = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
        }
        while (!received.EndOfMessage && received.MessageType != WebSocketMessageType.Close);
        Assert.NotEqual(WebSocketMessageType.Close, received.MessageType);
    }
}
