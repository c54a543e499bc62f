using System.Text.Json;
using Mrq.Tests.Support;

namespace Mrq.Tests.Commands;

/// <summary><c>mrq tasks</c>, as a process.</summary>
public sealed class ListingTasks : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<StorePair> Pairs => [StorePair.Sqlite, StorePair.RedisAndMongo];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Those_of_this_program_are_listed_before_there_is_a_store_and_none_is_made()
    {
        var (code, output, errors) = await MrqProcess.RunAsync(_folder, ["tasks"]);

        Assert.Equal((0, ""), (code, errors));
        Assert.Contains("samples.fetch_many\turls:array at_once:integer?\tdefault\t0\ttimeout=600\tFetches many pages in one job, some at once.", output.Split('\n'));
        Assert.DoesNotContain("mrq.job_action", output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Those_that_workers_elsewhere_report_are_listed_too(StorePair pair)
    {
        await using var stores = await TestStores.MakeAsync(pair);
        await using var engine = await TestEngine.StartAsync(mrq => mrq.AddTask<object>("other.only", (_, _, _) => Task.CompletedTask), stores: stores);
        await engine.WaitUntilAsync(async () => (await MrqProcess.RunAsync(_folder, ["tasks", .. stores.Arguments])).Output.Contains("other.only\t\t\t1\t", StringComparison.Ordinal));

        var (code, output, _) = await MrqProcess.RunAsync(_folder, ["tasks", "other.only", .. stores.Arguments]);
        Assert.Equal(0, code);
        Assert.StartsWith("other.only: its code is not here, but with 1 worker elsewhere.", output, StringComparison.Ordinal);

        (code, output, var errors) = await MrqProcess.RunAsync(_folder, ["tasks", "other.onyl", .. stores.Arguments]);
        Assert.Equal((1, "", "mrq: no task 'other.onyl' is known. Did you mean 'other.only'? mrq tasks lists those that are."), (code, output, errors));
    }

    [Fact]
    public async Task One_is_told_with_its_params_and_an_example_that_runs()
    {
        var (code, about, errors) = await MrqProcess.RunAsync(_folder, ["tasks", "samples.add"]);
        Assert.Equal((0, ""), (code, errors));
        Assert.StartsWith("samples.add: Adds two numbers.", about, StringComparison.Ordinal);
        Assert.Contains("\na\tnumber\trequired\n", about, StringComparison.Ordinal);
        foreach (var call in new[] { "run samples.add --help", "enqueue samples.add a=1 --help", "run --help samples.add --queue slow" })
        {
            Assert.Equal((0, about, ""), await MrqProcess.RunAsync(_folder, call.Split(' ')));
        }

        var example = about.Split('\n').Single(line => line.StartsWith("  mrq run ", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal((0, "3", ""), await MrqProcess.RunAsync(_folder, example[1..]));
    }

    [Fact]
    public async Task As_JSON_it_has_its_defaults()
    {
        var (code, output, _) = await MrqProcess.RunAsync(_folder, ["tasks", "samples.fetch_many", "--json"]);

        Assert.Equal(0, code);
        var task = JsonElement.Parse(output);
        Assert.Equal("""{"name":"at_once","type":"integer","required":false,"default":10,"minimum":1,"maximum":100}""", task.GetProperty("params")[1].GetRawText());
        Assert.Equal(600, task.GetProperty("options").GetProperty("timeout").GetInt32());
    }
}
