using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Mrq.Diagnostics;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Tasks;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Engine;

/// <summary>What jobs wait for, while it is looked at.</summary>
public abstract class TracingIo(StorePair pair) : EngineSpec(pair)
{
    private readonly Gate _gate = new();
    // As that of a driver that is instrumented with OpenTelemetry.
    private readonly ActivitySource _driver = new($"Mrq.Tests.Driver.{Guid.NewGuid():N}");

    /// <summary>What a job waits for that enqueues another.</summary>
    protected abstract IReadOnlyList<string> TypesOfAnEnqueue { get; }

    public override async ValueTask DisposeAsync()
    {
        _driver.Dispose();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_held_http_call_is_told_with_its_type_its_address_and_its_begin()
    {
        await using var server = await HeldServer.StartAsync(_gate);
        await using var mrq = await StartTracingAsync(b => b.AddTask<NoParams>("fetch", async (_, _, token) =>
        {
            using var client = new HttpClient();
            await client.GetStringAsync(new Uri($"http://ann:secret@127.0.0.1:{server.Address.Port}/slow/page?key=secret#part"), token);
        }));
        var id = await mrq.EnqueueAsync("fetch");
        await _gate.WaitForArrivalsAsync();

        var open = await OpenAsync(mrq, id);
        _gate.Open();
        await mrq.WaitForEndAsync(id);

        Assert.Equal(("http.get", $"GET http://127.0.0.1:{server.Address.Port}/slow/page?…"), (open.Type, open.Data));
        Assert.InRange(open.Since, (await mrq.FindAsync(id)).DateStarted!.Value, DateTimeOffset.MaxValue);
        var io = await TimesAsync(mrq, "http.get");
        Assert.Equal(1, Assert.Single(io.ByType, row => row.Name == "http.get").Calls);
        Assert.Equal(io.ByType.Sum(row => row.Calls), Assert.Single(io.ByTask, row => row.Name == "fetch").Calls);
        Assert.InRange(io.Seconds, double.Epsilon, double.MaxValue);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_an_application_sends_over_http_is_the_same_with_tracing(bool traced)
    {
        _gate.Open();
        await using var server = await HeldServer.StartAsync(_gate);
        await using var mrq = await StartEngineAsync(b =>
        {
            b.Configure(o => (o.TraceIo, o.TraceIoSources) = (traced, [_driver.Name]));
            b.AddTask<NoParams, string>("fetch", async (_, _, token) =>
            {
                using var client = new HttpClient();
                return await client.GetStringAsync(server.Address, token);
            });
        });

        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("fetch"));

        Assert.Equal("\"Host\"", job.Result);
    }

    [Fact]
    public async Task A_call_of_a_named_driver_is_told_by_what_it_says_after_its_begin()
    {
        await using var mrq = await StartTracingAsync(b => b.AddTask<NoParams>("query", async (_, _, token) =>
        {
            using var call = _driver.StartActivity("postgresql", ActivityKind.Client);
            call?.SetTag("db.system.name", "postgresql").SetTag("db.operation.name", "SELECT").SetTag("db.query.text", "SELECT *\nFROM orders");
            await _gate.PassAsync(token);
        }));
        var id = await mrq.EnqueueAsync("query");
        await _gate.WaitForArrivalsAsync();

        var open = await OpenAsync(mrq, id);
        _gate.Open();

        Assert.Equal(("postgresql.select", "SELECT * FROM orders"), (open.Type, open.Data));
        Assert.Contains((await TimesAsync(mrq, "postgresql.select")).ByTask, row => row.Name == "query");
    }

    [Fact]
    public async Task A_command_of_SqlClient_is_told_with_its_statement()
    {
        // Its events, as both of its packages write them; there is no SQL Server here to send it to.
        using var events = new DiagnosticListener("SqlClientDiagnosticListener");
        await using var mrq = await StartTracingAsync(b => b.AddTask<NoParams>("query", async (_, _, token) =>
        {
            using var command = new SqliteCommand(" SELECT * FROM orders WHERE id = @id");
            var call = new { OperationId = Guid.NewGuid(), Command = command };
            events.Write("Microsoft.Data.SqlClient.WriteCommandBefore", call);
            await _gate.PassAsync(token);
            events.Write("Microsoft.Data.SqlClient.WriteCommandAfter", call);
        }));
        var id = await mrq.EnqueueAsync("query");
        await _gate.WaitForArrivalsAsync();

        var open = await OpenAsync(mrq, id);
        _gate.Open();

        Assert.Equal(("mssql.select", " SELECT * FROM orders WHERE id = @id"), (open.Type, open.Data));
        await TimesAsync(mrq, "mssql.select");
    }

    [Fact]
    public async Task A_driver_that_nobody_named_is_told_while_the_application_traces_it_and_left_alone_otherwise()
    {
        using var applications = new ActivityListener
        {
            ShouldListenTo = source => source == _driver,
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => options.Name == "traced" ? ActivitySamplingResult.AllData : ActivitySamplingResult.None,
        };
        await using var mrq = await StartTracingAsync(
            b => b.AddTask<NoParams, int>("call", async (_, _, token) =>
            {
                using var plain = _driver.StartActivity("plain", ActivityKind.Client);
                ActivitySource.AddActivityListener(applications);
                using var traced = _driver.StartActivity("traced", ActivityKind.Client);
                await _gate.PassAsync(token);
                return plain is null ? 0 : 1;
            }),
            sources: []);
        var id = await mrq.EnqueueAsync("call");
        await _gate.WaitForArrivalsAsync();

        var open = await OpenAsync(mrq, id);
        _gate.Open();

        Assert.Equal((_driver.Name, "traced"), (open.Type, open.Data));
        Assert.Equal("0", (await mrq.WaitForEndAsync(id)).Result);
    }

    [Fact]
    public async Task A_call_inside_a_call_is_a_part_of_it_and_not_counted_again()
    {
        _gate.Open();
        await using var server = await HeldServer.StartAsync(_gate);
        await using var mrq = await StartTracingAsync(b => b.AddTask<NoParams>("nest", async (_, _, token) =>
        {
            using var outer = _driver.StartActivity("cloud", ActivityKind.Client);
            using var inner = _driver.StartActivity("cloud call", ActivityKind.Client);
            using var client = new HttpClient();
            await client.GetStringAsync(server.Address, token);
        }));

        await mrq.WaitForEndAsync(await mrq.EnqueueAsync("nest"));

        var io = await TimesAsync(mrq, _driver.Name);
        Assert.Equal(1, Assert.Single(io.ByType, row => row.Name == _driver.Name).Calls);
        Assert.DoesNotContain(io.ByType, row => row.Name == "http.get");
    }

    [Fact]
    public async Task What_a_task_asks_of_mrq_is_told_too()
    {
        await using var mrq = await StartTracingAsync(b => b
            .AddTask<NoParams>("enqueue", async (_, job, token) => await job.EnqueueAsync(new JobRequest { Path = "nothing" }, token))
            .AddTask<NoParams>("nothing", (_, _, _) => Task.CompletedTask));

        await mrq.WaitForEndAsync(await mrq.EnqueueAsync("enqueue"));

        foreach (var type in TypesOfAnEnqueue)
        {
            Assert.Contains((await TimesAsync(mrq, type)).ByTask, row => row.Name == "enqueue");
        }
    }

    [Fact]
    public async Task A_call_ends_with_its_job_when_its_task_goes_on()
    {
        await using var mrq = await StartTracingAsync(b => b.AddTask<NoParams>(
            "stubborn",
            async (_, _, _) =>
            {
                using var call = _driver.StartActivity("call", ActivityKind.Client);
                await _gate.PassStubbornlyAsync();
            },
            new TaskOptions { Timeout = TimeSpan.FromMilliseconds(100) }));

        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("stubborn"));
        var io = await TimesAsync(mrq, _driver.Name);
        _gate.Open();

        Assert.Equal(JobStatus.Timeout, job.Status);
        Assert.Equal(1, Assert.Single(io.ByType, row => row.Name == _driver.Name).Calls);
    }

