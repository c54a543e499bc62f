using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Mrq.Tests.Support;

/// <summary>
/// A reverse proxy as people have it before an application: it shows the application under a path, takes this path off, and says so with <c>X-Forwarded-*</c>.
/// </summary>
internal sealed class PrefixProxy : IAsyncDisposable
{
    private static readonly HashSet<string> OfTheConnection = new(StringComparer.OrdinalIgnoreCase) { "Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Host" };

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    private readonly Uri _behind;
    private readonly string _prefix;
    private readonly WebApplication _app;

    private PrefixProxy(Uri behind, string prefix)
    {
        _behind = behind;
        _prefix = prefix;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.UseWebSockets();
        _app.Map(prefix, branch => branch.Run(ForwardAsync));
    }

    /// <summary>Where people see the application; ends with the prefix.</summary>
    public string Address => _app.Urls.First() + _prefix;

    public static async Task<PrefixProxy> StartAsync(Uri behind, string prefix)
    {
        var proxy = new PrefixProxy(behind, prefix);
        await proxy._app.StartAsync(TestContext.Current.CancellationToken);
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _http.Dispose();
    }

    private Task ForwardAsync(HttpContext context) => context.WebSockets.IsWebSocketRequest ? ForwardSocketAsync(context) : ForwardRequestAsync(context);

    private Uri AddressBehind(HttpContext context) => new(_behind, $"{context.Request.Path.ToUriComponent()}{context.Request.QueryString}");

    private IEnumerable<(string Name, string Value)> HeadersFor(HttpContext context) => context.Request.Headers
        .Where(h => !OfTheConnection.Contains(h.Key)).Select(h => (h.Key, h.Value.ToString()))
        .Concat([("X-Forwarded-Prefix", _prefix), ("X-Forwarded-Host", context.Request.Host.Value!), ("X-Forwarded-Proto", context.Request.Scheme)]);

    private async Task ForwardRequestAsync(HttpContext context)
    {
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), AddressBehind(context));
        if (context.Request.ContentLength is not null || context.Request.Headers.TransferEncoding.Count > 0)
        {
            request.Content = new StreamContent(context.Request.Body);
        }

        foreach (var (name, value) in HeadersFor(context))
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var header in answer.Headers.Concat(answer.Content.Headers).Where(h => !OfTheConnection.Contains(h.Key)))
        {
            context.Response.Headers[header.Key] = header.Value.ToArray();
        }

        await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private async Task ForwardSocketAsync(HttpContext context)
    {
        using var behind = new ClientWebSocket();
        foreach (var (name, value) in HeadersFor(context).Where(h => !h.Name.StartsWith("Sec-WebSocket", StringComparison.OrdinalIgnoreCase)))
        {
            behind.Options.SetRequestHeader(name, value);
        }

        await behind.ConnectAsync(new UriBuilder(AddressBehind(context)) { Scheme = "ws" }.Uri, context.RequestAborted);
        using var before = await context.WebSockets.AcceptWebSocketAsync();
        await Task.WhenAny(CopyAsync(before, behind, context.RequestAborted), CopyAsync(behind, before, context.RequestAborted));
    }

    private static async Task CopyAsync(WebSocket from, WebSocket to, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        while (await from.ReceiveAsync(buffer.AsMemory(), cancellationToken) is { MessageType: not WebSocketMessageType.Close } piece)
        {
            await to.SendAsync(buffer.AsMemory(0, piece.Count), piece.MessageType, piece.EndOfMessage, cancellationToken);
        }
    }
}
