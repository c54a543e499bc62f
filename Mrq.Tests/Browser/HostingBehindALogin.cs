using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;
using Mrq.Tests.Support;

namespace Mrq.Tests.Browser;

/// <summary>An operator of <c>samples/HostedApp</c> logs in and works with the dashboard, which lies under a path of the application; the application perhaps under one of a proxy.</summary>
[Collection(BrowserSuite.Name)]
public sealed class HostingBehindALogin(Chromium chromium)
{
    private static readonly object Order = new { order = 7, lines = new[] { new { article = "Lamp", count = 2, price = 19.5 } } };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("/ops")]
    public async Task Pages_files_circuit_api_and_signals_lie_under_the_path_and_behind_the_login(string proxyPath)
    {
        using var folder = new TempFolder();
        await using var process = HostedSample.Start(folder, HostedSample.Program);
        using var direct = await process.ReadyAsync();
        await using var proxy = proxyPath.Length > 0 ? await PrefixProxy.StartAsync(direct.BaseAddress!, proxyPath) : null;
        var application = proxy?.Address ?? direct.BaseAddress!.ToString().TrimEnd('/');
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });

        using (var refused = await http.GetAsync(new Uri($"{application}/jobs/api/jobs"), Token))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        var page = await chromium.OpenAsync(1280, 900, ColorScheme.Light);
        var seen = new ConcurrentQueue<(string Address, int Status)>();
        page.Response += (_, answer) => seen.Enqueue((answer.Url, answer.Status));
        page.WebSocket += (_, socket) => seen.Enqueue((socket.Url, 101));
        await page.GotoAsync($"{application}/jobs/jobs");
        Assert.StartsWith($"{application}/login?ReturnUrl=", page.Url, StringComparison.Ordinal);
        await page.GetByLabel("Name").FillAsync("ada");
        await page.GetByLabel("Password").FillAsync("secret ");
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await page.GetByText("Name or password is wrong.").WaitForAsync();
        seen.Clear();
        await page.GetByLabel("Password").FillAsync("secret");
        await page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Jobs", Exact = true }).WaitForAsync();
        Assert.Equal($"{application}/jobs/jobs", page.Url);

        await ListenAsync(page);
        using var taken = await http.PostAsJsonAsync(new Uri($"{application}/orders"), Order, Token);
        Assert.StartsWith($"{application}/orders/jobs/", taken.Headers.Location!.ToString(), StringComparison.Ordinal);
        await page.GetByRole(AriaRole.Link, new() { Name = "orders.invoice" }).First.ClickAsync();
        await page.GetByText("Order 7: 1 lines, 39.0 in all").First.WaitForAsync();
        await page.WaitForFunctionAsync("() => window.told.includes('changed')");

        Assert.Equal(200, await page.EvaluateAsync<int>("async () => (await fetch('api/queues/default/pause', { method: 'POST' })).status"));
        var audit = await page.EvaluateAsync<JsonElement>("async () => (await fetch('api/audit')).json()");
        Assert.Contains("\"ada\"", audit.GetRawText(), StringComparison.Ordinal);

        Assert.All(seen, one => Assert.True(one.Status < 400, $"{one.Address} was answered with {one.Status}."));
        Assert.Contains(seen, one => one.Address.StartsWith($"{application}/jobs/_content/Mrq.Dashboard/base.css?", StringComparison.Ordinal));
        Assert.Contains(seen, one => one.Address.StartsWith($"{application.Replace("http:", "ws:", StringComparison.Ordinal)}/jobs/_blazor?", StringComparison.Ordinal));
        await page.Context.CloseAsync();
    }

    // A client of the hub in the page, which sends the cookie along. SignalR's JSON protocol: every message ends with this character.
    private static async Task ListenAsync(IPage page) => await page.EvaluateAsync(
        """
        () => new Promise(ready => {
          window.told = '';
          const socket = new WebSocket(new URL('hubs/live', document.baseURI).href.replace(/^http/, 'ws'));
          socket.onopen = () => socket.send('{"protocol":"json","version":1}\u001e');
          socket.onmessage = m => { window.told += m.data; ready(); };
        })
        """);
}
