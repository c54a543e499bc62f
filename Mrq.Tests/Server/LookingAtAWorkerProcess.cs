using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Server.Configuration;
using Mrq.Server.Hosting;
using Mrq.Tasks;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Server;

/// <summary>The admin endpoint of a worker process, and the file that holds its report.</summary>
public abstract class LookingAtAWorkerProcess(StorePair pair) : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly Gate _gate = new();
    private readonly HttpClient _http = new();
    private MrqServer? _server;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private MrqServer Server => _server ?? throw new InvalidOperationException("No test runs.");

    [Theory]
    [InlineData("/")]
    [InlineData("/report")]
    public async Task Its_report_is_of_this_moment(string path)
    {
        var id = await Server.EnqueueAsync("hold");
        await _gate.WaitForArrivalsAsync();

        var worker = Assert.Single((await GetAsync(path)).GetProperty("workers").EnumerateArray());

        Assert.Equal(("spawn", "looked-at", Environment.ProcessId), (worker.GetProperty("status").GetString(), worker.GetProperty("name").GetString(), worker.GetProperty("process_id").GetInt32()));
        Assert.Equal(("192.0.2.7", "2001:db8::1"), (worker.GetProperty("local_ip").GetString(), worker.GetProperty("external_ip").GetString()));
        Assert.Equal((id, "hold"), (worker.GetProperty("jobs")[0].GetProperty("id").GetString(), worker.GetProperty("jobs")[0].GetProperty("path").GetString()));
        _gate.Open();
        await Server.EndOfAsync(id);
        Assert.Equal("idle", await GetTextAsync("/wait_for_idle"));
        worker = (await GetAsync(path)).GetProperty("workers")[0];
        Assert.Equal(("wait", 1, 0), (worker.GetProperty("status").GetString(), worker.GetProperty("done_jobs").GetInt32(), worker.GetProperty("jobs").GetArrayLength()));
    }

    [Fact]
    public async Task What_its_jobs_wait_for_is_told_where_it_is_traced()
    {
        await using var slow = await HeldServer.StartAsync(_gate);
        await using var server = await MrqServer.StartAsync(
            b => b.AddTask("fetch", async (NoParams _, JobContext _, CancellationToken token) =>
            {
                using var client = new HttpClient();
                return await client.GetStringAsync(slow.Address, token);
            }),
            s => (s with { AdminPort = 0 }).WithEngine(o => o.TraceIo = true),
            pair: pair);
        using var http = new HttpClient { BaseAddress = server.Get<AdminEndpoint>().Address };
        var id = await server.EnqueueAsync("fetch");
        await _gate.WaitForArrivalsAsync();

        var worker = (await http.GetFromJsonAsync<JsonElement>("/report", Token)).GetProperty("workers")[0];
        var open = worker.GetProperty("jobs")[0].GetProperty("io");
        _gate.Open();
        await server.EndOfAsync(id);
        var io = (await http.GetFromJsonAsync<JsonElement>("/report", Token)).GetProperty("workers")[0].GetProperty("io");

        Assert.Equal(("http.get", $"GET {slow.Address}"), (open.GetProperty("type").GetString(), open.GetProperty("data").GetString()));
        Assert.True(io.GetProperty("seconds").GetDouble() > 0);
        Assert.Equal(("http.get", 1), (io.GetProperty("by_type")[0].GetProperty("name").GetString(), io.GetProperty("by_type")[0].GetProperty("calls").GetInt32()));
        Assert.Equal("fetch", io.GetProperty("by_task")[0].GetProperty("name").GetString());
        Assert.Equal(JsonValueKind.Null, (await GetAsync("/report")).GetProperty("workers")[0].GetProperty("io").ValueKind);
    }

    [Fact]
    public async Task Its_memory_is_told_by_generation()
    {
        var memory = await GetAsync("/report_mem");

        Assert.Equal(Environment.ProcessId, memory.GetProperty("process_id").GetInt32());
        Assert.True(memory.GetProperty("memory").GetInt64() > memory.GetProperty("managed").GetInt64());
        Assert.Equal(["gen0", "gen1", "gen2", "large", "pinned"], memory.GetProperty("gc").GetProperty("generations").EnumerateArray().Select(g => g.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Its_memory_is_told_by_type_when_asked_for()
    {
        var types = (await GetAsync("/report_mem?types=3")).GetProperty("types").EnumerateArray().ToList();

        Assert.Equal(3, types.Count);
        Assert.Equal(types.Select(t => t.GetProperty("size").GetInt64()).OrderDescending(), types.Select(t => t.GetProperty("size").GetInt64()));
        Assert.All(types, type => Assert.True(type.GetProperty("objects").GetInt64() > 0 && type.GetProperty("name").GetString() is { Length: > 0 }));
    }

    [Fact]
    public async Task It_is_idle_when_its_queues_are_empty_and_no_job_runs()
    {
        var id = await Server.EnqueueAsync("hold");
        await _gate.WaitForArrivalsAsync();
        using (var busy = await _http.GetAsync("/wait_for_idle?timeout=0.01", Token))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, busy.StatusCode);
        }

        var idle = GetTextAsync("/wait_for_idle?timeout=60");
        _gate.Open();

        Assert.Equal("idle", await idle);
        Assert.Equal("success", (await Server.EndOfAsync(id)).GetProperty("status").GetString());
    }

    [Theory]
    [InlineData("GET", "/jobs", 404, "/report_mem")]
    [InlineData("GET", "/report?wait=1", 400, "wait")]
    [InlineData("GET", "/report_mem?types=all", 400, "1,000")]
    [InlineData("GET", "/wait_for_idle?timeout=soon", 400, "soon")]
    [InlineData("GET", "/wait_for_idle?timeout=-1", 400, "timeout")]
    [InlineData("POST", "/report", 405, "GET")]
    public async Task A_wrong_request_is_refused(string method, string path, int status, string word)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        await AssertRefusedAsync(request, status, word);
    }

    [Fact]
    public async Task A_page_of_another_site_does_not_reach_it()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/report");
        request.Headers.Host = "evil.example";

        await AssertRefusedAsync(request, 403, "--admin_ip");
    }

    [Fact]
    public async Task The_file_holds_what_it_last_reported_and_nothing_lies_beside_it()
    {
        await Server.EndOfAsync(await Server.EnqueueAsync("nothing"));
        var control = Server.Get<WorkerControl>();
        await control.StopAsync((await control.ListAsync(Token)).Single(w => !w.IsSystem).Id, StopMode.Drain, Token);

        var worker = await UntilAsync(w => w.GetProperty("status").GetString() == "stop");

        Assert.Equal(["report.json"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
        Assert.Equal(("told", 1), (worker.GetProperty("end_reason").GetString(), worker.GetProperty("done_jobs").GetInt32()));
    }

    [Fact]
    public async Task A_file_system_that_hangs_keeps_no_worker_from_its_jobs_and_reports()
    {
        // Whoever opens a pipe to write waits until someone reads.
        using var hung = new TempFolder();
        var pipe = hung.File("report.json.tmp");
        Assert.Equal((0, ""), await Shell.RunAsync("mkfifo", [pipe]));
        var interval = TimeSpan.FromMilliseconds(200);
        await using (var mrq = await TestEngine.StartAsync(
            b => b.Configure(o => o.ReportFile = hung.File("report.json")).AddTask<NoParams>("nothing", (_, _, _) => Task.CompletedTask), w => w.ReportInterval = interval))
        {
            await mrq.WaitForAsync(await mrq.EnqueueAsync("nothing"), JobStatus.Success);
            await mrq.WaitUntilAsync(async () => await mrq.WorkerAsync() is var worker && worker.DateReported > worker.DateStarted + (5 * interval));
        }

        await using var reader = File.OpenRead(pipe);
        Assert.Contains("\"workers\"", await new StreamReader(reader).ReadToEndAsync(Token), StringComparison.Ordinal);
    }

    public async ValueTask InitializeAsync()
    {
        _server = await MrqServer.StartAsync(
            b =>
            {
                b.AddTask<NoParams>("hold", (_, _, token) => _gate.PassAsync(token));
                b.AddTask<NoParams>("nothing", (_, _, _) => Task.CompletedTask);
            },
            s => (s with { AdminPort = 0 })
                .WithWorker(w => (w.Name, w.ReportInterval) = ("looked-at", TimeSpan.FromMilliseconds(200)))
                .WithEngine(o => (o.ReportFile, o.LocalIp, o.ExternalIp) = (_folder.File("report.json"), IPAddress.Parse("192.0.2.7"), IPAddress.Parse("2001:db8::1"))),
            pair: pair);
        _http.BaseAddress = _server.Get<AdminEndpoint>().Address;
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Server.DisposeAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task AssertRefusedAsync(HttpRequestMessage request, int status, string word)
    {
        using var response = await _http.SendAsync(request, Token);

        Assert.Equal((status, "application/problem+json"), ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Contains(word, await response.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    // It is written with each report; a reader finds a whole one at any moment.
    private async Task<JsonElement> UntilAsync(Func<JsonElement, bool> isAsWished)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Token);
        patience.CancelAfter(TestEngine.Patience);
        while (true)
        {
            patience.Token.ThrowIfCancellationRequested();
            if (File.Exists(_folder.File("report.json"))
                && JsonElement.Parse(await File.ReadAllTextAsync(_folder.File("report.json"), patience.Token)).GetProperty("workers")[0] is var worker && isAsWished(worker))
            {
                return worker;
            }
        }
    }

    private Task<JsonElement> GetAsync(string path) => _http.GetFromJsonAsync<JsonElement>(path, Token);

    private Task<string> GetTextAsync(string path) => _http.GetStringAsync(path, Token);
}

public sealed class LookingAtAWorkerProcessOnSqlite() : LookingAtAWorkerProcess(StorePair.Sqlite);

public sealed class LookingAtAWorkerProcessOnRedisAndMongo() : LookingAtAWorkerProcess(StorePair.RedisAndMongo);
