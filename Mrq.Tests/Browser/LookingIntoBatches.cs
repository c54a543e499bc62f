using Microsoft.Playwright;
using Mrq.Batches;
using Mrq.Jobs;
using Mrq.Storage;
using static Microsoft.Playwright.Assertions;

namespace Mrq.Tests.Browser;

public sealed class LookingIntoBatches(Chromium chromium) : Journey(chromium)
{
    [Fact]
    public async Task A_batch_appears_goes_on_and_ends_before_the_eyes()
    {
        await GoAsync("batches");
        await Expect(Page.GetByText("No batch yet")).ToBeVisibleAsync();
        await Expect(Page.Locator(".empty")).ToContainTextAsync("/api/batches");
        await MarkAsync();

        await Server.PostAsync(
            "/api/batches", """{"name":"Sums","jobs":[{"path":"test.add","params":{"a":1,"b":2}},{"path":"test.fail"},{"path":"test.hold"}],"on_complete":{"path":"test.nothing"},"on_success":{"path":"test.nothing"}}""");

        await Expect(Row("Sums")).ToContainTextAsync("67%");
        await Expect(Row("Sums")).ToContainTextAsync("Running");
        await Row("Sums").GetByRole(AriaRole.Link).ClickAsync();
        await Expect(Page.Locator("h1")).ToContainTextAsync("Sums");
        await Expect(Page.Locator(".facts")).ToContainTextAsync("Waits for another");
        Tasks.Release();
        await Expect(Page.Locator("h1")).ToContainTextAsync("Has failures");
        await Expect(Page.Locator(".facts")).ToContainTextAsync("Succeeded");
        await Expect(Page.Locator(".notice")).ToContainTextAsync("1 job of it failed. Failed jobs: retry them, and test.nothing runs when all have succeeded.");
        Assert.Contains("status=error", await Page.Locator(".notice a").First.GetAttributeAsync("href"), StringComparison.Ordinal);
        await Page.Locator(".status-counts div", new() { HasText = "Failed" }).GetByRole(AriaRole.Link).ClickAsync();
        await Expect(Page.Locator("tr[data-row]")).ToHaveCountAsync(1);
        await Expect(Page.Locator("tr[data-row]")).ToContainTextAsync("test.fail");
        await AssertNotReloadedAsync();
    }

    [Fact]
    public async Task It_is_cancelled_after_a_question_and_deleted()
    {
        var made = await Server.PostAsync("/api/batches", """{"name":"Much","jobs":[{"path":"test.nothing","queue":"parked"},{"path":"test.nothing","queue":"parked"}]}""");
        await GoAsync($"batches/{made.At("id")}");

        await Button("Cancel batch").ClickAsync();
        await Expect(Button("Keep as is")).ToBeFocusedAsync();
        await Page.Keyboard.PressAsync("Escape");
        await Expect(Page.Locator("dialog[open]")).ToHaveCountAsync(0);
        await Expect(Page.Locator("h1")).ToContainTextAsync("Running");
        await Button("Cancel batch").ClickAsync();
        await Button("Cancel what waits").ClickAsync();

        await Expect(Page.Locator(".toast")).ToContainTextAsync("Cancelled the batch");
        await Expect(Page.Locator("h1")).ToContainTextAsync("Cancelled");
        await Button("Delete batch").First.ClickAsync();
        await Page.Locator("dialog[open]").GetByRole(AriaRole.Button, new() { Name = "Delete batch" }).ClickAsync();
        await Expect(Page.GetByText("No batch yet")).ToBeVisibleAsync();
        await GoAsync("audit");
        await Expect(Page.Locator("tr", new() { HasText = "batch.cancel" })).ToContainTextAsync("Much");
    }

    [Fact]
    public async Task One_that_stayed_incomplete_is_closed_after_a_question()
    {
        var began = TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(2);
        var batch = new Batch { Id = JobId.New(TimeProvider.System), Name = "Half", Created = began, Updated = began };
        await Server.Get<IBatchStore>().InsertAsync(batch, TestContext.Current.CancellationToken);
        await GoAsync($"batches/{batch.Id}");
        await Expect(Page.Locator(".notice")).ToContainTextAsync("This batch is incomplete.");

        await Button("Close batch").ClickAsync();
        await Expect(Button("Keep as is")).ToBeFocusedAsync();
        await Page.Locator("dialog[open]").GetByRole(AriaRole.Button, new() { Name = "Close batch" }).ClickAsync();

        await Expect(Page.Locator(".toast")).ToContainTextAsync("Closed the batch");
        await Expect(Page.Locator("h1")).ToContainTextAsync("Succeeded");
        await Expect(Page.Locator(".notice")).ToHaveCountAsync(0);
        await GoAsync("audit");
        await Expect(Page.Locator("tr", new() { HasText = "batch.close" })).ToContainTextAsync("Half");
    }

    [Fact]
    public async Task A_job_says_what_it_waits_for_and_what_to_do_when_that_has_failed()
    {
        var first = (await Server.PostAsync("/api/jobs", """{"path":"test.fail","queue":"parked","then":{"path":"test.add","params":{"a":1},"result_as":"b"}}""")).At("id")!;
        var second = (await Server.GetAsync($"/api/jobs/{first}")).At("next")!;
        await GoAsync($"jobs/{second}");
        await Expect(Page.Locator("h1")).ToContainTextAsync("Waits for another");
        await Expect(Page.Locator(".notice")).ToContainTextAsync("test.fail");
        await Expect(Page.Locator(".notice")).ToContainTextAsync("It gets the result of that as b.");

        await Server.PostAsync($"/api/jobs/{first}/requeue", """{"queue":"default"}""");

        await Expect(Page.Locator(".notice")).ToContainTextAsync("What it waited for ended as failed. test.fail");
        await Expect(Page.Locator(".notice")).ToContainTextAsync("Retry that one: when it succeeds, this one runs.");
        await Page.Locator(".notice").GetByRole(AriaRole.Link).ClickAsync();
        await Expect(Page.Locator("h1")).ToContainTextAsync("test.fail");
        await Expect(Page.Locator(".facts")).ToContainTextAsync("Then runs");
    }
}
