using Microsoft.Playwright;
using Mrq.Tests.Browser;
using Mrq.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Mrq.Tests.Nodes;

/// <summary>The dashboard of a node that runs nothing, while another one works.</summary>
[Collection(BrowserSuite.Name)]
public sealed class WatchingAnotherNode(Chromium chromium) : IAsyncLifetime
{
    private MrqCluster _cluster = null!;
    private VisitedPlace _place = null!;
    private MrqNode _runner = null!;
    private MrqNode _shown = null!;
    private IPage _page = null!;

    public async ValueTask InitializeAsync()
    {
        _place = await VisitedPlace.StartAsync();
        _cluster = await MrqCluster.StartAsync();
        var runner = _cluster.StartNodeAsync("--report_interval", "60", "--max_latency", "60");
        (_shown, _runner) = (await _cluster.StartNodeAsync("--workers", "false"), await runner);
        _page = await chromium.OpenAsync(1280, 900, ColorScheme.Light);
        await _page.GotoAsync(new Uri(_shown.Http.BaseAddress!, "jobs").ToString());
        await _page.Locator("body.started main h1").WaitForAsync();
        await _page.EvaluateAsync("window.sameDocument = true");
    }

    public async ValueTask DisposeAsync()
    {
        await _page.Context.CloseAsync();
        await _place.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task A_job_that_is_enqueued_and_run_elsewhere_appears_and_ends_without_a_reload()
    {
        var id = await _runner.EnqueueAsync("samples.fetch", _place.Staying("job"));

        await Expect(Row(id)).ToContainTextAsync("Running");
        _place.Release();
        await Expect(Row(id)).ToContainTextAsync("Succeeded");
        Assert.True(await _page.EvaluateAsync<bool>("window.sameDocument === true"), "The page was loaded anew.");
    }

    [Fact]
    public async Task A_job_that_runs_elsewhere_is_aborted_from_here()
    {
        var id = await _runner.EnqueueAsync("samples.fetch", _place.Staying("job"));
        await _place.ArrivalAsync();
        await _page.GotoAsync(new Uri(_shown.Http.BaseAddress!, $"jobs/{id}").ToString());

        await _page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Abort", Exact = true }).ClickAsync();
        await _page.Locator("dialog[open]").GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Abort", Exact = false }).ClickAsync();

        Assert.Equal("job", await _place.DepartureAsync());
        await Expect(_page.Locator("h1")).ToContainTextAsync("Aborted");
    }

    private ILocator Row(string id) => _page.Locator("tr[data-row]", new PageLocatorOptions { HasText = id });
}
