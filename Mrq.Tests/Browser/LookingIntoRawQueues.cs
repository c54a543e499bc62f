using Microsoft.Playwright;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;

namespace Mrq.Tests.Browser;

/// <summary>A person looks into raw queues, puts texts in and takes them out, and settles what was rejected.</summary>
public sealed class LookingIntoRawQueues(Chromium chromium) : Journey(chromium)
{
    private static readonly QueueName Clicks = new("clicks_raw");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    protected override void Register(MrqBuilder mrq)
    {
        base.Register(mrq);
        mrq.AddRawQueue("clicks_raw", raw => raw == "bad" ? throw new FormatException("not a click") : new JobRequest { Path = "test.nothing" });
        mrq.AddWorkers(w => w.Queues = [Clicks]);
    }

    [Fact]
    public async Task Texts_are_added_looked_at_and_removed()
    {
        await GoAsync("queues/main/later_timed_set");
        await Button("Add texts").ClickAsync();
        await Page.GetByLabel("Texts", new PageGetByLabelOptions { Exact = true }).FillAsync("user 7\nuser 8");
        await Page.GetByLabel("Due in").FillAsync("600");
        await Button("Add").ClickAsync();

        await Assertions.Expect(Page.GetByText("0 due (2 in total)")).ToBeVisibleAsync();
        await Button("Remove user 7").ClickAsync();
        await Assertions.Expect(Page.GetByText("0 due (1 in total)")).ToBeVisibleAsync();
        await GoAsync("queues");
        var row = Page.Locator("tr[data-row]", new PageLocatorOptions { HasText = "main/later_timed_set" });
        await Assertions.Expect(row).ToContainTextAsync("0 (1)");
        await row.GetByRole(AriaRole.Link, new LocatorGetByRoleOptions { Name = "main/later_timed_set" }).ClickAsync();
        await Button("Purge").ClickAsync();
        await Button("Take out 1").ClickAsync();
        await Assertions.Expect(Page.GetByText("Nothing waits")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task What_was_rejected_is_seen_with_its_error_and_put_back_or_dropped()
    {
        await Server.Get<RawQueueClient>().EnqueueAsync(Clicks, ["bad"], Token);

        await GoAsync("queues/clicks_raw");
        await Assertions.Expect(Page.GetByText("not a click")).ToBeVisibleAsync();
        await Button("Pause").ClickAsync();
        await Assertions.Expect(Button("Resume")).ToBeVisibleAsync();
        await Button("Put back bad").ClickAsync();
        await Assertions.Expect(Button("Remove bad")).ToBeVisibleAsync();
        await Button("Resume").ClickAsync();
        await Button("Drop bad").ClickAsync();

        await Assertions.Expect(Page.GetByText("not a click")).ToHaveCountAsync(0);
        await Assertions.Expect(Page.GetByText("Nothing waits")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_sorted_set_is_drawn_by_score_on_any_screen()
    {
        var entries = Enumerable.Range(0, 200).Select(i => new RawEntry(new QueueName("order_sorted_set"), $"order {i:D3} of a customer with a rather long name", i * i / 40.0));
        await Server.Get<RawQueueClient>().EnqueueAsync([.. entries], Token);
        foreach (var (width, scheme) in ((int, ColorScheme)[])[(1440, ColorScheme.Light), (390, ColorScheme.Dark)])
        {
            var page = await OpenAsync(width, 900, scheme);
            await GoAsync("queues/order_sorted_set", page);
            await Assertions.Expect(page.Locator(".score-bars span")).ToHaveCountAsync(40);
            await Assertions.Expect(page.GetByText("1 to 50 of 200")).ToBeVisibleAsync();
            Assert.Equal(width, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
            await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "After", Exact = true }).ClickAsync();
            await Assertions.Expect(page.GetByText("51 to 100 of 200")).ToBeVisibleAsync();
            await page.Context.CloseAsync();
        }
    }
}
