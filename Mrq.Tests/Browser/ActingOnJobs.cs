using Microsoft.Playwright;
using Mrq.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Mrq.Tests.Browser;

public sealed class ActingOnJobs(Chromium chromium) : Journey(chromium)
{
    [Fact]
    public async Task A_failed_job_is_requeued_from_its_row()
    {
        var id = await Server.EnqueueAsync("test.fail");
        await Server.EndOfAsync(id);
        await GoAsync("jobs?status=error");
        await Expect(Row(id)).ToContainTextAsync("InvalidDataException");

        await Row(id).GetByRole(AriaRole.Button, new() { Name = "Actions on" }).ClickAsync();
        await Page.GetByRole(AriaRole.Menuitem, new() { Name = "Requeue" }).ClickAsync();

        await Expect(Page.Locator(".toast")).ToContainTextAsync("Requeued 1 job.");
        await Page.Locator(".toast a").ClickAsync();
        await Expect(Page.Locator(".facts dt:has-text('Attempt') + dd")).ToHaveTextAsync("2");
        await GoAsync("audit");
        await Expect(Page.Locator("tr", new() { HasText = "job.requeue" })).ToContainTextAsync("anonymous");
    }

    [Fact]
    public async Task Everything_that_matches_a_filter_is_cancelled_by_a_job_with_progress()
    {
        var jobs = string.Join('\n', Enumerable.Repeat($$"""{"path":"test.nothing","queue":"{{Parked}}"}""", 120));
        await Server.SendAsync(HttpMethod.Post, "/api/jobs/bulk", jobs, "application/x-ndjson");
        var other = await Server.EnqueueAsync("test.nothing", more: new { queue = "parked-too" });
        await GoAsync($"jobs?queue={Parked}&status=queued");

        await Page.GetByLabel("Select this page").ClickAsync();
        await Button("Select all 120 jobs").ClickAsync();
        await Page.Locator(".selection").GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await Expect(Page.Locator("dialog[open]")).ToContainTextAsync("and 115 more");
        await Button("Cancel 120 jobs").ClickAsync();

        await Expect(Page.Locator(".toast")).ToContainTextAsync("Done: 120 jobs.");
        await Expect(Page.GetByText("No job matches")).ToBeVisibleAsync();
        Assert.Equal("queued", (await Server.GetAsync($"/api/jobs/{other}")).At("status"));
    }

    [Fact]
    public async Task A_range_of_rows_is_selected_with_shift_and_deleted()
    {
        var ids = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            ids.Add(await Server.EnqueueAsync("test.nothing", more: new { queue = Parked }));
        }

        await GoAsync("jobs");
        await Row(ids[3]).GetByRole(AriaRole.Checkbox).ClickAsync();
        await Row(ids[1]).GetByRole(AriaRole.Checkbox).ClickAsync(new() { Modifiers = [KeyboardModifier.Shift] });
        await Expect(Page.Locator(".selection")).ToContainTextAsync("3 selected");
        await Expect(Page.Locator(".selection").GetByRole(AriaRole.Button, new() { Name = "Cancel" })).ToBeVisibleAsync();
        await Expect(Page.Locator(".selection").GetByRole(AriaRole.Button, new() { Name = "Abort" })).ToHaveCountAsync(0);
        await Page.Locator(".selection").GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await Button("Delete 3 jobs").ClickAsync();

        await Expect(Page.Locator("tr[data-row]")).ToHaveCountAsync(1);
        await Expect(Row(ids[0])).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_job_is_edited_and_run_again_once_its_params_are_right()
    {
        var id = await Server.EnqueueAsync("test.add", new { a = 1, b = 2 });
        await Server.EndOfAsync(id);
        await GoAsync($"jobs/{id}");

        await Button("Edit and run again").ClickAsync();
        await Page.GetByLabel("Params", new() { Exact = true }).FillAsync("""{"a": "one"}""");
        await Page.Locator("dialog[open]").GetByRole(AriaRole.Button, new() { Name = "Enqueue" }).ClickAsync();
        await Expect(Page.Locator(".field-error")).ToHaveTextAsync(["a must be an integer, not \"one\".", "b is required (integer)."]);
        await Page.GetByLabel("Params", new() { Exact = true }).FillAsync("""{"a": 40, "b": 2}""");
        await Page.Locator("dialog[open]").GetByRole(AriaRole.Button, new() { Name = "Enqueue" }).ClickAsync();

        await Expect(Page).Not.ToHaveURLAsync(new Uri(Server.Address, $"jobs/{id}").ToString());
        await Expect(Page.Locator("section", new() { HasText = "Result" }).Locator("json-view").First).ToHaveTextAsync("42");
    }

    [Fact]
    public async Task A_waiting_job_is_edited_in_place()
    {
        var id = await Server.EnqueueAsync("test.add", new { a = 1, b = 2 }, new { queue = Parked });
        await GoAsync($"jobs/{id}");

        await Button("Edit").ClickAsync();
        await Page.GetByLabel("Params", new() { Exact = true }).FillAsync("""{"a": 20, "b": 22}""");
        await Page.GetByLabel("Queue", new() { Exact = true }).FillAsync("default");
        await Button("Save").ClickAsync();

        await Expect(Page.Locator("section", new() { HasText = "Result" }).Locator("json-view").First).ToHaveTextAsync("42");
    }

    [Fact]
    public async Task A_queue_is_paused_resumed_and_purged()
    {
        await Server.EnqueueAsync("test.nothing", more: new { queue = Parked });
        await GoAsync("queues");

        await Button($"Pause queue {Parked}").ClickAsync();
        await Expect(Row(Parked)).ToContainTextAsync("Paused");
        await Button($"Resume queue {Parked}").ClickAsync();
        await Expect(Row(Parked)).Not.ToContainTextAsync("Paused");
        await Button($"Purge queue {Parked}").ClickAsync();
        await Button("Cancel 1 job").ClickAsync();

        await Expect(Page.Locator(".toast", new() { HasText = "Cancelled 1 job of queue" })).ToBeVisibleAsync();
        await Expect(Row(Parked).Locator("[data-label=Waiting]")).ToHaveTextAsync("0");
    }

    [Fact]
    public async Task A_job_is_enqueued_from_the_form_that_knows_the_tasks()
    {
        await GoAsync("tasks");

        await Button("Enqueue test.add").ClickAsync();
        await Expect(Page.GetByLabel("Params", new() { Exact = true })).ToHaveValueAsync("{\n  \"a\": 0,\n  \"b\": 0\n}");
        await Page.Locator("dialog[open]").GetByRole(AriaRole.Button, new() { Name = "Enqueue" }).ClickAsync();

        await Expect(Page.Locator(".toast")).ToContainTextAsync("Enqueued test.add.");
        await Expect(Row("test.add").Locator("[data-label=Succeeded]")).ToHaveTextAsync("1");
    }
}
