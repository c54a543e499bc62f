using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Mrq.Tests.Support;

namespace Mrq.Tests.Server;

/// <summary>kill -9 of a real server with jobs in flight (docs/crash-points.md).</summary>
public sealed class KillingTheServer
{
    private const int Jobs = 2000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_job_ends_once_and_none_is_lost_when_it_is_started_again()
    {
        using var folder = new TempFolder();
        await using (var first = StartServer(folder))
        {
            using var api = await first.ReadyAsync();
            await EnqueueAsync(api);
            await WaitForSomeAsync(api);
            await first.SignalAsync("KILL");
            Assert.NotEqual(0, await first.ExitAsync());
        }

        await using var second = StartServer(folder);
        using var again = await second.ReadyAsync();
        await WaitForAllAsync(again);

        var (statuses, ended) = await StatsAsync(again);
        Assert.Equal(Jobs, statuses["success"]);
        Assert.Equal(Jobs, statuses.Values.Sum());
        Assert.Equal(Jobs, ended);
    }

    [Fact]
    public async Task What_one_of_two_servers_on_one_file_had_in_hand_is_run_by_the_other()
    {
        using var folder = new TempFolder();
        await using var victim = StartServer(folder);
        using var victimApi = await victim.ReadyAsync();
        await using var survivor = StartServer(folder);
        using var api = await survivor.ReadyAsync();
        await EnqueueAsync(api);
        await WaitForSomeAsync(api);

        await victim.SignalAsync("KILL");
        await victim.ExitAsync();
        await WaitForAllAsync(api);

        var (statuses, ended) = await StatsAsync(api);
        Assert.Equal(Jobs, statuses["success"]);
        Assert.Equal(Jobs, statuses.Values.Sum());
        Assert.Equal(Jobs, ended);
    }

    private static MrqProcess StartServer(TempFolder folder) => MrqProcess.Start(
        folder, ["--dashboard_port", "0", "--concurrency", "100", "--report_interval", "0.5", "--log_level", "Warning"]);

    private static async Task EnqueueAsync(HttpClient api)
    {
        var lines = string.Concat(Enumerable.Repeat("{\"path\":\"samples.sleep\",\"params\":{\"seconds\":0.1}}\n", Jobs));
        using var body = new StringContent(lines, Encoding.UTF8, "application/x-ndjson");
        using var response = await api.PostAsync(new Uri("/api/jobs/bulk?ids=false", UriKind.Relative), body, Token);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Waits for the end of the oldest job: by then others are in every stage.</summary>
    private static async Task WaitForSomeAsync(HttpClient api)
    {
        var page = await api.GetFromJsonAsync<JsonElement>(new Uri($"/api/jobs?limit=1000", UriKind.Relative), Token);
        var early = page.GetProperty("jobs").EnumerateArray().Last().GetProperty("id").GetString();
        await api.GetFromJsonAsync<JsonElement>(new Uri($"/api/jobs/{early}?wait=30", UriKind.Relative), Token);
    }

    /// <summary>Waits for the end of the newest job that matches. False: none does.</summary>
    private static async Task<bool> EndOfAsync(HttpClient api, string query)
    {
        var page = await api.GetFromJsonAsync<JsonElement>(new Uri($"/api/jobs?{query}", UriKind.Relative), Token);
        if (page.GetProperty("jobs").EnumerateArray().FirstOrDefault() is not { ValueKind: JsonValueKind.Object } job)
        {
            return false;
        }

        await api.GetFromJsonAsync<JsonElement>(new Uri($"/api/jobs/{job.GetProperty("id").GetString()}?wait=30", UriKind.Relative), Token);
        return true;
    }

    private static async Task WaitForAllAsync(HttpClient api)
    {
        while (await EndOfAsync(api, "limit=1&status=live"))
        {
            // Each round waits for the end of one job that has not ended yet.
        }
    }

    private static async Task<(Dictionary<string, long> Statuses, long Ended)> StatsAsync(HttpClient api)
    {
        var stats = await api.GetFromJsonAsync<JsonElement>(new Uri("/api/stats?range=1h", UriKind.Relative), Token);
        return (
            stats.GetProperty("statuses").EnumerateObject().ToDictionary(s => s.Name, s => s.Value.GetInt64()),
            long.Parse(stats.GetProperty("ended").GetRawText(), CultureInfo.InvariantCulture));
    }
}
