using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Mrq.Tests.Support;

/// <summary>A web server of the test, on a free port of 127.0.0.1. It holds every answer until the gate is open, and then tells the names of the headers that it got.</summary>
internal sealed class HeldServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private HeldServer(WebApplication app) => (_app, Address) = (app, new Uri(app.Urls.First()));

    public Uri Address { get; }

    public static async Task<HeldServer> StartAsync(Gate gate)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Run(async call =>
        {
            await gate.PassAsync(call.RequestAborted);
            await call.Response.WriteAsync(string.Join(',', call.Request.Headers.Keys));
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new HeldServer(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
