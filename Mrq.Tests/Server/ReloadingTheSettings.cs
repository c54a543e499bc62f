using Mrq.Queues;
using Mrq.Scheduling;
using Mrq.Storage;
using Mrq.Tests.Support;

namespace Mrq.Tests.Server;

/// <summary>A file of settings that changes while the process runs.</summary>
public sealed class ReloadingTheSettings : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_can_change_holds_and_what_cannot_is_named()
    {
        await WriteAsync("""{ "log_level": "warning", "dashboard_port": 0, "shutdown_timeout": 5 }""");
        await using var process = MrqProcess.Start(_folder, ["--dashboard_port", "0"]);
        using var http = await process.ReadyAsync();

        // No signal: the file is looked at.
        await WriteAsync("""{ "log_level": "info", "dashboard_port": 7, "shutdown_timeout": 6 }""");

        await process.WaitForLineAsync("shutdown_timeout was changed to 6 (mrq.json: shutdown_timeout), which holds after a restart");
        await process.WaitForLineAsync("log_level is info from now on (mrq.json: log_level)");
        // The command line has said something else, and goes on holding.
        Assert.DoesNotContain("dashboard_port", process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_setting_is_not_taken_for_the_section_of_a_like_name()
    {
        await WriteAsync("""{ "tasks": "one" }""");
        await using var process = MrqProcess.Start(_folder, ["worker"]);
        await process.WaitForLineAsync("MRQ ");

        await WriteAsync("""{ "tasks": "two" }""");
        await process.WaitForLineAsync("tasks was changed to two (mrq.json: tasks), which holds after a restart");
        await WriteAsync("""{ "tasks": "two", "Tasks": { "samples.add": { "timeout": 5 } } }""");
        await process.WaitForLineAsync("Section Tasks was changed, which holds after a restart");

        Assert.Single(process.Output.Split('\n'), line => line.Contains("Section", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_worker_has_other_queues_and_slots_and_is_the_same_worker()
    {
        await WriteAsync("""{ "queues": "a", "concurrency": 2, "report_interval": 0.5 }""");
        await using var process = MrqProcess.Start(_folder, ["worker"]);
        await process.WaitForLineAsync("MRQ ");
        await using var looking = await TestEngine.StartAsync(b => b.Configure(o => o.AcceptUnknownTasks = true), workers: false, folder: _folder);
        await looking.WaitUntilAsync(async () => (await looking.Get<IWorkerStore>().ListAsync(Token)).Any(w => !w.IsSystem));
        var before = await looking.WorkerAsync();

        await WriteAsync("""{ "queues": "a", "concurency": 3 }""");
        await process.WaitForLineAsync("what held before goes on");
        await WriteAsync("""{ "queues": "b,nobody_raw" }""");
        await process.WaitForLineAsync("A worker listens to the raw queue 'nobody_raw'");
        await WriteAsync("""{ "queues": "b", "concurrency": 7, "report_interval": 0.5 }""");
        await process.WaitForLineAsync("concurrency is 7 from now on");

        var job = await looking.EnqueueAsync("samples.add", """{"a": 40, "b": 2}""", r => r with { Queue = new QueueName("b") });
        Assert.Equal("42", (await looking.WaitForEndAsync(job)).Result);
        var after = await looking.WorkerAsync();
        Assert.Equal((before.Id, 7, "b"), (after.Id, after.Concurrency, after.Queues.Single().Value));
    }

    [Fact]
    public async Task A_changed_password_is_named_without_being_shown()
    {
        await WriteAsync("""{ "dashboard_httpauth": "admin:first" }""");
        await using var process = MrqProcess.Start(_folder, ["--dashboard_port", "0"]);
        using var http = await process.ReadyAsync();

        await WriteAsync("""{ "dashboard_httpauth": "admin:second" }""");

        await process.WaitForLineAsync("dashboard_httpauth was changed to admin:*** (mrq.json: dashboard_httpauth), which holds after a restart");
    }

    [Fact]
    public async Task Of_a_file_with_a_mistake_nothing_holds()
    {
        await WriteAsync("""{ "Schedules": [{ "path": "samples.add", "params": { "a": 1, "b": 2 }, "interval": 86400 }] }""");
        await using var process = MrqProcess.Start(_folder, ["--dashboard_port", "0"]);
        using var http = await process.ReadyAsync();

        await WriteAsync("""{ "log_level": "debug", "concurency": 5 }""");
        await process.WaitForLineAsync("what held before goes on: mrq.json: concurency is not an option. Did you mean concurrency?");

        await WriteAsync("""{ "log_level": "debug", "Schedules": [{ "path": "samples.ad", "interval": 5 }] }""");
        await process.WaitForLineAsync("Schedules:0: path: this process has no task 'samples.ad'");
        Assert.DoesNotContain("log_level is", process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Schedules_are_replaced()
    {
        await WriteAsync("""{ "Schedules": [{ "path": "samples.add", "params": { "a": 1, "b": 2 }, "interval": 86400 }] }""");
        await using var process = MrqProcess.Start(_folder, ["--dashboard_port", "0"]);
        using var http = await process.ReadyAsync();

        await WriteAsync("""{ "Schedules": [{ "path": "samples.add", "params": { "a": 3, "b": 4 }, "dailytime": "07:30" }] }""");

        await using var looking = await TestEngine.StartAsync(_ => { }, workers: false, folder: _folder);
        await looking.WaitUntilAsync(async () => (await looking.Get<IScheduleStore>().ListAsync(Token)) is [{ Origin: ScheduleOrigin.Config, Schedule.DailyTime: not null }]);
    }

    [Fact]
    public async Task The_signal_of_reload_reads_the_files_at_once_and_says_that_nothing_changed()
    {
        await using var process = MrqProcess.Start(_folder, ["worker"]);
        await process.WaitForLineAsync("Ctrl+C stops.");

        await process.SignalAsync("HUP");

        await process.WaitForLineAsync("The configuration was read again; no setting has changed");
    }

    private Task WriteAsync(string text) => File.WriteAllTextAsync(_folder.File("mrq.json"), text, Token);
}
