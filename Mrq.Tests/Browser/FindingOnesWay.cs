using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Mrq.Tests.Browser;

public sealed class FindingOnesWay(Chromium chromium) : Journey(chromium)
{
    [Fact]
    public async Task The_chosen_theme_is_in_the_first_bytes_of_every_page()
    {
        await GoAsync("");
        await Page.GetByRole(AriaRole.Radio, new() { Name = "Dark" }).ClickAsync();
        await Expect(Page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");

        var response = await Page.GotoAsync(new Uri(Server.Address, "jobs").ToString());

        Assert.Contains("<html lang=\"en\" data-theme=\"dark\">", await response!.TextAsync(), StringComparison.Ordinal);
        await Expect(Page.GetByRole(AriaRole.Radio, new() { Name = "Dark" })).ToHaveAttributeAsync("aria-checked", "true");
        await Page.GetByRole(AriaRole.Radio, new() { Name = "As the system" }).ClickAsync();
        response = await Page.ReloadAsync();
        Assert.DoesNotContain("data-theme=\"dark\">", await response!.TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_phone_nothing_scrolls_sideways_and_the_drawer_leads_everywhere()
    {
        var phone = await OpenAsync(390, 844);
        foreach (var empty in new[] { "", "jobs", "queues", "io", "schedules" })
        {
            await GoAsync(empty, phone);
            await Expect(phone.Locator(".empty").First).ToBeVisibleAsync();
            await AssertFitsAsync(phone, $"The empty page /{empty}");
        }

        var id = await Server.EnqueueAsync("test.fail");
        await Server.EndOfAsync(id);
        await GoAsync("", phone);
        foreach (var name in new[] { "Jobs", "Queues", "Workers", "I/O", "Tasks", "Schedules", "Audit log", "Overview" })
        {
            await phone.GetByRole(AriaRole.Button, new() { Name = "Menu" }).ClickAsync();
            await phone.Locator(".side").GetByRole(AriaRole.Link, new() { Name = name }).ClickAsync();
            await Expect(phone.Locator("h1")).ToHaveTextAsync(name);
            await Expect(phone.Locator("body.drawer")).ToHaveCountAsync(0);
            await AssertFitsAsync(phone, name);
        }

        await GoAsync($"jobs/{id}", phone);
        await AssertFitsAsync(phone, "Job");
        await phone.Context.CloseAsync();
    }

    [Fact]
    public async Task Everything_is_reached_by_keyboard()
    {
        var id = await Server.EnqueueAsync("test.nothing", more: new { queue = Parked });
        await GoAsync("");

        await Page.Keyboard.PressAsync("g");
        await Page.Keyboard.PressAsync("j");
        await Expect(Page.Locator("h1")).ToHaveTextAsync("Jobs");
        await Expect(Row(id)).ToBeVisibleAsync();
        await Page.Keyboard.PressAsync("j");
        await Page.Keyboard.PressAsync("x");
        await Expect(Page.Locator(".selection")).ToContainTextAsync("1 selected");
        await Page.Keyboard.PressAsync("?");
        await Expect(Page.GetByRole(AriaRole.Dialog, new() { Name = "Keyboard shortcuts" })).ToBeVisibleAsync();
        await Page.Keyboard.PressAsync("Escape");
        await Expect(Page.Locator("dialog[open]")).ToHaveCountAsync(0);
        await Page.Keyboard.PressAsync("/");
        await Expect(Page.GetByLabel("Search jobs")).ToBeFocusedAsync();
        await Page.Keyboard.TypeAsync("nowhere");
        await Page.Keyboard.PressAsync("Enter");
        await Expect(Page).ToHaveURLAsync(new Uri(Server.Address, "jobs?q=nowhere").ToString());
        await Expect(Page.GetByText("No job matches")).ToBeVisibleAsync();
        await Page.Keyboard.PressAsync("Escape");
        await Page.Keyboard.PressAsync("c");
        await Expect(Page.GetByLabel("Task", new() { Exact = true })).ToBeFocusedAsync();
        await Page.Keyboard.PressAsync("Escape");
        await Expect(Page.Locator("dialog[open]")).ToHaveCountAsync(0);
        await Page.Keyboard.PressAsync("g");
        await Page.Keyboard.PressAsync("w");
        await Expect(Page.Locator("h1")).ToHaveTextAsync("Workers");
    }

    [Theory]
    [InlineData("nowhere")]
    [InlineData("jobs/000000000000000000000000")]
    [InlineData("jobs?params=not-json")]
    public async Task An_address_that_leads_nowhere_says_so_and_leads_back(string address)
    {
        await GoAsync(address);

        await Expect(Page.Locator(".empty")).ToBeVisibleAsync();
        await Page.Locator(".side").GetByRole(AriaRole.Link, new() { Name = "Queues" }).ClickAsync();
        await Expect(Page.Locator("h1")).ToHaveTextAsync("Queues");
    }

    [Fact]
    public async Task A_filter_lives_in_the_address()
    {
        var parked = await Server.EnqueueAsync("test.echo", new { text = "a" }, new { queue = Parked });
        var other = await Server.EnqueueAsync("test.echo", new { text = "b" }, new { queue = Parked });
        await GoAsync("jobs");

        await Button("Filters").ClickAsync();
        await Page.GetByLabel("Params", new() { Exact = true }).FillAsync("""{"text": "a"}""");
        await Page.GetByLabel("Queue", new() { Exact = true }).FillAsync("park*");
        await Button("Apply").ClickAsync();
        await Expect(Row(other)).ToHaveCountAsync(0);
        await Page.ReloadAsync();

        await Expect(Row(parked)).ToBeVisibleAsync();
        await Expect(Row(other)).ToHaveCountAsync(0);
        await Page.GetByRole(AriaRole.Link, new() { Name = "Remove filter Params" }).ClickAsync();
        await Expect(Row(other)).ToBeVisibleAsync();
    }

    [Theory]
    [InlineData(390)]
    [InlineData(820)]
    [InlineData(1024)]
    public async Task What_a_row_is_about_has_room_on_screens_of_every_width(int width)
    {
        await Server.EnqueueAsync("test.nothing", more: new { queue = Parked });
        await Server.PostAsync("/api/batches", $$"""{"name": "a batch", "jobs": [{"path": "test.nothing", "queue": "{{Parked}}"}]}""");
        await Server.PostAsync("/api/schedules", """{"path": "test.nothing", "name": "a schedule", "interval": 3600}""");
        var page = await OpenAsync(width);
        foreach (var path in (string[])["", "jobs", "queues", "tasks", "batches", "schedules"])
        {
            await GoAsync(path, page);
            var names = page.Locator("tbody a.name");
            await Expect(names.First).ToBeVisibleAsync();
            await AssertFitsAsync(page, $"/{path}");
            var narrowest = await names.EvaluateAllAsync<int>("links => Math.min(...links.map(link => link.closest('td').clientWidth))");
            Assert.True(narrowest >= 100, $"On /{path} a name has {narrowest} pixels of {width}.");
        }

        await page.Context.CloseAsync();
    }

    private static async Task AssertFitsAsync(IPage page, string what)
    {
        var tooWide = await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        Assert.True(tooWide <= 0, $"{what} is {tooWide} pixels too wide for the screen.");
    }
}
