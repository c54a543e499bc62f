using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Mrq.Tests.Support;

/// <summary>
/// A place that jobs of <c>samples.fetch</c> come to, in whatever process they run: it counts the visits of each, and can hold them until the test lets them go.
/// </summary>
internal sealed class VisitedPlace : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, int> _visits = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _order = [];
    private readonly Channel<string> _arrived = Channel.CreateUnbounded<string>();
    private readonly Channel<string> _left = Channel.CreateUnbounded<string>();
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WebApplication _app;

    private VisitedPlace(WebApplication app) => _app = app;

    /// <summary>How often each job came.</summary>
    public IReadOnlyDictionary<string, int> Visits => _visits;

    /// <summary>The visits one after the other.</summary>
    public IReadOnlyList<string> Order => [.. _order];

    public static async Task<VisitedPlace> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var place = new VisitedPlace(app);
        app.Run(place.ReceiveAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return place;
    }

    /// <summary>Params of a job that comes once and ends.</summary>
    public object Passing(string name) => new { url = $"{_app.Urls.First()}/pass/{name}" };

    /// <summary>Params of a job that comes and stays until <see cref="Release"/>.</summary>
    public object Staying(string name) => new { url = $"{_app.Urls.First()}/stay/{name}" };

    /// <summary>Waits for the next job that stays, and answers its name.</summary>
    public Task<string> ArrivalAsync() => NextAsync(_arrived);

    /// <summary>Waits for so many more jobs that stay, and answers their names in order.</summary>
    public async Task<IReadOnlyList<string>> ArrivalsAsync(int count)
    {
        var names = new List<string>();
        while (names.Count < count)
        {
            names.Add(await ArrivalAsync());
        }

        return [.. names.Order(StringComparer.Ordinal)];
    }

    /// <summary>Waits for the next job that was ended while it stayed, and answers its name.</summary>
    public Task<string> DepartureAsync() => NextAsync(_left);

    /// <summary>Lets all go that stay, and those that come later.</summary>
    public void Release() => _released.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        Release();
        await _app.DisposeAsync();
    }

    private static async Task<string> NextAsync(Channel<string> names) => await names.Reader.ReadAsync(TestContext.Current.CancellationToken)
        .AsTask().WaitAsync(MrqNode.Patience, TestContext.Current.CancellationToken);

    private async Task ReceiveAsync(HttpContext context)
    {
        if (context.Request.Path.Value?.Split('/') is not [_, var how, var name])
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        _order.Enqueue(name);
        _visits.AddOrUpdate(name, 1, static (_, visits) => visits + 1);
        if (how == "stay")
        {
            await StayAsync(name, context.RequestAborted);
        }
    }

    private async Task StayAsync(string name, CancellationToken gone)
    {
        await _arrived.Writer.WriteAsync(name, CancellationToken.None);
        try
        {
            await _released.Task.WaitAsync(gone);
        }
        catch (OperationCanceledException)
        {
            await _left.Writer.WriteAsync(name, CancellationToken.None);
        }
    }
}
