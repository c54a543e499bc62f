using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mrq.Dashboard;
using Mrq.Hosting;
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
            (HttpMethod.Get, "/api/jobs"), (HttpMethod.Get, "/api/no-such-resource"), (HttpMethod.Get, "/health/live"), (HttpMethod.Get, "/metrics"),
            (HttpMethod.Get, "/docs/index.html"), (HttpMethod.Get, "/docs/swagger-ui.css"), (HttpMethod.Get, "/openapi/v1.json"),
            (HttpMethod.Post, "/hubs/live/negotiate?negotiateVersion=1"), (HttpMethod.Post, "/_blazor/negotiate?negotiateVersion=1"),
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

    /// <summary>Believes whoever says a name.</summary>
    private sealed class HeaderLogin(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logs, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logs, encoder)
    {
        public const string Name = "X-Test-User";

        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
            Request.Headers[Name].ToString() is { Length: > 0 } name
                ? AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, name)], Name)), Name))
                : AuthenticateResult.NoResult());
    }
}
