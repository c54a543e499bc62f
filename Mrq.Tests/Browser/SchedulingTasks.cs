using Microsoft.Playwright;
using Mrq.Hosting;
using Mrq.Scheduling;
using static Microsoft.Playwright.Assertions;

namespace Mrq.Tests.Browser;

public sealed class SchedulingTasks(Chromium chromium) : Journey(chromium)
{
    [Fact]
    public async Task A_schedule_is_added_with_its_next_runs_before_the_eyes_then_changed_and_deleted()
    {
        await GoAsync("schedules");
        await Button("Add schedule").ClickAsync();
        await Fill("Task", "test.add");
        await Page.Keyboard.PressAsync("Tab");
        await Expect(Page.Locator("#schedule-params")).ToHaveValueAsync("{\n  \"a\": 0,\n  \"b\": 0\n}");
        await Fill("Params", """{"a": 1, "b": "x"}""");
        await Page.GetByRole(AriaRole.Button, new() { Name = "Cron", Exact = true }).ClickAsync();
        await Fill("Cron expression", "61 * * * *");
        await Expect(Page.Locator("#schedule-preview")).ToContainTextAsync("minute '61'");
        await Fill("Cron expression", "30 2 * * *");
        await Fill("Time zone", "Europe/Berlin");
        await Page.Locator("#schedule-cron").ClickAsync();
        await Expect(Page.Locator("#schedule-preview li")).ToHaveCountAsync(5);
        await Expect(Page.Locator("#schedule-preview li").First).ToContainTextAsync("02:30:00 UTC+0");
        await Page.Locator("dialog[open]").GetByRole(AriaRole.Button, new() { Name = "Add schedule" }).ClickAsync();
        await Expect(Page.Locator(".field-error")).ToHaveTextAsync("b must be an integer, not \"x\".");
        await Fill("Params", """{"a": 1, "b": 2}""");
        await Page.Locator("dialog[open]").GetByRole(AriaRole.Button, new() { Name = "Add schedule" }).ClickAsync();

        await Expect(Page.Locator(".toast")).ToContainTextAsync("Added test.add: daily at 02:30.");
        await Expect(Row("test.add")).ToContainTextAsync("Europe/Berlin");
        await Expect(Row("test.add")).ToContainTextAsync("never");

        await ChooseAsync("test.add", "Edit");
        await Expect(Page.GetByLabel("Cron expression")).ToHaveValueAsync("30 2 * * *");
        await Page.GetByRole(AriaRole.Button, new() { Name = "At a time of day" }).ClickAsync();
        await Fill("Time of day", "07:30");
        await Page.GetByLabel("Day of the week").SelectOptionAsync("monday");
        await Expect(Page.Locator("#schedule-preview li").First).ToContainTextAsync("Mon ");
        await Button("Save").ClickAsync();
        await Expect(Row("test.add")).ToContainTextAsync("Mondays at 07:30");

        await ChooseAsync("test.add", "Delete");
        await Button("Delete schedule").ClickAsync();
        await Expect(Page.GetByText("Nothing is scheduled")).ToBeVisibleAsync();
        await GoAsync("audit");
        await Expect(Page.Locator("tr", new() { HasText = "schedule.change" })).ToContainTextAsync("test.add");
    }

    [Fact]
    public async Task An_interval_appears_with_its_job_without_a_reload()
    {
        await GoAsync("schedules");
        await MarkAsync();

        await Server.PostAsync("/api/schedules", """{"name":"Every day","path":"test.nothing","interval":86400}""");

        await Expect(Row("Every day")).ToContainTextAsync("every day");
        await Row("Every day").Locator("[data-label='Last run'] a").ClickAsync();
        await Expect(Page.Locator("h1")).ToContainTextAsync("test.nothing");
        await AssertNotReloadedAsync();
    }

    [Fact]
    public async Task It_is_run_by_hand_and_paused()
    {
        await Server.PostAsync("/api/schedules", """{"path":"test.nothing","cron":"@yearly"}""");
        await GoAsync("schedules");

        await Button("Run test.nothing now").ClickAsync();
        await Expect(Page.Locator(".toast")).ToContainTextAsync("Enqueued test.nothing.");
        await Expect(Row("test.nothing").Locator("[data-label='Last run'] a")).ToBeVisibleAsync();
        await Button("Pause test.nothing").ClickAsync();
        await Expect(Row("test.nothing")).ToContainTextAsync("Paused");
        await Button("Resume test.nothing").ClickAsync();
        await Expect(Row("test.nothing")).Not.ToContainTextAsync("Paused");
        await ChooseAsync("test.nothing", "Its jobs");
        await Expect(Page.Locator("tr[data-row]")).ToHaveCountAsync(1);
    }

    private Task Fill(string label, string text) => Page.Locator("dialog[open]").GetByLabel(label, new() { Exact = true }).FillAsync(text);

    private async Task ChooseAsync(string schedule, string item)
    {
        await Button($"More on {schedule}").ClickAsync();
        await Page.GetByRole(AriaRole.Menuitem, new() { Name = item }).ClickAsync();
    }
}

public sealed class SchedulesOfTheConfigurationOnThePage(Chromium chromium) : Journey(chromium)
{
    [Fact]
    public async Task They_are_told_apart_and_not_edited()
    {
        await GoAsync("schedules");

        await Expect(Row("Yearly")).ToContainTextAsync("config");
        await Button("More on Yearly").ClickAsync();
        await Expect(Page.GetByRole(AriaRole.Menuitem)).ToHaveTextAsync(["Its jobs"]);
    }

    protected override void Register(MrqBuilder mrq)
    {
        base.Register(mrq);
        mrq.AddSchedule(new Schedule { Name = "Yearly", Path = "test.nothing", Cron = "@yearly" });
    }
}
