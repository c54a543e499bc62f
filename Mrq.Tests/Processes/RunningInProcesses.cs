using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Server.Configuration;
using Mrq.Server.Processes;
using Mrq.Storage;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Processes;

/// <summary><c>--processes</c>: real supervisors, worker processes, stores and signals (docs/processes.md).</summary>
public sealed class RunningInProcesses
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(StorePair.Sqlite)]
    [InlineData(StorePair.RedisAndMongo)]
    public async Task A_killed_process_is_replaced_while_the_other_keeps_its_own_and_everyone_can_see_it(StorePair pair)
    {
        await using var stores = await TestStores.MakeAsync(pair);
        using var folder = new TempFolder();
        await using var node = new MrqNode(Start(folder, stores, "server", "-p", "2", "--dashboard_port", "0", "--name", "web", "--report_interval", "0.5"));
        await node.OpenAsync();
        var before = await UntilBothRunAsync(node, _ => true);

        await KillAsync(before["web-1"].GetProperty("process_id").GetInt32(), "KILL");
        var after = await UntilBothRunAsync(node, workers => Restarts(workers["web-1"]) == 1);

        Assert.NotEqual(before["web-1"].GetProperty("process_id").GetInt32(), after["web-1"].GetProperty("process_id").GetInt32());
        Assert.Equal(before["web-2"].GetProperty("id").GetString(), after["web-2"].GetProperty("id").GetString());
        Assert.Equal(0, Restarts(after["web-2"]));
        var supervision = after["web-1"].GetProperty("supervision");
        Assert.StartsWith("killed by SIGKILL after ", supervision.GetProperty("last_end").GetString(), StringComparison.Ordinal);
        Assert.Equal((1, 2), (supervision.GetProperty("index").GetInt32(), supervision.GetProperty("count").GetInt32()));

        var job = await node.EnqueueAsync("samples.add", new { a = 40, b = 2 });
        Assert.Equal("42", (await node.UntilAsync(job, "success")).GetProperty("result").ToString());
        // Out of reach of the terminal's Ctrl+C, which the supervisor passes on.
        var sessions = after.Values.Select(worker => SessionOf(worker.GetProperty("process_id").GetInt32())).Append(SessionOf(supervision.GetProperty("supervisor").GetInt32()));
        Assert.Equal(3, sessions.Distinct().Count());

        await node.Process.SignalAsync("TERM");
        Assert.Equal(0, await node.Process.ExitAsync());
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_signal_lets_running_jobs_end_and_systemd_hears_of_each_step(string signal)
    {
        await using var stores = await TestStores.MakeAsync(StorePair.Sqlite);
        using var folder = new TempFolder();
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        systemd.Bind(new UnixDomainSocketEndPoint(folder.File("notify")));
        await using var mrq = await ProduceAsync(stores);
        await using var process = MrqProcess.Start(
            folder, ["worker", "-p", "2", .. stores.Arguments], ("NOTIFY_SOCKET", folder.File("notify")), ("WATCHDOG_USEC", "2000000"));
        await HearAsync(systemd, "READY=1");
        await HearAsync(systemd, "WATCHDOG=1\nSTATUS=2 worker processes, 0 jobs running");
        var job = await mrq.EnqueueAsync("samples.progress", """{"steps": 20, "seconds": 2}""");
        // Its status says that it was taken; its progress, that it has begun.
        await mrq.WaitForAsync(job, running => running.Progress > 0);

        await process.SignalAsync(signal);

        await HearAsync(systemd, "STOPPING=1");
        Assert.Equal(0, await process.ExitAsync());
        Assert.Equal(JobStatus.Success, (await mrq.FindAsync(job)).Status);
    }

    [Fact]
    public async Task Systemd_hears_of_a_server_without_worker_processes_too()
    {
        using var folder = new TempFolder();
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        var name = $"mrq-test-{Guid.NewGuid():N}";
        systemd.Bind(new UnixDomainSocketEndPoint($"\0{name}"));
        await using var process = MrqProcess.Start(folder, ["server", "--dashboard_port", "0"], ("NOTIFY_SOCKET", $"@{name}"), ("WATCHDOG_USEC", "1000000"));

        await HearAsync(systemd, "READY=1");
        using var http = await process.ReadyAsync();
        Assert.Equal(System.Net.HttpStatusCode.OK, (await http.GetAsync("/health/ready", Token)).StatusCode);
        await HearAsync(systemd, "WATCHDOG=1");
        await process.SignalAsync("TERM");
        await HearAsync(systemd, "STOPPING=1");
        Assert.Equal(0, await process.ExitAsync());
    }

    [Fact]
    public async Task A_second_signal_puts_running_jobs_back_at_once()
    {
        await using var stores = await TestStores.MakeAsync(StorePair.Sqlite);
        using var folder = new TempFolder();
        await using var mrq = await ProduceAsync(stores);
        await using var process = Start(folder, stores, "worker", "-p", "2", "-g", "1", "--shutdown_timeout", "3600");
        var jobs = new List<JobId> { await mrq.EnqueueAsync("samples.sleep", """{"seconds": 3600}"""), await mrq.EnqueueAsync("samples.sleep", """{"seconds": 3600}""") };
        foreach (var job in jobs)
        {
            await mrq.WaitForAsync(job, JobStatus.Started);
        }

        await process.SignalAsync("INT");
        await mrq.WaitUntilAsync(async () => (await WorkersAsync(mrq)).All(worker => worker.Status == WorkerStatus.Join));
        await process.SignalAsync("INT");

        Assert.Equal(0, await process.ExitAsync());
        foreach (var job in jobs)
        {
            Assert.Contains((await mrq.FindAsync(job)).Status, (JobStatus[])[JobStatus.Queued, JobStatus.Interrupt]);
        }
    }

    [Fact]
    public async Task A_signal_that_comes_to_a_process_twice_as_systemd_sends_it_too_lets_its_jobs_end()
    {
        await using var stores = await TestStores.MakeAsync(StorePair.Sqlite);
        await using var mrq = await ProduceAsync(stores);
        await using var supervised = new Supervised();
        supervised.Supervisor.Start(Supervised.Workers(1, stores));
        var job = await mrq.EnqueueAsync("samples.sleep", """{"seconds": 3}""");
        await mrq.WaitForAsync(job, JobStatus.Started);
        var process = supervised.Supervisor.ProcessIds["1/1"];

        supervised.Supervisor.Stop(Posix.Terminate);
        await mrq.WaitUntilAsync(async () => (await WorkersAsync(mrq)).All(worker => worker.Status == WorkerStatus.Join));
        await KillAsync(process, "TERM");

        Assert.Equal(0, await supervised.ExitAsync());
        Assert.Equal(JobStatus.Success, (await mrq.FindAsync(job)).Status);
    }

    [Fact]
    public async Task With_the_strategy_burst_all_end_by_themselves_when_the_queues_are_empty()
    {
        await using var stores = await TestStores.MakeAsync(StorePair.Sqlite);
        using var folder = new TempFolder();
        await using var mrq = await ProduceAsync(stores);
        var job = await mrq.EnqueueAsync("samples.add", """{"a": 1, "b": 2}""");

        await using var process = Start(folder, stores, "worker", "-p", "2", "--dequeue_strategy", "burst");

        Assert.Equal(0, await process.ExitAsync());
        Assert.Equal(JobStatus.Success, (await mrq.FindAsync(job)).Status);
        Assert.DoesNotContain("started again", process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_process_that_ends_at_a_limit_is_started_again_at_once()
    {
        await using var stores = await TestStores.MakeAsync(StorePair.Sqlite);
        using var folder = new TempFolder();
        await using var mrq = await ProduceAsync(stores);
        var jobs = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => mrq.EnqueueAsync("samples.add", """{"a": 1, "b": 2}""")));

        await using var process = Start(folder, stores, "worker", "-p", "1", "--max_jobs", "2");

        Assert.All(await Task.WhenAll(jobs.Select(mrq.WaitForEndAsync)), job => Assert.Equal(JobStatus.Success, job.Status));
        Assert.Contains(" jobs at once in 1 worker process from ", process.Output, StringComparison.Ordinal);
        Assert.Matches(@"info: .*1/1 has come to its end, exit code 0 after [0-9.]+ s and 2 jobs \(max_jobs\); it is started again", process.Output);
    }

    [Fact]
    public async Task A_variable_of_a_supervisor_that_none_has_set_is_refused()
    {
        using var folder = new TempFolder();

        var (code, _, errors) = await MrqProcess.RunAsync(folder, ["worker"], ("MRQ_SUPERVISED", "yes"));

        Assert.Equal(2, code);
        Assert.StartsWith("mrq: MRQ_SUPERVISED is what a supervisor sets", errors, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', errors);
    }

    [Fact]
    public async Task A_store_that_cannot_be_opened_is_said_once_and_ends_it_with_2()
    {
        using var folder = new TempFolder();

        var (code, output, errors) = await MrqProcess.RunAsync(folder, ["worker", "-p", "3", "--sqlite", "/proc/no/mrq.db"]);

        Assert.Equal(2, code);
        Assert.Matches(@"^\[1/3 pid \d+\] mrq: .*/proc/no", errors);
        Assert.DoesNotContain('\n', errors);
        Assert.DoesNotContain("[2/3", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StorePair.Sqlite)]
    [InlineData(StorePair.RedisAndMongo)]
    public async Task Ten_processes_of_five_run_fifty_jobs_at_once_and_give_each_its_own_result(StorePair pair)
    {
        const int AtOnce = 50;
        await using var stores = await TestStores.MakeAsync(pair);
        using var folder = new TempFolder();
        await using var mrq = await ProduceAsync(stores);
        await using var process = Start(folder, stores, "worker", "--processes", "10", "--greenlets", "5", "--prefetch", "0", "--log_level", "warning");
        var held = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => mrq.EnqueueAsync("samples.sleep", """{"seconds": 3600}""")));

        var running = await Task.WhenAll(held.Select(job => mrq.WaitForAsync(job, JobStatus.Started)));
        Assert.Equal(Enumerable.Repeat(5, 10), running.GroupBy(job => job.Worker).Select(worker => worker.Count()));
        var sums = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => mrq.EnqueueAsync("samples.add", $$"""{"a": {{i}}, "b": 1000}""")));
        await mrq.Control.ApplyAsync(JobAction.Abort, held, queue: null, Token);

        var ended = await Task.WhenAll(sums.Select(mrq.WaitForEndAsync));
        Assert.Equal(Enumerable.Range(1000, 100).Select(sum => sum.ToString(CultureInfo.InvariantCulture)), ended.Select(job => job.Result));
        await process.SignalAsync("TERM");
        Assert.Equal(0, await process.ExitAsync());
    }

    [Fact]
    public async Task A_process_that_hangs_is_replaced()
    {
        await using var stores = await TestStores.MakeAsync(StorePair.Sqlite);
        await using var supervised = new Supervised(o => o with { Silence = TimeSpan.FromSeconds(6) });
        supervised.Supervisor.Start(Supervised.Workers(1, stores));
        await supervised.Log.UntilAsync("1/1 is up");

        await KillAsync(supervised.Supervisor.ProcessIds["1/1"], "STOP");

        await supervised.Log.UntilAsync("it had not said for 6 s that it is alive; it is started again");
        await supervised.Log.UntilAsync("1/1 is up", 2);
    }

    [Theory]
    [InlineData(StorePair.Sqlite)]
    [InlineData(StorePair.RedisAndMongo)]
    public async Task A_process_that_does_not_stay_up_is_told_of_by_the_others(StorePair pair)
    {
        await using var stores = await TestStores.MakeAsync(pair);
        await using var mrq = await ProduceAsync(stores);
        await using var supervised = new Supervised();
        supervised.Supervisor.Start(
            [Supervised.Workers(2, stores)[0], Supervised.Shell("2/2", "exit 3") with { Notifies = true, Worker = new WorkerProcessRole(2, 2, [], new HandedFiles(new ConfigurationFiles())) }]);

        await mrq.WaitUntilAsync(async () => (await WorkersAsync(mrq)).Any(worker => worker.Supervision?.Failing is [{ Index: 2, LastEnd: var end }] && end.StartsWith("exit code 3", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(StorePair.Sqlite)]
    [InlineData(StorePair.RedisAndMongo)]
    public async Task A_mistake_in_the_configuration_keeps_no_process_from_coming_up_again(StorePair pair)
    {
        await using var stores = await TestStores.MakeAsync(pair);
        using var folder = new TempFolder();
        await using var mrq = await ProduceAsync(stores);
        await WriteAsync(folder, """{ "report_interval": 0.5, "concurrency": 2 }""");
        await using var process = Start(folder, stores, "worker", "-p", "2");
        await UntilAsync(mrq, index: 2, worker => worker.Concurrency == 2);

        await WriteAsync(folder, """{ "report_interval": 0.5, "concurrency": 3 }""");
        await UntilAsync(mrq, index: 1, worker => worker.Concurrency == 3);
        await process.WaitForLineAsync("concurrency is 3 from now on");
        await WriteAsync(folder, """{ "report_interval": 0.5, "concurrency": "many" }""");
        await process.WaitForLineAsync("what held before goes on: mrq.json: concurrency");
        await KillAsync((await UntilAsync(mrq, index: 1, _ => true)).ProcessId, "KILL");
        await UntilAsync(mrq, index: 1, worker => worker is { Concurrency: 3, Supervision.Restarts: 1 });

        // What only a worker can see, which knows the tasks.
        await WriteAsync(folder, """{ "report_interval": 0.5, "concurrency": 4, "Tasks": { "samples.add": { "timeout": "soon" } } }""");
        await UntilAsync(mrq, index: 2, worker => worker.Concurrency == 4);
        await KillAsync((await UntilAsync(mrq, index: 1, _ => true)).ProcessId, "KILL");
        await UntilAsync(mrq, index: 1, worker => worker is { Concurrency: 3 or 4, Supervision.Restarts: > 1 });
        await process.WaitForLineAsync("1/2 cannot begin with the configuration as it is now; its own lines say what is wrong");

        await WriteAsync(folder, """{ "report_interval": 0.5, "concurrency": 5 }""");
        await UntilAsync(mrq, index: 1, worker => worker.Concurrency == 5);
        await KillAsync((await UntilAsync(mrq, index: 1, _ => true)).ProcessId, "KILL");
        await UntilAsync(mrq, index: 1, worker => worker is { Concurrency: 5, Supervision.Restarts: > 2 });

        Assert.Single(process.Output.Split('\n'), line => line.Contains("concurrency is 3 from now on", StringComparison.Ordinal));
        Assert.Single(process.Output.Split('\n'), line => line.Contains("what held before goes on", StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_list_of_processes_shows_a_password_and_each_worker_process_has_its_number()
    {
        await using var stores = await TestStores.MakeAsync(StorePair.Sqlite);
        using var folder = new TempFolder();
        await using var mrq = await ProduceAsync(stores);
        await using var process = Start(folder, stores, "server", "-p", "1", "--dashboard_port", "0", "--dashboard_httpauth", "ada:lovelace", "--name", "web");

        var worker = await UntilAsync(mrq, index: 1, worker => worker.Name == "web-1");

        var line = (await File.ReadAllTextAsync($"/proc/{worker.ProcessId}/cmdline", Token)).Split('\0');
        Assert.Contains("[1/1]", line);
        Assert.Contains("ada:***", line);
        Assert.DoesNotContain("lovelace", await File.ReadAllTextAsync($"/proc/{worker.ProcessId}/environ", Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_process_has_an_admin_port_and_a_report_file_of_its_own()
    {
        await using var stores = await TestStores.MakeAsync(StorePair.Sqlite);
        using var folder = new TempFolder();
        await using var mrq = await ProduceAsync(stores);
        var port = Ports.FreeRow(2);
        await using var process = Start(
            folder, stores, "worker", "-p", "2", "--name", "web", "--report_interval", "0.5", "--admin_port", $"{port}", "--report_file", folder.File("report.json"));
        await UntilAsync(mrq, index: 2, _ => true);
        using var http = new HttpClient();

        foreach (var index in new[] { 1, 2 })
        {
            var pid = (await UntilAsync(mrq, index, _ => true)).ProcessId;
            // Nobody waits for the disk: the first report may be in the store before it is in the file.
            await mrq.WaitUntilAsync(() => Task.FromResult(File.Exists(folder.File($"report.{index}.json"))));
            AssertIs(await File.ReadAllTextAsync(folder.File($"report.{index}.json"), Token), index, pid);
            AssertIs(await http.GetStringAsync($"http://127.0.0.1:{port + index - 1}/report", Token), index, pid);
        }

        Assert.False(File.Exists(folder.File("report.json")));

        static void AssertIs(string report, int index, int pid)
        {
            using var read = JsonDocument.Parse(report);
            var worker = Assert.Single(read.RootElement.GetProperty("workers").EnumerateArray());
            Assert.Equal(($"web-{index}", pid), (worker.GetProperty("name").GetString(), worker.GetProperty("process_id").GetInt32()));
        }
    }

    private static async Task WriteAsync(TempFolder folder, string settings)
    {
        // As one piece: a process that looks meanwhile would tell of a mistake.
        await File.WriteAllTextAsync(folder.File("mrq.json.next"), settings, Token);
        File.Move(folder.File("mrq.json.next"), folder.File("mrq.json"), overwrite: true);
    }

    /// <summary>Waits until the living worker of a process is as wished, and answers its report.</summary>
    private static async Task<WorkerReport> UntilAsync(TestEngine mrq, int index, Predicate<WorkerReport> isAsWished)
    {
        WorkerReport? found = null;
        await mrq.WaitUntilAsync(async () =>
        {
            // The latest started is the first.
            found = (await WorkersAsync(mrq)).FirstOrDefault(worker => worker.Supervision?.Index == index);
            return found is not null && isAsWished(found);
        });
        return found!;
    }

    private static MrqProcess Start(TempFolder folder, TestStores stores, params string[] arguments) => MrqProcess.Start(folder, [.. arguments, .. stores.Arguments]);

    /// <summary>What queues jobs and looks at them; it runs none.</summary>
    private static Task<TestEngine> ProduceAsync(TestStores stores) => TestEngine.StartAsync(b => b.Configure(o => o.AcceptUnknownTasks = true), workers: false, stores: stores);

    private static async Task<IReadOnlyList<WorkerReport>> WorkersAsync(TestEngine mrq) =>
        [.. (await mrq.Get<IWorkerStore>().ListAsync(Token)).Where(worker => !worker.Queues.Contains(QueueName.System))];

    /// <summary>Waits until both processes run jobs and are as wished; answers them by name.</summary>
    private static async Task<Dictionary<string, JsonElement>> UntilBothRunAsync(MrqNode node, Func<Dictionary<string, JsonElement>, bool> areAsWished)
    {
        Dictionary<string, JsonElement> workers = [];
        await node.UntilAsync("/api/workers", answer =>
        {
            // The latest of each name is the first.
            workers = answer.GetProperty("workers").EnumerateArray().Where(worker => worker.GetProperty("alive").GetBoolean())
                .Where(worker => worker.GetProperty("queues")[0].GetString() == "default")
                .GroupBy(worker => worker.GetProperty("name").GetString()!, StringComparer.Ordinal).ToDictionary(named => named.Key, named => named.First(), StringComparer.Ordinal);
            return workers.Count == 2 && areAsWished(workers);
        });
        return workers;
    }

    private static int Restarts(JsonElement worker) => worker.GetProperty("supervision").GetProperty("restarts").GetInt32();

    private static async Task HearAsync(Socket systemd, string notice)
    {
        var buffer = new byte[4096];
        while (!Encoding.UTF8.GetString(buffer, 0, await systemd.ReceiveAsync(buffer, Token)).Contains(notice, StringComparison.Ordinal))
        {
            // It says more than that.
        }
    }

    private static async Task KillAsync(int pid, string signal)
    {
        using var kill = System.Diagnostics.Process.Start("kill", [$"-{signal}", $"{pid}"]);
        await kill.WaitForExitAsync(Token);
    }

    // The sixth field; the second is a name in brackets.
    private static string SessionOf(int pid) => File.ReadAllText($"/proc/{pid}/stat").Split(") ")[1].Split(' ')[3];
}
