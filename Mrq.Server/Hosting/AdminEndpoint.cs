using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;
using Mrq.Dashboard.Api;
using Mrq.Jobs;
using Mrq.Server.Configuration;
using Mrq.Server.Tracing;
using Mrq.Workers;

namespace Mrq.Server.Hosting;

/// <summary>
/// What a worker process tells of itself over HTTP, to who watches over it: no store is asked, so that it answers also when the stores are away. It can only be
/// looked at. It begins before the workers and ends after them.
/// </summary>
internal sealed partial class AdminEndpoint : IHostedService, IDisposable
{
    private const double LongestWait = 86_400;
    private const int MostTypes = 1_000;

    private readonly IPEndPoint _wanted;
    private readonly IServiceProvider _services;
    private readonly ILogger<AdminEndpoint> _logger;
    private readonly TimeProvider _time;
    private readonly KestrelServer _server;

    public AdminEndpoint(ServerSettings settings, SupervisedProcess supervised, IServiceProvider services, ILoggerFactory loggers, TimeProvider time)
    {
        // Each process of a supervisor has one: the first has the port, the others those after it.
        var port = settings.AdminPort is { } given and > 0 ? given + (supervised.Supervision?.Index ?? 1) - 1 : 0;
        (_wanted, _services, _logger, _time) = (new IPEndPoint(settings.AdminIp, port), services, loggers.CreateLogger<AdminEndpoint>(), time);
        var options = new KestrelServerOptions { AddServerHeader = false };
        options.Listen(_wanted);
        _server = new KestrelServer(Options.Create(options), new SocketTransportFactory(Options.Create(new SocketTransportOptions()), loggers), loggers);
    }

    /// <summary>Where it answers.</summary>
    public Uri Address => new(_server.Features.GetRequiredFeature<Microsoft.AspNetCore.Hosting.Server.Features.IServerAddressesFeature>().Addresses.First());

    // Made by the workers' options, of which some may be wrong: not before somebody asks.
    private WorkerPools Pools => _services.GetRequiredService<WorkerPools>();

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        RequestDelegate answer = IPAddress.IsLoopback(_wanted.Address)
            ? new LoopbackHost(AnswerAsync, "If other machines are to look at it, give --admin_ip.").InvokeAsync
            : AnswerAsync;
        try
        {
            await _server.StartAsync(new Application(answer), cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new ServerStartException([Explain(e)], e) { IsOfSettings = false };
        }

        LogListens(Address);
    }

    public Task StopAsync(CancellationToken cancellationToken) => _server.StopAsync(cancellationToken);

    public void Dispose() => _server.Dispose();

    private async Task AnswerAsync(HttpContext context)
    {
        try
        {
            await RouteAsync(context);
        }
        catch (ApiException e)
        {
            await ApiErrors.WriteAsync(context, e);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read an answer.
        }
    }

    private Task RouteAsync(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            throw new ApiException(StatusCodes.Status405MethodNotAllowed, "Method not allowed", "Here one can only look: GET.");
        }

        context.Response.Headers.CacheControl = "no-store";
        switch (context.Request.Path.Value?.TrimEnd('/'))
        {
            case "" or "/report":
                CheckQuery(context);
                return WriteAsync(context, json => WorkerJson.Write(json, Pools.Report(), _time.GetUtcNow()));
            case "/report_mem":
                CheckQuery(context, "types");
                return WriteMemoryAsync(context, ReadTypes(context.Request.Query["types"]));
            case "/wait_for_idle":
                CheckQuery(context, "timeout");
                return WaitForIdleAsync(context);
            default:
                throw ApiException.NotFound($"There is no {ApiCall.Shown(context.Request.Path.Value ?? "")} here: /report, /report_mem?types=NUMBER, /wait_for_idle?timeout=SECONDS.");
        }
    }

    private async Task WaitForIdleAsync(HttpContext context)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var timeout = ReadTimeout(context.Request.Query["timeout"]);
        await using var timer = _time.CreateTimer(static w => ((CancellationTokenSource)w!).Cancel(), waiting, timeout ?? Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        try
        {
            await Pools.WaitForIdleAsync(waiting.Token);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            throw new ApiException(StatusCodes.Status503ServiceUnavailable, "Not idle", $"Jobs ran or waited for all of {timeout!.Value.TotalSeconds} s.");
        }

        context.Response.ContentType = "text/plain";
        await context.Response.WriteAsync("idle", context.RequestAborted);
    }

    /// <summary>Null: none was given.</summary>
    private static TimeSpan? ReadTimeout(string? text) => text switch
    {
        null => null,
        _ when double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and <= LongestWait => TimeSpan.FromSeconds(seconds),
        _ => throw ApiException.BadParameter("timeout", $"'{ApiCall.Shown(text)}' must be 0 to {LongestWait:N0} seconds."),
    };

    /// <summary>How many types of objects are asked for; 0: none.</summary>
    private static int ReadTypes(string? text) => text switch
    {
        null => 0,
        _ when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var types) && types is >= 1 and <= MostTypes => types,
        _ => throw ApiException.BadParameter("types", $"'{ApiCall.Shown(text)}' must be 1 to {MostTypes:N0}: so many types of objects, those that take most."),
    };

    private static Task WriteMemoryAsync(HttpContext context, int types)
    {
        var report = new Dictionary<string, HeapCount>();
        try
        {
            if (types > 0)
            {
                HeapSnapshot.Take().CountInto(report);
            }
        }
        catch (InvalidOperationException e)
        {
            throw new ApiException(StatusCodes.Status503ServiceUnavailable, "The runtime does not tell", e.Message);
        }

        return WriteAsync(context, json => MemoryReport.Write(json, [.. report.OrderByDescending(type => type.Value.Bytes).Take(types)]));
    }

    private static void CheckQuery(HttpContext context, params string[] known)
    {
        var unknown = context.Request.Query.Keys.Except(known, StringComparer.Ordinal).Select(name => new FieldError(name, "is not a parameter of this address.")).ToList();
        if (unknown.Count > 0)
        {
            throw ApiException.BadParameters(unknown);
        }
    }

    private static Task WriteAsync(HttpContext context, Action<Utf8JsonWriter> write) =>
        JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, "application/json", write);

    private string Explain(Exception e) => (e.InnerException ?? e) switch
    {
        AddressInUseException or SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } =>
            $"Port {_wanted.Port} on {_wanted.Address} is taken by another process. Stop that one, or choose another with --admin_port.",
        SocketException { SocketErrorCode: SocketError.AddressNotAvailable } => $"{_wanted.Address} is not an address of this machine. Choose one with --admin_ip.",
        SocketException { SocketErrorCode: SocketError.AccessDenied } => $"Port {_wanted.Port} may not be opened by this user. Choose one above 1023 with --admin_port.",
        _ => $"The admin endpoint cannot listen on {_wanted}: {e.Message}",
    };

    [LoggerMessage(6101, LogLevel.Information, "This process tells of itself at {Address}")]
    private partial void LogListens(Uri address);

    /// <summary>The server without a web application around it: one delegate, no routes, no services.</summary>
    private sealed class Application(RequestDelegate answer) : IHttpApplication<HttpContext>
    {
        public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

        public Task ProcessRequestAsync(HttpContext context) => answer(context);

        public void DisposeContext(HttpContext context, Exception? exception)
        {
        }
    }
}
