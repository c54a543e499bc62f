using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Microsoft.Playwright;
using Mrq.Hosting;
using Mrq.Tasks;
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
    public async Task A_selection_is_offered_what_some_of_its_jobs_can_take_and_told_for_how_many()
    {
        var failed = new[] { await Server.EnqueueAsync("test.fail"), await Server.EnqueueAsync("test.fail") };
        var succeeded = await Server.EnqueueAsync("test.nothing");
        foreach (var id in failed.Append(succeeded))
        {
            await Server.EndOfAsync(id);
        }

        await GoAsync("jobs");
        await Page.GetByLabel("Select this page").ClickAsync();

        var offered = Page.Locator(".selection").GetByRole(AriaRole.Button);
        await Expect(offered).ToHaveTextAsync(["Requeue", "Retry 2 of 3", "Delete", ""]);
        await Row(failed[0]).GetByRole(AriaRole.Checkbox).ClickAsync();
        await Row(failed[1]).GetByRole(AriaRole.Checkbox).ClickAsync();
        await Expect(offered).ToHaveTextAsync(["Requeue", "Delete", ""]);
        await Row(failed[0]).GetByRole(AriaRole.Checkbox).ClickAsync();
        await offered.Filter(new() { HasText = "Retry 1 of 2" }).ClickAsync();
        await Button("Retry 1 job").ClickAsync();

        await Expect(Page.Locator(".toast")).ToContainTextAsync("Retrying 1 job.");
        await Server.EndOfAsync(failed[0]);
        Assert.Equal("1", (await Server.GetAsync($"/api/jobs/{succeeded}")).At("attempt"));
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

    [Fact]
    public async Task A_task_and_its_params_are_described_where_they_are_listed_and_asked_for()
    {
        await GoAsync("tasks");
        await Expect(Row("test.steps")).ToContainTextAsync("Counts its steps.");
        await Expect(Row("test.steps").Locator(".param-list")).ToHaveTextAsync("steps integer, 1 to 100. How many there are.");

        await Button("Enqueue test.steps").ClickAsync();
        await Expect(Page.Locator("dialog[open]")).ToContainTextAsync("Counts its steps.");
        await Expect(Page.Locator("dialog[open] .param-list")).ToHaveTextAsync("steps integer, 1 to 100. How many there are.");
        await Expect(Page.GetByLabel("Params", new() { Exact = true })).ToHaveValueAsync("{\n  \"steps\": 1\n}");
        await Page.GetByLabel("Params", new() { Exact = true }).FillAsync("""{"steps": 0}""");
        await Page.Locator("dialog[open]").GetByRole(AriaRole.Button, new() { Name = "Enqueue" }).ClickAsync();

        await Expect(Page.Locator(".field-error")).ToHaveTextAsync("steps must be between 1 and 100.");
    }

    [Fact]
    public async Task Params_that_a_fast_writer_has_begun_before_the_task_is_known_stay()
    {
        await GoAsync("jobs");
        await Button("Enqueue").First.ClickAsync();
        await Page.Locator("#enqueue-params").WaitForAsync();

        // In one turn of the browser, so that no answer of the server can come in between.
        await Page.EvaluateAsync("""
            () => {
              const write = (id, text) => {
                const field = document.getElementById(id);
                field.focus();
                field.value = text;
                field.dispatchEvent(new Event('change', { bubbles: true }));
              };
              write('enqueue-path', 'test.add');
              write('enqueue-params', '{"a": 40, "b": 2}');
            }
            """);
        await Expect(Page.Locator("dialog[open] .param-list li")).ToHaveCountAsync(2);
        await Page.Locator("dialog[open]").GetByRole(AriaRole.Button, new() { Name = "Enqueue" }).ClickAsync();

        await Page.Locator(".toast a").ClickAsync();
        await Expect(Page.Locator("section", new() { HasText = "Result" }).Locator("json-view").First).ToHaveTextAsync("42");
    }

    [Fact]
    public async Task Another_task_brings_its_own_params_as_long_as_nobody_has_written_any()
    {
        await GoAsync("tasks");
        await Button("Enqueue test.steps").ClickAsync();

        await Page.GetByLabel("Task", new() { Exact = true }).FillAsync("test.add");
        await Page.Keyboard.PressAsync("Tab");

        await Expect(Page.GetByLabel("Params", new() { Exact = true })).ToHaveValueAsync("{\n  \"a\": 0,\n  \"b\": 0\n}");
    }

    protected override void Register(MrqBuilder mrq)
    {
        base.Register(mrq);
        mrq.AddTask("test.steps", [Description("Counts its steps.")] (StepParams p, JobContext _, CancellationToken _) => Task.FromResult(p.Steps));
    }

    public sealed record StepParams([Range(1, 100), Description("How many there are.")] int Steps);
}
