using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text.Json;
using Mrq.Server.Hosting;
using Mrq.Tests.Support;

namespace Mrq.Tests.Server;

public sealed class StoppingTheProgramSpec : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_signal_lets_running_jobs_end(string signal)
    {
        string id;
        await using (var process = Start("--shutdown_timeout", "60"))
        {
            using var http = await process.ReadyAsync();
            id = await RunAsync(http, seconds: 1);

            await process.SignalAsync(signal);

            Assert.Equal(0, await process.ExitAsync());
        }

        Assert.Equal("success", await StatusAfterwardsAsync(id));
    }

    [Fact]
    public void A_first_signal_stops_the_application_itself_as_the_host_may_not_listen_yet_and_each_that_follows_interrupts()
    {
        var (stops, interrupts) = (0, 0);
        using var signals = new SecondSignal(() => stops++, () => interrupts++);

        var first = new PosixSignalContext(PosixSignal.SIGTERM);
        signals.Note(first);
        Assert.Equal((true, 1, 0), (first.Cancel, stops, interrupts));

        signals.Note(new PosixSignalContext(PosixSignal.SIGINT));
        signals.Note(new PosixSignalContext(PosixSignal.SIGTERM));
        Assert.Equal((1, 2), (stops, interrupts));
    }

    [Fact]
    public async Task A_second_signal_puts_running_jobs_back_at_once()
    {
        string id;
        await using (var process = Start("--shutdown_timeout", "3600"))
        {
            using var http = await process.ReadyAsync();
            id = await RunAsync(http, seconds: 3600);

            await process.SignalAsync("TERM");
            await UntilGoneAsync(http);
            await process.SignalAsync("TERM");

            Assert.Equal(0, await process.ExitAsync());
        }

        Assert.Contains(await StatusAfterwardsAsync(id), (string?[])["queued", "interrupt"]);
    }

    [Fact]
    public async Task Jobs_that_outlast_the_shutdown_timeout_go_back()
    {
        string id;
        await using (var process = Start("--shutdown_timeout", "0.1"))
        {
            using var http = await process.ReadyAsync();
            id = await RunAsync(http, seconds: 3600);

            await process.SignalAsync("TERM");

            Assert.Equal(0, await process.ExitAsync());
        }

        Assert.Contains(await StatusAfterwardsAsync(id), (string?[])["queued", "interrupt"]);
    }

    [Fact]
    public async Task With_the_strategy_burst_it_ends_by_itself_when_the_queues_are_empty()
    {
        string id;
        await using (var accepting = Start("--workers", "false"))
        {
            using var http = await accepting.ReadyAsync();
            id = await EnqueueAsync(http, seconds: 0);
            await accepting.SignalAsync("TERM");
            await accepting.ExitAsync();
        }

        await using (var process = Start("--dequeue_strategy", "burst"))
        {
            Assert.Equal(0, await process.ExitAsync());
        }

        Assert.Equal("success", await StatusAfterwardsAsync(id));
    }

    private MrqProcess Start(params string[] arguments) => MrqProcess.Start(_folder, ["--dashboard_port", "0", .. arguments]);

    private static async Task<string> EnqueueAsync(HttpClient http, double seconds)
    {
        using var response = await http.PostAsJsonAsync("/api/jobs", new { path = "samples.sleep", @params = new { seconds } }, TestContext.Current.CancellationToken);
        return (await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("id").GetString()!;
    }

    private static async Task<string> RunAsync(HttpClient http, double seconds)
    {
        var id = await EnqueueAsync(http, seconds);
        while (await StatusAsync(http, id) != "started")
        {
            Assert.NotEqual("failed", await StatusAsync(http, id));
        }

        return id;
    }

    private async Task<string?> StatusAfterwardsAsync(string id)
    {
        await using var process = Start("--workers", "false");
        using var http = await process.ReadyAsync();
        return await StatusAsync(http, id);
    }

    private static async Task<string?> StatusAsync(HttpClient http, string id) =>
        (await http.GetFromJsonAsync<JsonElement>($"/api/jobs/{id}", TestContext.Current.CancellationToken)).GetProperty("status").GetString();

    // The first thing that a stopping server does is to take no more connections.
    private static async Task UntilGoneAsync(HttpClient http)
    {
        try
        {
            while (true)
            {
                using var fresh = new HttpClient { BaseAddress = http.BaseAddress };
                await fresh.GetStringAsync("/health/live", TestContext.Current.CancellationToken);
            }
        }
        catch (HttpRequestException)
        {
            // It is.
        }
    }
}
