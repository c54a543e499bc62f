using System.Net;
using System.Net.WebSockets;
using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mrq.Dashboard;
using Mrq.Hosting;
using Mrq.Storage;
using Mrq.Tests.Support;

namespace Mrq.Tests.Dashboard;

/// <summary>What <c>MapMrq</c> does among the routes, the users and the rules of an application.</summary>
public sealed class MountingInAnApplication : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("/jobs")]
    public async Task What_the_application_demands_of_its_users_holds_for_every_address(string prefix)
    {
        await using var app = Build(app => app.MapMrq(prefix).RequireAuthorization());
        await app.StartAsync(Token);
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        (HttpMethod Method, string Path)[] addresses =
        [
            (HttpMethod.Get, "/"), (HttpMethod.Get, "/jobs"), (HttpMethod.Get, "/no-such-page"), (HttpMethod.Get, "/_content/Mrq.Dashboard/base.css"),
            (HttpMethod.Get, "/api/jobs"), (HttpMethod.Get, "/health/live"), (HttpMethod.Get, "/metrics"),
            (HttpMethod.Get, "/docs/index.html"), (HttpMethod.Get, "/docs/swagger-ui.css"), (HttpMethod.Get, "/openapi/v1.json"),
            (HttpMethod.Post, "/hubs/live/negotiate?negotiateVersion=1"), (HttpMethod.Post, "/_blazor/negotiate?negotiateVersion=1"),
            // At the root it may be the application's.
            .. prefix.Length > 0 ? [(HttpMethod.Get, "/api/no-such-resource")] : Array.Empty<(HttpMethod, string)>(),
        ];

        foreach (var (method, path) in addresses)
        {
            Assert.Equal((path, HttpStatusCode.Unauthorized), (path, await AskAsync(http, method, prefix + path)));
            Assert.NotEqual((path, HttpStatusCode.Unauthorized), (path, await AskAsync(http, method, prefix + path, user: "ada")));
        }

        Assert.Equal(HttpStatusCode.OK, await AskAsync(http, HttpMethod.Get, "/own"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(http, HttpMethod.Get, $"{prefix}/docs/index.html", user: "ada"));
        await app.StopAsync(Token);
    }

    [Fact]
    public async Task A_route_of_the_application_that_takes_every_address_leaves_those_under_the_prefix_alone()
    {
        await using var app = Build(app =>
        {
            app.MapFallback(() => "the page of the application");
            app.MapMrq("/jobs");
        });
        await app.StartAsync(Token);
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };

        Assert.Equal("the page of the application", await http.GetStringAsync(new Uri("/anything", UriKind.Relative), Token));
        Assert.Equal("{\"status\":\"live\"}\n", await http.GetStringAsync(new Uri("/jobs/health/live", UriKind.Relative), Token));
        Assert.Contains("<base href=\"/jobs/\"", await http.GetStringAsync(new Uri("/jobs/queues", UriKind.Relative), Token), StringComparison.Ordinal);
        await app.StopAsync(Token);
    }

    [Fact]
    public async Task Addresses_of_the_application_beside_it_at_the_root_keep_their_own_rules()
    {
        await using var app = Build(app =>
        {
            app.MapPost("/api/own", () => "taken");
            app.MapGet("/api/own/fails", string () => throw new StorageUnavailableException("the application's own"));
            app.MapMrq();
        });
        await app.StartAsync(Token);
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };

        Assert.Equal((HttpStatusCode.OK, "text/plain"), await AnswerAsync(HttpMethod.Post, "/api/own"));
        Assert.Equal((HttpStatusCode.InternalServerError, null), await AnswerAsync(HttpMethod.Get, "/api/own/fails"));
        Assert.Equal((HttpStatusCode.NotFound, null), await AnswerAsync(HttpMethod.Get, "/api/nobodys"));
        Assert.Equal((HttpStatusCode.Forbidden, "application/problem+json"), await AnswerAsync(HttpMethod.Post, "/api/queues/default/pause"));
        Assert.Equal((HttpStatusCode.BadRequest, "application/problem+json"), await AnswerAsync(HttpMethod.Get, "/api/jobs?no_such=1"));
        await app.StopAsync(Token);

        async Task<(HttpStatusCode Status, string? Type)> AnswerAsync(HttpMethod method, string path)
        {
            using var request = new HttpRequestMessage(method, path) { Headers = { { "Origin", "https://partner.example" } } };
            using var answer = await http.SendAsync(request, Token);
            return (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType);
        }
    }

    [Fact]
    public async Task What_a_login_has_opened_ends_with_it()
    {
        await using var app = Build(app => app.MapMrq("/jobs").RequireAuthorization());
        await app.StartAsync(Token);
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader(HeaderLogin.Name, "ada");
        socket.Options.SetRequestHeader(HeaderLogin.Seconds, "1");
        await socket.ConnectAsync(new Uri($"{app.Urls.First().Replace("http:", "ws:", StringComparison.Ordinal)}/jobs/hubs/live"), Token);
        // Without its hello SignalR would end the connection anyway.
        await socket.SendAsync(Encoding.UTF8.GetBytes("{\"protocol\":\"json\",\"version\":1}\u001e"), WebSocketMessageType.Text, endOfMessage: true, Token);

        Assert.Contains("\"type\":7", await UntilClosedAsync(socket), StringComparison.Ordinal);
        await app.StopAsync(Token);
    }

    [Fact]
    public async Task Circuits_and_hub_are_told_to_end_with_the_login()
    {
        await using var app = Build(app => app.MapMrq());

        var connections = ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).SelectMany(endpoint => endpoint.Metadata.OfType<HttpConnectionDispatcherOptions>()).ToList();

        Assert.Equal(2, connections.Count);
        Assert.All(connections, connection => Assert.True(connection.CloseOnAuthenticationExpiration));
    }

    [Fact]
    public async Task Who_forgot_to_register_it_is_told()
    {
        await using var app = WebApplication.CreateSlimBuilder().Build();

        Assert.Contains("AddMrqDashboard()", Assert.Throws<InvalidOperationException>(() => app.MapMrq()).Message, StringComparison.Ordinal);
    }

    private WebApplication Build(Action<WebApplication> map)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = _folder.Path, EnvironmentName = "Production" });
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Logging.ClearProviders();
        builder.Services.AddMrq(mrq => mrq.UseSqlite(_folder.File("mrq.db")));
        builder.Services.AddMrqDashboard();
        builder.Services.AddAuthentication(HeaderLogin.Name).AddScheme<AuthenticationSchemeOptions, HeaderLogin>(HeaderLogin.Name, configureOptions: null);
        builder.Services.AddAuthorization();
        var app = builder.Build();
        app.MapGet("/own", () => "mine");
        map(app);
        return app;
    }

    private static async Task<HttpStatusCode> AskAsync(HttpClient http, HttpMethod method, string path, string? user = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (user is not null)
        {
            request.Headers.Add(HeaderLogin.Name, user);
        }

        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
        return answer.StatusCode;
    }

    /// <summary>Answers all that was said until then.</summary>
    private static async Task<string> UntilClosedAsync(ClientWebSocket socket)
    {
        var (said, buffer) = (new StringBuilder(), new byte[4096]);
        while (await socket.ReceiveAsync(buffer.AsMemory(), Token) is { MessageType: not WebSocketMessageType.Close } message)
        {
            said.Append(Encoding.UTF8.GetString(buffer, 0, message.Count));
        }

        return said.ToString();
    }

    /// <summary>Believes whoever says a name, for as long as he says.</summary>
    private sealed class HeaderLogin(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logs, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logs, encoder)
    {
        public const string Name = "X-Test-User";
        public const string Seconds = "X-Test-Seconds";

        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
            Request.Headers[Name].ToString() is { Length: > 0 } name
                ? AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, name)], Name)), Expiry(), Name))
                : AuthenticateResult.NoResult());

        private AuthenticationProperties Expiry() => new()
        {
            ExpiresUtc = int.TryParse(Request.Headers[Seconds], out var seconds) ? TimeProvider.System.GetUtcNow().AddSeconds(seconds) : null,
        };
    }
}
