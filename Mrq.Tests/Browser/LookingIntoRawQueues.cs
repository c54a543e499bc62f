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
        mrq.AddRawQueue("main/later_timed_set", _ => new JobRequest { Path = "test.nothing" });
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

        await Assertions.Expect(Page.GetByText("0 due (2)")).ToBeVisibleAsync();
        await Button("Remove user 7").ClickAsync();
        await Assertions.Expect(Page.GetByText("Takes it out of the set for good.")).ToBeVisibleAsync();
        await Button("Remove").ClickAsync();
        await Assertions.Expect(Page.GetByText("0 due (1)")).ToBeVisibleAsync();
        await GoAsync("queues");
        var row = Page.Locator("tr[data-row]", new PageLocatorOptions { HasText = "main/later_timed_set" });
        await Assertions.Expect(row).ToContainTextAsync("0 due (1)");
        await row.GetByRole(AriaRole.Link, new LocatorGetByRoleOptions { Name = "main/later_timed_set" }).ClickAsync();
        await Button("Purge").ClickAsync();
        await Button("Take out 1").ClickAsync();
        await Assertions.Expect(Page.GetByText("Nothing waits")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_long_text_is_seen_whole_and_the_first_of_equal_ones_is_removed_when_that_is_confirmed()
    {
        var text = string.Join(' ', Enumerable.Range(0, 400).Select(i => $"word{i}"));
        await Server.PostAsync("/api/queues/clicks_raw/pause");
        await Server.Get<RawQueueClient>().EnqueueAsync(Clicks, [text, "other", text], Token);
        await GoAsync("queues/clicks_raw");

        await Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "word0 word1" }).First.ClickAsync();
        await Assertions.Expect(Page.Locator("dialog[open] pre")).ToHaveTextAsync(text);
        await Page.Keyboard.PressAsync("Escape");
        await Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Remove word0" }).Last.ClickAsync();
        await Assertions.Expect(Page.GetByText("Takes the first entry of the list that has exactly this text")).ToBeVisibleAsync();
        await Button("Keep as is").ClickAsync();
        await Assertions.Expect(Page.GetByText("1 to 3 of 3")).ToBeVisibleAsync();
        await Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "Remove word0" }).Last.ClickAsync();
        await Button("Remove").ClickAsync();

        await Assertions.Expect(Page.GetByText("1 to 2 of 2")).ToBeVisibleAsync();
        Assert.Equal(["other", text], (await Server.Get<IRawQueueContents>().PeekAsync(Clicks, 0, 10, Token)).Select(entry => entry.Params));
    }

    [Fact]
    public async Task What_becomes_of_the_entries_is_told_and_who_takes_them()
    {
        await Server.Get<RawQueueClient>().EnqueueAsync(Clicks, ["a"], Token);
        await GoAsync("queues/clicks_raw");

        var facts = Page.Locator("dl.facts");
        await Assertions.Expect(facts).ToContainTextAsync("List");
        await Assertions.Expect(facts).ToContainTextAsync("made by code");
        await Assertions.Expect(facts).ToContainTextAsync("Retry queue");
        await Assertions.Expect(facts).Not.ToContainTextAsync("none listens");
        await GoAsync("queues");
        var row = Page.Locator("tr[data-row]", new PageLocatorOptions { HasText = "clicks_raw" });
        await Assertions.Expect(row).ToContainTextAsync("Its jobs live in default");
        await Assertions.Expect(row).Not.ToContainTextAsync("idle");

        await GoAsync("jobs?path=test.nothing");
        await Page.Locator("tr[data-row] a[data-row-link]").First.ClickAsync();
        await Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "clicks_raw" }).ClickAsync();
        await Assertions.Expect(Page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Name = "clicks_raw" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_name_that_nobody_makes_jobs_of_says_so()
    {
        await GoAsync("queues/invented_raw");
        await Assertions.Expect(Page.GetByText("There is no such raw queue")).ToBeVisibleAsync();

        await Server.Get<RawQueueClient>().EnqueueAsync(new QueueName("invented_raw"), ["a"], Token);

        await Assertions.Expect(Button("Remove a")).ToBeVisibleAsync();
        await Assertions.Expect(Page.GetByText("Nobody makes jobs of these texts")).ToBeVisibleAsync();
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
