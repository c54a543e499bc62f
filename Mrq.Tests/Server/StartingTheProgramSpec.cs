using System.Net;
using System.Net.Sockets;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tests.Support;

namespace Mrq.Tests.Server;

public sealed class StartingTheProgramSpec : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Help_names_every_option()
    {
        var (code, output, errors) = await MrqProcess.RunAsync(_folder, ["--help"]);

        Assert.Equal((0, ""), (code, errors));
        Assert.All(Mrq.Server.Configuration.ServerOptions.All.SelectMany(o => o.Names), name => Assert.Contains($"--{name}", output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task All_errors_come_together_and_nothing_is_started()
    {
        var (code, output, errors) = await MrqProcess.RunAsync(
            _folder, ["server", "--concurency", "5", "--dashboard-port", "http", "--queues", "a$", "--sqlite"], ("MRQ_PREFETCH", "-1"));

        Assert.Equal((2, ""), (code, output));
        Assert.Contains("--concurency is not an option. Did you mean --concurrency?", errors, StringComparison.Ordinal);
        Assert.Contains("--dashboard-port: 'http' is not a whole number", errors, StringComparison.Ordinal);
        Assert.Contains("--queues", errors, StringComparison.Ordinal);
        Assert.Contains("--sqlite", errors, StringComparison.Ordinal);
        Assert.Contains("MRQ_PREFETCH: '-1'", errors, StringComparison.Ordinal);
        Assert.Equal(5, errors.Split('\n').Length);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task An_address_that_others_reach_is_refused_without_login()
    {
        var (code, _, errors) = await MrqProcess.RunAsync(_folder, ["--dashboard_ip", "0.0.0.0"]);

        Assert.Equal(2, code);
        Assert.Contains("--allow_anonymous", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_others_reach_is_taken_when_everyone_may_come_in()
    {
        await using var process = MrqProcess.Start(_folder, ["--dashboard_ip", "0.0.0.0", "--dashboard_port", "0", "--allow_anonymous"]);

        using var http = await process.ReadyAsync();
    }

    [Fact]
    public async Task A_port_that_is_taken_is_one_clear_line_and_the_store_is_not_touched()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var (code, _, errors) = await MrqProcess.RunAsync(_folder, ["--dashboard_port", $"{port}"]);

        Assert.Equal(2, code);
        Assert.Equal($"mrq: Port {port} on 127.0.0.1 is taken by another process. Stop that one, or choose another with --dashboard_port.", errors);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task A_worker_process_tells_of_itself_where_that_is_asked()
    {
        await using var process = MrqProcess.Start(_folder, ["--dashboard_port", "0", "--admin_port", "0", "--report_file", "report.json"]);
        using var server = await process.ReadyAsync();
        var line = process.Output.Split('\n').Single(l => l.Contains("tells of itself at http", StringComparison.Ordinal));
        using var http = new HttpClient { BaseAddress = new Uri(line[line.LastIndexOf("http", StringComparison.Ordinal)..]) };

        Assert.Equal("idle", await http.GetStringAsync("/wait_for_idle", TestContext.Current.CancellationToken));

        var address = System.Text.Json.JsonElement.Parse(await File.ReadAllTextAsync(_folder.File("report.json"), TestContext.Current.CancellationToken))
            .GetProperty("workers")[0].GetProperty("local_ip").GetString();
        Assert.Contains(
            IPAddress.Parse(address!),
            System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces().SelectMany(n => n.GetIPProperties().UnicastAddresses).Select(u => u.Address));
    }

    [Fact]
    public async Task An_admin_port_that_is_taken_is_one_clear_line_and_the_store_is_not_touched()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var (code, _, errors) = await MrqProcess.RunAsync(_folder, ["worker", "--admin_port", $"{port}"]);

        Assert.Equal(2, code);
        Assert.Equal($"mrq: Port {port} on 127.0.0.1 is taken by another process. Stop that one, or choose another with --admin_port.", errors);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData("worker")]
    [InlineData("server")]
    public async Task A_report_file_without_a_folder_is_one_clear_line(string command)
    {
        var (code, _, errors) = await MrqProcess.RunAsync(_folder, [command, "--report_file", "nowhere/report.json"], ("MRQ_DASHBOARD_PORT", "0"));

        Assert.Equal(2, code);
        Assert.StartsWith("mrq: report_file: there is no folder", errors, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', errors);
    }

    [Fact]
    public async Task An_address_of_another_machine_is_one_clear_line()
    {
        // TEST-NET-1: never an address of a machine.
        var (code, _, errors) = await MrqProcess.RunAsync(_folder, ["--dashboard_ip", "192.0.2.1", "--dashboard_port", "0", "--allow_anonymous"]);

        Assert.Equal(2, code);
        Assert.StartsWith("mrq: 192.0.2.1 is not an address of this machine.", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("worker -p 2 --admin_port 65535", "mrq: admin_port: each of 2 worker processes takes one port, from 65535 on, and the last port there is is 65535. Choose 65534 or less.")]
    [InlineData("server -p 4 --admin_port 5553", "mrq: admin_port: 5553 to 5556, one for each of 4 worker processes, has the dashboard's own, dashboard_port 5555. Choose another for one of them.")]
    [InlineData("server --admin_port 5555", "mrq: admin_port: 5555 is the dashboard's own, dashboard_port 5555. Choose another for one of them.")]
    public async Task Ports_of_worker_processes_that_cannot_be_had_are_one_clear_line(string arguments, string expected)
    {
        var (code, output, errors) = await MrqProcess.RunAsync(_folder, arguments.Split(' '));

        Assert.Equal((2, "", expected), (code, output, errors));
    }

    [Fact]
    public async Task A_damaged_store_is_one_clear_line()
    {
        await File.WriteAllTextAsync(_folder.File("mrq.db"), new string('x', 8192), TestContext.Current.CancellationToken);

        await AssertStoreRefusedAsync("mrq.db");
    }

    [Fact]
    public async Task A_folder_in_place_of_the_store_is_one_clear_line()
    {
        Directory.CreateDirectory(_folder.File("jobs"));

        await AssertStoreRefusedAsync("jobs");
    }

    // Root may write to every file of mode 0444, but nobody makes a file in /proc.
    [Fact]
    public Task A_store_that_cannot_be_written_is_one_clear_line() => AssertStoreRefusedAsync("/proc/mrq.db");

    [Fact]
    public async Task Wrong_options_of_a_task_are_all_named()
    {
        await File.WriteAllTextAsync(
            _folder.File("mrq.json"), """{ "tasks": "elsewhere", "Tasks": { "samples.add": { "timeout": -1, "que": "x" } } }""", TestContext.Current.CancellationToken);

        var (code, _, errors) = await MrqProcess.RunAsync(_folder, ["--dashboard_port", "0"]);

        Assert.Equal(2, code);
        Assert.Contains("samples.add:timeout", errors, StringComparison.Ordinal);
        Assert.Contains("samples.add:que", errors, StringComparison.Ordinal);
        Assert.All(errors.Split('\n'), line => Assert.StartsWith("mrq: ", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Options_of_a_task_reach_it()
    {
        await File.WriteAllTextAsync(
            _folder.File("mrq.json"), """{ "dashboard_port": 0, "concurrency": 3, "Tasks": { "samples.add": { "queue": "math", "timeout": 7 } } }""", TestContext.Current.CancellationToken);
        await using var process = MrqProcess.Start(_folder, []);
        using var http = await process.ReadyAsync();

        var tasks = System.Text.Json.JsonElement.Parse(await http.GetStringAsync("/api/tasks", TestContext.Current.CancellationToken)).GetProperty("tasks");

        var options = tasks.EnumerateArray().Single(t => t.GetProperty("path").GetString() == "samples.add").GetProperty("options");
        Assert.Equal("math", options.GetProperty("queue").GetString());
        Assert.Equal(7, options.GetProperty("timeout").GetInt32());
        Assert.Contains("runs 3 jobs at once", process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_options_of_raw_queues_are_all_named()
    {
        await File.WriteAllTextAsync(
            _folder.File("mrq.json"),
            """
            { "RawQueues": {
                "clicks": { "path": "samples.add" },
                "a_raw": { "path": "samples.ad", "parser": "spilt", "statuses_no_storage": ["started", "retry"], "pushback_seconds": 5, "fieldz": "x" },
                "b_set": { "parser": "split", "fields": "a:integer", "separator": "", "retry_queue": "c_set" },
                "c_timed_set": { "path": "samples.add", "parser": "template", "template": "[1]", "has_subqueues": "perhaps", "pushback_seconds": "soon" }
            } }
            """,
            TestContext.Current.CancellationToken);

        var (code, _, errors) = await MrqProcess.RunAsync(_folder, ["--dashboard_port", "0"]);

        Assert.Equal(2, code);
        string[] expected =
        [
            "clicks: the name of a raw queue ends in", "no task 'samples.ad'. Did you mean 'samples.add'?", "'spilt' is not a parser", "a job that is retry would be lost",
            "a_raw: pushback_seconds", "a_raw:fieldz is not an option of a raw queue. Did you mean 'fields'?", "b_set:path is required", "'integer' of a is not a type",
            "b_set:separator must not be empty", "b_set: retry_queue: 'c_set' is a raw queue", "c_timed_set:template must be", "c_timed_set:has_subqueues", "c_timed_set:pushback_seconds",
        ];
        Assert.All(expected, text => Assert.Contains(text, errors, StringComparison.Ordinal));
        Assert.All(errors.Split('\n'), line => Assert.StartsWith("mrq: ", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_raw_queue_of_the_configuration_runs()
    {
        await File.WriteAllTextAsync(
            _folder.File("mrq.json"),
            """{ "dashboard_port": 0, "queues": "sums_raw", "RawQueues": { "sums_raw": { "path": "samples.add", "parser": "split", "separator": ";", "fields": "a:int, b:int" } } }""",
            TestContext.Current.CancellationToken);
        var (queue, token) = (new QueueName("sums_raw"), TestContext.Current.CancellationToken);
        await using var process = MrqProcess.Start(_folder, []);
        using var http = await process.ReadyAsync();
        await using var producer = await TestEngine.StartAsync(_ => { }, workers: false, folder: _folder);

        await producer.Get<RawQueueClient>().EnqueueAsync(queue, ["40;2", "4"], token);
        await producer.WaitUntilAsync(async () => (await producer.Queries.CountsAsync(token)).Any(c => c.Status == JobStatus.Success));

        var job = Assert.Single((await producer.Queries.FindAsync(new JobFilter(), new JobPageRequest(Limit: 10, WithPayload: true), token)).Jobs);
        Assert.Equal(("42", "default", "sums_raw"), (job.Result, job.Queue.Value, job.RawQueue?.Value));
        Assert.Contains("2 are expected", Assert.Single(await producer.Get<IRawQueueContents>().ListRejectedAsync(queue, 0, 5, token)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_wrong_with_tasks_and_queues_is_all_named()
    {
        await File.WriteAllTextAsync(
            _folder.File("mrq.json"),
            """
            { "Tasks": { "samples.add": { "priority": 10 } }, "QueueLimits": { "slow": { "max_concurrency": 0 }, "x_raw": { "rate_limit": "1/s" } } }
            """,
            TestContext.Current.CancellationToken);

        var (code, _, errors) = await MrqProcess.RunAsync(_folder, ["--dashboard_port", "0"]);

        Assert.Equal(2, code);
        Assert.Equal(
            [
                "mrq: Mrq:Tasks:samples.add:priority: must be a whole number, 0 to 9, not '10'.",
                "mrq: Mrq:QueueLimits:slow:max_concurrency: must be a whole number, 1 or more, not '0'.",
                "mrq: Mrq:QueueLimits:x_raw: 'x_raw' is a raw queue. Its jobs belong to its retry queue: limit that, or the task.",
            ],
            errors.Split('\n'));
    }

    [Fact]
    public async Task The_configuration_of_the_documentation_starts()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "routing.md"), TestContext.Current.CancellationToken);
        var example = page.Split("```json")[1].Split("```")[0];
        await File.WriteAllTextAsync(_folder.File("mrq.json"), example, TestContext.Current.CancellationToken);

        await using var process = MrqProcess.Start(_folder, ["--dashboard_port", "0"]);
        using var http = await process.ReadyAsync();

        Assert.Equal(System.Net.HttpStatusCode.OK, (await http.GetAsync("/health/ready", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task Wrong_schedules_are_all_named_and_nothing_is_run()
    {
        await File.WriteAllTextAsync(
            _folder.File("mrq.json"),
            """
            { "Schedules": [
                { "path": "samples.add", "params": { "a": 1, "b": 2 }, "weekday": 1 },
                { "path": "samples.add", "params": { "a": 1, "b": 2 }, "interval": 5 },
                { "path": "samples.add", "params": { "a": 1, "b": 2 }, "interval": 5 },
                { "path": "samples.ad", "interval": 5 } ] }
            """,
            TestContext.Current.CancellationToken);

        var (code, _, errors) = await MrqProcess.RunAsync(_folder, ["--dashboard_port", "0", "--lost_job_grace", "1"]);

        Assert.Equal(2, code);
        Assert.Equal(
            [
                "mrq: Schedules:0: interval: give exactly one of interval, dailytime (alone, or with weekday or monthday) and cron.",
                "mrq: Schedules:0: weekday: needs a dailytime.",
                "mrq: Schedules:2: says the same as Schedules:1. Give one of them another name, if both are meant.",
                "mrq: Schedules:3: path: this process has no task 'samples.ad'. Did you mean 'samples.add'?",
            ],
            errors.Split('\n'));
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.db"));
    }

    private async Task AssertStoreRefusedAsync(string path)
    {
        var (code, output, errors) = await MrqProcess.RunAsync(_folder, ["--dashboard_port", "0", "--sqlite", path]);

        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith("mrq: ", errors, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(path), errors, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', errors);
    }
}