    [Fact]
    public async Task Names_beyond_the_first_fifty_are_counted_together_and_texts_are_cut()
    {
        await using var mrq = await StartTracingAsync(b => b.AddTask<NoParams>("many", async (_, _, token) =>
        {
            for (var i = 0; i < 60; i++)
            {
                using var call = _driver.StartActivity("call", ActivityKind.Client);
                call?.SetTag("db.system", $"db{i:00}");
            }

            using var last = _driver.StartActivity($"half a sign \ud83d, {new string('x', 10_000)}", ActivityKind.Client);
            await _gate.PassAsync(token);
        }));
        var id = await mrq.EnqueueAsync("many");
        await _gate.WaitForArrivalsAsync();

        var open = await OpenAsync(mrq, id);
        _gate.Open();
        await mrq.WaitForEndAsync(id);

        Assert.StartsWith("half a sign \ufffd, xxx", open.Data, StringComparison.Ordinal);
        Assert.Equal(201, open.Data.Length);
        // The last call ends after the others have been reported.
        await mrq.WaitUntilAsync(async () => (await TimesAsync(mrq, "(other)")).ByType.Sum(row => row.Calls) >= 61);
        Assert.Equal(51, (await TimesAsync(mrq, "(other)")).ByType.Count);
    }

    [Fact]
    public async Task Without_the_option_nothing_is_told_and_no_activity_begins()
    {
        await using var mrq = await StartEngineAsync(b =>
        {
            b.Configure(o => o.TraceIoSources = [_driver.Name]);
            b.AddTask<NoParams, bool>("call", (_, _, _) => Task.FromResult(_driver.StartActivity("call", ActivityKind.Client) is not null || JobIo.Current is not null));
        });

        var job = await mrq.WaitForEndAsync(await mrq.EnqueueAsync("call"));

        Assert.Equal("false", job.Result);
        Assert.Null((await mrq.WorkerAsync()).Io);
    }

