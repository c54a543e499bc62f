using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Mrq.Jobs;
using Mrq.Tests.Support;

namespace Mrq.Tests.Server;

/// <summary>Worker and dashboard as processes of their own, on one store.</summary>
public sealed class RunningTheParts : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_worker_runs_what_a_dashboard_accepted_and_opens_no_port()
    {
        await using var dashboard = MrqProcess.Start(_folder, ["dashboard", "--dashboard_port", "0"]);
        using var http = await dashboard.ReadyAsync();
        await using var worker = MrqProcess.Start(_folder, ["worker", "math", "default", "-g", "1"]);

        using var answer = await http.PostAsync("/api/jobs", new StringContent("""{ "path": "samples.add", "params": { "a": 40, "b": 2 }, "queue": "math" }""", Encoding.UTF8, "application/json"), Token);
        var id = System.Text.Json.JsonElement.Parse(await answer.Content.ReadAsStringAsync(Token)).GetProperty("id").GetString();
        var job = System.Text.Json.JsonElement.Parse(await http.GetStringAsync($"/api/jobs/{id}?wait=30", Token));
        Assert.Equal(("success", 42), (job.GetProperty("status").GetString(), job.GetProperty("result").GetInt32()));

        Assert.Contains("runs no jobs itself", dashboard.Output, StringComparison.Ordinal);
        Assert.Contains("runs 1 job at once from math, default", worker.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("http://", worker.Output, StringComparison.Ordinal);

        await worker.SignalAsync("INT");
        Assert.Equal(0, await worker.ExitAsync());
    }

    [Fact]
    public async Task A_worker_in_burst_runs_what_waits_and_ends()
    {
        await using var producer = await TestEngine.StartAsync(b => b.Configure(o => o.AcceptUnknownTasks = true), workers: false, folder: _folder);
        var job = await producer.EnqueueAsync("samples.add", """{ "a": 40, "b": 2 }""");

        var (code, _, errors) = await MrqProcess.RunAsync(_folder, ["worker", "--dequeue_strategy", "burst"]);

        Assert.Equal((0, ""), (code, errors));
        Assert.Equal(JobStatus.Success, (await producer.WaitForEndAsync(job)).Status);
    }

    [Fact]
    public async Task Dashboard_and_API_ask_for_the_password_when_there_is_one()
    {
        await using var process = MrqProcess.Start(_folder, ["dashboard", "--dashboard_port", "0", "--dashboard_ip", "0.0.0.0"], ("MRQ_DASHBOARD_HTTPAUTH", "admin:se:cret"));
        using var http = await process.ReadyAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("/", null));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("/api/jobs", "admin:wrong"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("/hubs/live/negotiate", "no base 64"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/", "admin:se:cret"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/api/jobs", "admin:se:cret"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("/health/ready", null));

        // The audit log names who logged in.
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("admin:se:cret"u8));
        var local = new UriBuilder(http.BaseAddress!) { Host = "127.0.0.1", Path = "/api/queues/default/pause" }.Uri;
        using var paused = await http.PostAsync(local, null, Token);
        Assert.Contains("\"admin\"", await http.GetStringAsync(new Uri(local, "/api/audit"), Token), StringComparison.Ordinal);

        async Task<HttpStatusCode> StatusAsync(string path, string? login)
        {
            // It listens everywhere, which is no address to ask.
            using var request = new HttpRequestMessage(HttpMethod.Get, new UriBuilder(http.BaseAddress!) { Host = "127.0.0.1", Path = path }.Uri);
            request.Headers.Authorization = login is null ? null
                : new AuthenticationHeaderValue("Basic", login.Contains(' ', StringComparison.Ordinal) ? login : Convert.ToBase64String(Encoding.UTF8.GetBytes(login)));
            using var answer = await http.SendAsync(request, Token);
            return answer.StatusCode;
        }
    }
}
