using System.Text.Json;
using Mrq.Queues;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Commands;

/// <summary><c>mrq check</c>, as a process.</summary>
public sealed class CheckingAnInstallation : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<StorePair> Pairs => [StorePair.Sqlite, StorePair.RedisAndMongo];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task It_tells_what_waits_in_vain(StorePair pair)
    {
        await using var stores = await TestStores.MakeAsync(pair);
        await using var engine = await TestEngine.StartAsync(mrq => mrq.AddTask<object>("any", (_, _, _) => Task.CompletedTask), stores: stores);
        await engine.WaitUntilAsync(async () => (await engine.Get<WorkerControl>().ListAsync(TestContext.Current.CancellationToken)).Any(worker => worker is { IsSystem: false, Status: WorkerStatus.Wait }));

        var (code, output, errors) = await MrqProcess.RunAsync(_folder, ["check", .. stores.Arguments]);
        Assert.Equal((0, ""), (code, errors));
        Assert.Contains("good\tworkers\t1 on 1 node, 10 slots, 0 busy", output, StringComparison.Ordinal);

        await engine.Get<QueueControl>().SetPausedAsync(new QueueName("slow"), paused: true, TestContext.Current.CancellationToken);
        (code, output, _) = await MrqProcess.RunAsync(_folder, ["check", "--json", .. stores.Arguments]);
        Assert.Equal(0, code);
        var paused = JsonElement.Parse(output).GetProperty("checks").EnumerateArray().Single(check => check.GetProperty("about").GetString() == "queue slow");
        Assert.Equal(("notice", "is paused, 0 jobs wait"), (paused.GetProperty("status").GetString(), paused.GetProperty("found").GetString()));
    }

    [Fact]
    public async Task Everything_that_would_keep_a_server_from_starting_is_named_and_nothing_is_made()
    {
        await File.WriteAllTextAsync(
            _folder.File("mrq.json"), """{ "Schedules": [{ "path": "samples.add", "cron": "nonsense" }], "Tasks": { "samples.ad": { "queue": "x" } } }""", TestContext.Current.CancellationToken);
        Directory.CreateDirectory(_folder.File("tasks"));

        var (code, output, _) = await MrqProcess.RunAsync(_folder, ["check"]);

        Assert.Equal(2, code);
        Assert.Contains(output.Split('\n'), line => line.StartsWith("fatal\tschedules\t", StringComparison.Ordinal) && line.Contains("nonsense", StringComparison.Ordinal));
        Assert.Contains("notice\ttasks\tTasks:samples.ad has options, but this program has no such task. Did you mean 'samples.add'?", output, StringComparison.Ordinal);
        Assert.Contains("notice\tstore\tthere is no database", output, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("mrq.db")));
    }

    [Fact]
    public async Task A_store_that_is_away_and_wrong_settings_are_findings_too()
    {
        var (code, output, _) = await MrqProcess.RunAsync(_folder, ["check", "--sqlite", _folder.Path]);
        Assert.Equal(2, code);
        Assert.Contains("fatal\tstore\t", output, StringComparison.Ordinal);
        Assert.Contains("is a directory", output, StringComparison.Ordinal);

        (code, output, _) = await MrqProcess.RunAsync(_folder, ["check"], ("MRQ_CONCURRENCY", "many"));
        Assert.Equal(2, code);
        Assert.StartsWith("fatal\tsettings\t", output, StringComparison.Ordinal);
    }
}
