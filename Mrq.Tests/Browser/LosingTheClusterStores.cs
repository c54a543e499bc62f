using Microsoft.Playwright;
using Mrq.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Mrq.Tests.Browser;

/// <summary>The pages while Redis or MongoDB is away, and after.</summary>
public sealed class LosingTheClusterStores(Chromium chromium) : Journey(chromium)
{
    private StoppableStores? _stores;

    private StoppableStores Stores => _stores ?? throw new InvalidOperationException("The test has not begun.");

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Stores.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_banner_names_Redis_and_the_time_and_goes_when_it_is_back()
    {
        var id = await Server.EnqueueAsync("test.nothing", more: new { queue = Parked });
        await GoAsync("jobs");
        await Expect(Row(id)).ToBeVisibleAsync();
        await MarkAsync();

        await Stores.Redis.KillAsync();
        await Expect(Page.Locator(".banner")).ToContainTextAsync($"Redis redis://127.0.0.1:{Stores.Redis.Port}/0");
        await Expect(Page.Locator(".banner")).ToContainTextAsync("is away since");
        await Expect(Page.Locator(".banner time-ago")).Not.ToHaveTextAsync("");
        await Expect(Page.Locator(".banner")).Not.ToContainTextAsync("MongoDB");
        await Expect(Row(id)).ToBeVisibleAsync();

        await Stores.Redis.RestartAsync();
        await Expect(Page.Locator(".banner")).ToHaveCountAsync(0);
        await AssertNotReloadedAsync();
    }

    [Fact]
    public async Task Pages_that_are_opened_without_MongoDB_say_so_in_a_sentence_and_fill_when_it_is_back()
    {
        await Stores.StopMongoAsync();
        var pages = new List<IPage>();
        foreach (var path in (string[])["", "jobs", "jobs?q=x", "jobs/000000000000000000000000", "queues", "schedules", "workers", "io", "tasks", "audit"])
        {
            var page = await OpenAsync();
            pages.Add(page);
            await GoAsync(path, page);
            await Expect(page.Locator(".banner")).ToContainTextAsync("MongoDB 127.0.0.1");
            await Expect(page.Locator("main")).ToContainTextAsync("This could not be read yet");
            await Expect(page.Locator("main")).Not.ToContainTextAsync("StorageUnavailable");
        }

        await Stores.StartMongoAsync();

        foreach (var page in pages)
        {
            await Expect(page.Locator(".banner")).ToHaveCountAsync(0);
            await Expect(page.Locator("main")).Not.ToContainTextAsync("This could not be read yet");
            await page.Context.CloseAsync();
        }
    }

    [Fact]
    public async Task Pages_that_are_opened_without_Redis_name_it_and_fill_when_it_is_back()
    {
        await Server.EnqueueAsync("test.nothing", more: new { queue = Parked });
        await Stores.Redis.KillAsync();
        var pages = new List<IPage>();
        foreach (var path in (string[])["", "queues"])
        {
            var page = await OpenAsync();
            pages.Add(page);
            await GoAsync(path, page);
            await Expect(page.Locator("main")).ToContainTextAsync("This could not be read yet");
            await Expect(page.Locator("main")).ToContainTextAsync($"Redis redis://127.0.0.1:{Stores.Redis.Port}/0");
            await Expect(page.Locator("main")).ToContainTextAsync("asked again");
        }

        await Stores.Redis.RestartAsync();

        foreach (var page in pages)
        {
            await Expect(page.Locator("main")).ToContainTextAsync(Parked);
            await Expect(page.Locator("main")).Not.ToContainTextAsync("This could not be read yet");
            await page.Context.CloseAsync();
        }
    }

    [Fact]
    public async Task What_a_person_does_meanwhile_fails_with_a_sentence()
    {
        var id = await Server.EnqueueAsync("test.nothing", more: new { queue = Parked });
        await GoAsync($"jobs/{id}");
        await Expect(Button("Cancel")).ToBeVisibleAsync();
        await Stores.StopMongoAsync();

        await Button("Cancel").ClickAsync();

        await Expect(Page.Locator(".toast")).ToContainTextAsync("That did not work. MongoDB");
        await Stores.StartMongoAsync();
        await Expect(Page.Locator(".banner")).ToHaveCountAsync(0);
    }

    protected override async Task<TestStores?> StoresAsync() => (_stores = await StoppableStores.StartAsync()).Stores;
}
