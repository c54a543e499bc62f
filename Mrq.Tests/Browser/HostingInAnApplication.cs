using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;
using Mrq.Dashboard;
using Mrq.Hosting;
using Mrq.Tasks;
using Mrq.Tests.Support;

namespace Mrq.Tests.Browser;

/// <summary>A C# team puts MRQ into its own application, as the README shows.</summary>
[Collection(BrowserSuite.Name)]
public sealed class HostingInAnApplication(Chromium chromium)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("/mrq")]
    public async Task Api_and_dashboard_work_beside_the_routes_of_the_application(string prefix)
    {
        using var folder = new TempFolder();
        await using var app = Build(folder, prefix);
        await app.StartAsync(Token);
        var root = new Uri(app.Urls.First());
        using var http = new HttpClient { BaseAddress = root };

        using var created = await http.PostAsJsonAsync($"{prefix}/api/jobs", new { path = "hello", @params = new { name = "Ada" } }, Token);
        var job = await http.GetFromJsonAsync<JsonElement>(new Uri($"{created.Headers.Location}?wait=30", UriKind.Relative), Token);
        var own = await http.GetStringAsync(new Uri("/own", UriKind.Relative), Token);
        using var unknown = await http.GetAsync(new Uri($"{prefix}/api/nothing", UriKind.Relative), Token);
        var document = await http.GetFromJsonAsync<JsonElement>(new Uri($"{prefix}/openapi/v1.json", UriKind.Relative), Token);
        var page = await chromium.OpenAsync(1280, 900, ColorScheme.Light);
        await page.GotoAsync(new Uri(root, $"{prefix}/jobs").ToString());
        await page.GetByRole(AriaRole.Link, new() { Name = "hello" }).First.ClickAsync();
        await page.GetByText("Hello Ada").First.WaitForAsync();

        Assert.StartsWith($"{prefix}/api/jobs/", created.Headers.Location!.ToString(), StringComparison.Ordinal);
        Assert.Equal("Hello Ada", job.GetProperty("result").GetString());
        Assert.Equal("mine", own);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.True(document.GetProperty("paths").EnumerateObject().Any());
        Assert.Contains($"{prefix}/jobs/", page.Url, StringComparison.Ordinal);
        await page.Context.CloseAsync();
        await app.StopAsync(Token);
    }

    private static WebApplication Build(TempFolder folder, string prefix)
    {
        // In production, and in a folder that is not the program's.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = folder.Path, EnvironmentName = "Production" });
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Logging.ClearProviders();
        builder.Services.AddMrq(mrq => mrq
            .UseSqlite(folder.File("mrq.db"))
            .AddTask<Greeting, string>("hello", (p, _, _) => Task.FromResult($"Hello {p.Name}"))
            .AddWorkers(w => w.Concurrency = 2));
        builder.Services.AddMrqDashboard();
        var app = builder.Build();
        app.MapGet("/own", () => "mine");
        app.MapMrq(prefix);
        return app;
    }

    private sealed record Greeting(string Name);
}