    private Task<TestEngine> StartTracingAsync(Action<MrqBuilder> configure, IReadOnlyList<string>? sources = null) => StartEngineAsync(
        b =>
        {
            b.Configure(o => (o.TraceIo, o.TraceIoSources) = (true, sources ?? [_driver.Name]));
            configure(b);
        },
        w => w.ReportInterval = TimeSpan.FromMilliseconds(100));

    /// <summary>What the worker reports of a job that waits.</summary>
    private static async Task<OpenIo> OpenAsync(TestEngine mrq, JobId id)
    {
        OpenIo? open = null;
        await mrq.WaitUntilAsync(async () => (open = (await mrq.WorkerAsync()).Jobs.FirstOrDefault(job => job.Id == id)?.Io) is not null);
        return open!;
    }

    /// <summary>What the worker reports as soon as it has a type among it.</summary>
    private static async Task<WorkerIo> TimesAsync(TestEngine mrq, string type)
    {
        WorkerIo? io = null;
        await mrq.WaitUntilAsync(async () => (io = (await mrq.WorkerAsync()).Io)?.ByType.Any(row => row.Name == type) == true);
        return io!;
    }
}

public sealed class TracingIoOnSqlite() : TracingIo(StorePair.Sqlite)
{
    protected override IReadOnlyList<string> TypesOfAnEnqueue => ["sqlite.write"];
}

public sealed class TracingIoOnRedisAndMongo() : TracingIo(StorePair.RedisAndMongo)
{
    protected override IReadOnlyList<string> TypesOfAnEnqueue => ["mongodb.insert", "redis.enqueue"];
}
