using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Mrq.Hosting;
using Mrq.Tasks;
using static Microsoft.Playwright.Assertions;

namespace Mrq.Tests.Browser;

public sealed partial class WatchingJobs(Chromium chromium) : Journey(chromium)
{
    private readonly Channel<string> _said = Channel.CreateUnbounded<string>();

    [Fact]
    public async Task A_job_that_is_enqueued_over_http_appears_and_finishes_without_a_reload()
    {
        await GoAsync("jobs");
        await MarkAsync();

        var id = await Server.EnqueueAsync("test.hold");

        await Expect(Row(id)).ToContainTextAsync("Running");
        Tasks.Release();
        await Expect(Row(id)).ToContainTextAsync("Succeeded");
        await AssertNotReloadedAsync();
    }

    [Fact]
    public async Task The_overview_counts_a_job_as_it_goes()
    {
        await GoAsync("");
        await Expect(Page.GetByText("No jobs yet")).ToBeVisibleAsync();

        var id = await Server.EnqueueAsync("test.hold");

        await Expect(Page.Locator(".stats a", new() { HasText = "Running" }).Locator("strong")).ToHaveTextAsync("1");
        await Expect(Page.Locator($"a[href='jobs/{id}']")).ToBeVisibleAsync();
        Tasks.Release();
        await Expect(Page.Locator(".stats a", new() { HasText = "Succeeded" }).Locator("strong")).ToHaveTextAsync("1");
        await Expect(Page.Locator("rate-chart .bar.ok")).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task The_log_of_a_running_job_moves_while_one_reads_it()
    {
        var id = await Server.EnqueueAsync("test.say");
        await GoAsync($"jobs/{id}");
        await Expect(Page.GetByText("Lines appear here")).ToBeVisibleAsync();
        await MarkAsync();

        await _said.Writer.WriteAsync("the first line", TestContext.Current.CancellationToken);
        await Expect(Page.Locator(".log")).ToContainTextAsync("the first line");
        await _said.Writer.WriteAsync("the second line", TestContext.Current.CancellationToken);
        await Expect(Page.Locator(".log")).ToContainTextAsync("the second line");
        _said.Writer.Complete();

        await Expect(Page.Locator("h1")).ToContainTextAsync("Succeeded");
        await AssertNotReloadedAsync();
    }

    [Fact]
    public async Task Rows_keep_their_places_while_someone_points_at_them()
    {
        var first = await Server.EnqueueAsync("test.nothing", more: new { queue = Parked });
        await GoAsync("jobs");
        await Row(first).HoverAsync();
        await Page.Mouse.MoveAsync(400, 400);
        await Row(first).ClickAsync(new() { Position = new() { X = 20, Y = 20 } });

        var second = await Server.EnqueueAsync("test.nothing", more: new { queue = Parked });

        await Page.GetByText("1 new — show").ClickAsync();
        await Expect(Row(second)).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_job_that_no_worker_takes_says_so()
    {
        var id = await Server.EnqueueAsync("test.nothing", more: new { queue = Parked });
        await Server.EndOfAsync(await Server.EnqueueAsync("test.nothing"));

        await GoAsync("queues");
        await Expect(Row(Parked)).ToContainTextAsync("No worker");
        await Expect(Row("default")).Not.ToContainTextAsync("No worker");
        await GoAsync($"jobs/{id}");

        await Expect(Page.Locator(".notice")).ToContainTextAsync($"Start one with --queues {Parked}.");
    }

    [Fact]
    public async Task Params_that_are_too_long_to_show_are_copied_whole()
    {
        var text = new string('x', 100_000);
        var id = await Server.EnqueueAsync("test.echo", new { text }, new { queue = Parked });
        await Page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await GoAsync($"jobs/{id}");

        await Page.GetByLabel("Copy params").ClickAsync();

        await Expect(Page.Locator(".copy.copied")).ToBeVisibleAsync();
        Assert.Contains($"{text}\"}}", await Page.EvaluateAsync<string>("navigator.clipboard.readText()"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Params_are_shown_as_text_whatever_they_hold()
    {
        const string Markup = "<script>window.bad = 1</script><img src=x onerror='window.bad = 1'>";
        var id = await Server.EnqueueAsync("test.echo", new { text = Markup });
        await Server.EndOfAsync(id);

        await GoAsync("jobs");
        await Expect(Row(id)).ToContainTextAsync("<script>");
        await GoAsync($"jobs/{id}");

        await Expect(Page.Locator("json-view").First).ToContainTextAsync(Markup);
        Assert.False(await Page.EvaluateAsync<bool>("'bad' in window"));
        Assert.Equal(0, await Page.Locator("json-view img, json-view script").CountAsync());
    }

    protected override void Register(MrqBuilder mrq)
    {
        base.Register(mrq);
        mrq.AddTask("test.say", async (NoParams _, JobContext context, CancellationToken token) =>
        {
            await foreach (var line in _said.Reader.ReadAllAsync(token))
            {
                LogLine(context.Logger, line);
            }
        });
    }

    [LoggerMessage(1, LogLevel.Information, "{Line}")]
    private static partial void LogLine(ILogger logger, string line);
}
