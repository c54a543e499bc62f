using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Mrq.Hosting;
using Mrq.Server.Configuration;
using Mrq.Server.Hosting;
using Mrq.Storage;

namespace Mrq.Tests.Support;

/// <summary>The real server, in this process, on a free port of 127.0.0.1, with stores of its own that are deleted at the end.</summary>
public sealed class MrqServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly IAsyncDisposable? _own;

    private MrqServer(WebApplication app, IAsyncDisposable? own)
    {
        _app = app;
        _own = own;
        Address = new Uri(app.Urls.First());
        Http = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(60) };
    }

    public Uri Address { get; }

    public HttpClient Http { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>Starts a server with one worker and without the sample tasks.</summary>
    /// <param name="mrq">Tasks and options of the test.</param>
    /// <param name="settings">Changes the settings; null: as they are.</param>
    /// <param name="host">Replaces services; null: as they are.</param>
    /// <param name="stores">Which stores, to share them; null: its own.</param>
    /// <param name="pair">What its own stores are.</param>
    public static async Task<MrqServer> StartAsync(
        Action<MrqBuilder>? mrq = null, Func<ServerSettings, ServerSettings>? settings = null, Action<WebApplicationBuilder>? host = null, TestStores? stores = null,
        StorePair pair = StorePair.Sqlite)
    {
        var own = stores is null ? await TestStores.MakeAsync(pair) : null;
        var chosen = (stores ?? own)!.Use(new ServerSettings
        {
            DashboardPort = 0,
            Tasks = "no-tasks",
            Samples = false,
            LogLevel = LogLevel.None,
            Worker = w => w.ShutdownTimeout = TimeSpan.Zero,
        });
        var app = MrqServerApp.Build(settings?.Invoke(chosen) ?? chosen, mrq, host);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new MrqServer(app, own);
    }

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    /// <summary>Sends a request and reads the whole answer.</summary>
    /// <param name="json">The body; null: none.</param>
    public async Task<Answer> SendAsync(HttpMethod method, string path, string? json = null, string contentType = "application/json", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(json));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await SendAsync(request);
    }

    public async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        using var response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var location = response.Headers.Location?.ToString();
        return new Answer((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, location, text, response.Headers.ToDictionary(h => h.Key, h => string.Join(',', h.Value)));
    }

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Answer> PostAsync(string path, string? json = null) => SendAsync(HttpMethod.Post, path, json);

    /// <summary>Queues a job over the API and answers its id.</summary>
    public async Task<string> EnqueueAsync(string path, object? parameters = null, object? more = null)
    {
        var body = JsonSerializer.SerializeToNode(more ?? new { })!.AsObject();
        body["path"] = path;
        body["params"] = JsonSerializer.SerializeToNode(parameters ?? new { });
        var answer = await PostAsync("/api/jobs", body.ToJsonString());
        Assert.True(answer.Status is 200 or 201, answer.Text);
        return answer.Json.GetProperty("id").GetString()!;
    }

    /// <summary>Waits until a schedule has enqueued a job and answers its id.</summary>
    public async Task<string> LastJobAsync(string schedule)
    {
        using var changed = new SemaphoreSlim(0);
        using var subscription = _app.Services.GetRequiredService<ICoordination>().Subscribe(_ => changed.Release());
        while (true)
        {
            if ((await GetAsync($"/api/schedules/{schedule}")).At("last_job") is { Length: > 0 } job)
            {
                return job;
            }

            Assert.True(await changed.WaitAsync(TestEngine.Patience, TestContext.Current.CancellationToken), "The schedule has enqueued nothing.");
        }
    }

    /// <summary>Waits for a job's end and answers it.</summary>
    public async Task<JsonElement> EndOfAsync(string id)
    {
        var answer = await GetAsync($"/api/jobs/{id}?wait=60");
        Assert.Equal(200, answer.Status);
        return answer.Json;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        if (_own is not null)
        {
            await _own.DisposeAsync();
        }
    }
}

/// <summary>An answer of the server, read whole.</summary>
public sealed record Answer(int Status, string? ContentType, string? Location, string Text, IReadOnlyDictionary<string, string> Headers)
{
    public JsonElement Json => JsonElement.Parse(Text);

    /// <summary>The text of a member, or of a member of a member: <c>errors.path</c> gives its first error.</summary>
    public string? At(params string[] names)
    {
        var value = Json;
        foreach (var name in names)
        {
            if (!value.TryGetProperty(name, out value))
            {
                return null;
            }
        }

        return value.ValueKind == JsonValueKind.Array ? value[0].ToString() : value.ToString();
    }
}
