using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.Playwright;
using Mrq.Hosting;
using Mrq.Tests.Support;

namespace Mrq.Tests.Browser;

/// <summary>A person before the real server with a real browser. A page that throws fails the journey.</summary>
[Collection(BrowserSuite.Name)]
public abstract class Journey(Chromium chromium) : IAsyncLifetime
{
    /// <summary>A queue that the test's worker does not listen to: what is in it stays.</summary>
    protected const string Parked = "parked";

    private readonly ConcurrentQueue<string> _errors = new();

    protected TestTasks Tasks { get; } = new();

    protected MrqServer Server { get; private set; } = null!;

    protected IPage Page { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await MrqServer.StartAsync(Register, host: Host, stores: await StoresAsync());
        Page = await OpenAsync();
    }

    public virtual async ValueTask DisposeAsync()
    {
        Tasks.Release();
        await Page.Context.CloseAsync();
        await Server.DisposeAsync();
        GC.SuppressFinalize(this);
        Assert.Empty(_errors);
    }

    protected virtual void Register(MrqBuilder mrq) => Tasks.Register(mrq);

    protected virtual void Host(WebApplicationBuilder builder)
    {
    }

    /// <summary>Null: a SQLite file of its own.</summary>
    protected virtual Task<TestStores?> StoresAsync() => Task.FromResult<TestStores?>(null);

    protected async Task<IPage> OpenAsync(int width = 1280, int height = 900, ColorScheme scheme = ColorScheme.Light)
    {
        var page = await chromium.OpenAsync(width, height, scheme);
        page.PageError += (_, error) => _errors.Enqueue(error);
        return page;
    }

    /// <summary>Opens an address of the dashboard and waits until the page is alive.</summary>
    protected Task GoAsync(string path, IPage? page = null) => GoAsync(page ?? Page, new Uri(Server.Address, path));

    protected static async Task GoAsync(IPage page, Uri address)
    {
        await page.GotoAsync(address.ToString());
        await page.Locator("body.started main h1").WaitForAsync();
    }

    /// <summary>Notes on the page that it was never loaded anew.</summary>
    protected Task MarkAsync() => Page.EvaluateAsync("window.sameDocument = true");

    protected async Task AssertNotReloadedAsync() => Assert.True(await Page.EvaluateAsync<bool>("window.sameDocument === true"), "The page was loaded anew.");

    /// <summary>The row of a job in the list.</summary>
    protected ILocator Row(string id) => Page.Locator("tr[data-row]", new PageLocatorOptions { HasText = id });

    protected ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    /// <summary>Starts the server anew on the same address, with an empty store.</summary>
    protected async Task RestartServerAsync()
    {
        var port = Server.Address.Port;
        await Server.DisposeAsync();
        Server = await MrqServer.StartAsync(Register, s => s with { DashboardPort = port }, Host);
    }
}
