using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using static Microsoft.Playwright.Assertions;

namespace Mrq.Tests.Browser;

/// <summary>What the pages tell of jobs that wait, wherever they do.</summary>
public sealed class WatchingQueues(Chromium chromium) : Journey(chromium)
{
    [Fact]
    public async Task A_queue_shows_its_limits_and_the_jobs_that_they_hold_back()
    {
        await Server.EnqueueAsync("test.hold");
        await Tasks.StartedAsync();
        await Server.EnqueueAsync("test.nothing");

        await GoAsync("queues");

        var queue = Page.Locator("tr[data-row]", new() { HasText = "default" });
        await Expect(queue).ToContainTextAsync("at most 1 at once, 100 in 1m 00s");
        await Expect(queue.Locator("a[href='jobs?status=retry&queue=default']")).ToHaveTextAsync("+ 1 held back");
    }

    [Fact]
    public async Task Being_held_back_is_told_from_being_tried()
    {
        await Server.EnqueueAsync("test.hold");
        await Tasks.StartedAsync();
        var held = await Server.EnqueueAsync("test.nothing");

        await GoAsync($"jobs/{held}");

        await Expect(Page.Locator(".facts dt:has-text('Held back') + dd")).ToContainTextAsync("by limits, before its task began");
        await Expect(Page.Locator(".facts dt:has-text('Attempt') + dd")).ToHaveTextAsync("0");
        Tasks.Release();
        await Expect(Page.Locator(".facts dt:has-text('Attempt') + dd")).ToHaveTextAsync("1");
    }

    [Fact]
    public async Task Jobs_that_wait_for_another_have_a_tile_of_their_own()
    {
        await Server.EnqueueAsync("test.nothing", more: new { queue = Parked, then = new { path = "test.nothing", queue = Parked } });

        await GoAsync("");

        await Expect(Page.Locator(".stats a[href='jobs?status=deferred'] strong")).ToHaveTextAsync("1");
    }

    [Fact]
    public async Task The_address_of_a_queue_leads_to_its_jobs()
    {
        await Server.EnqueueAsync("test.nothing", more: new { queue = Parked });

        await GoAsync($"queues/{Parked}");
        await Page.GetByRole(Microsoft.Playwright.AriaRole.Link, new() { Name = $"Jobs of {Parked}" }).ClickAsync();

        await Expect(Page).ToHaveURLAsync(new Uri(Server.Address, $"jobs?queue={Parked}").ToString());
        await Expect(Page.Locator("tr[data-row]")).ToHaveCountAsync(1);
    }

    protected override void Host(WebApplicationBuilder builder) => builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["Mrq:QueueLimits:default:max_concurrency"] = "1",
        ["Mrq:QueueLimits:default:rate_limit"] = "100/m",
    });
}
