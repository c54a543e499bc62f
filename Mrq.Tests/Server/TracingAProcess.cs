using System.Text.Json;
using Mrq.Tests.Support;

namespace Mrq.Tests.Server;

/// <summary>Worker processes that hunt leaks and CPU hogs (docs/tracing.md).</summary>
public sealed class TracingAProcess : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Each_job_bears_what_it_left_in_memory_and_its_log_says_of_which_type()
    {
        await EnqueueAsync("samples.leak", 10, """{ "kilobytes": 100 }""");

        await RunWorkerAsync("--trace_memory", "--concurrency", "1");

        var jobs = await JobsAsync();
        Assert.Equal(10, jobs.Count);
        Assert.All(jobs, job => Assert.True(job.GetProperty("memory_diff").GetInt64() >= 80_000, $"{job}"));
        // One process ran all of them.
        Assert.Single(jobs.Select(job => job.GetProperty("worker").GetString()).Distinct());
        Assert.Contains("kB of System.Byte[]", await LogAsync(jobs[0]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Why_an_object_is_alive_is_in_the_log_and_drawn()
    {
        await EnqueueAsync("samples.leak", 1, """{ "kilobytes": 100 }""");

        await RunWorkerAsync("--trace_memory", "-g", "1", "--trace_memory_type", "Mrq.Samples.LeakedMemory", "--trace_memory_output_dir", "pictures");

        var job = Assert.Single(await JobsAsync());
        Assert.Contains("→ Mrq.Samples.LeakedMemory", await LogAsync(job), StringComparison.Ordinal);
        var picture = Assert.Single(Directory.GetFiles(Path.Combine(_folder.Path, "pictures")));
        Assert.Equal($"Mrq.Samples.LeakedMemory-{job.GetProperty("id").GetString()}.svg", Path.GetFileName(picture));
        Assert.Equal("svg", System.Xml.Linq.XDocument.Load(picture).Root?.Name.LocalName);
    }

    [Fact]
    public async Task A_type_that_is_not_there_is_said_so_with_those_of_a_like_name()
    {
        await EnqueueAsync("samples.leak", 1, """{ "kilobytes": 1 }""");

        await RunWorkerAsync("--trace_memory", "-g", "1", "--trace_memory_type", "LeakedMemory");

        var log = await LogAsync(Assert.Single(await JobsAsync()));
        Assert.Contains("no object of LeakedMemory", log, StringComparison.Ordinal);
        Assert.Contains("Mrq.Samples.LeakedMemory", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_jobs_at_once_cannot_be_told_apart()
    {
        var (code, _, errors) = await MrqProcess.RunAsync(_folder, ["worker", "--trace_memory", "-g", "2"]);

        Assert.Equal(2, code);
        Assert.Contains("trace_memory needs --concurrency 1, not 2", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_profile_names_the_method_that_took_the_time()
    {
        await EnqueueAsync("samples.primes", 1, """{ "n": 20000000 }""");

        await RunWorkerAsync("--profile", "--profile_output_dir", "found");

        var table = await File.ReadAllTextAsync(Assert.Single(Files("*.txt")), TestContext.Current.CancellationToken);
        Assert.Contains("Mrq.Samples.Primes.", table, StringComparison.Ordinal);
        var scope = JsonElement.Parse(await File.ReadAllTextAsync(Assert.Single(Files("*.speedscope.json")), TestContext.Current.CancellationToken));
        var profile = scope.GetProperty("profiles")[0];
        Assert.Equal(profile.GetProperty("samples").GetArrayLength(), profile.GetProperty("weights").GetArrayLength());
        var frames = scope.GetProperty("shared").GetProperty("frames").GetArrayLength();
        Assert.All(profile.GetProperty("samples").EnumerateArray().SelectMany(s => s.EnumerateArray()), frame => Assert.InRange(frame.GetInt32(), 0, frames - 1));

        string[] Files(string pattern) => Directory.GetFiles(Path.Combine(_folder.Path, "found"), pattern);
    }

    [Fact]
    public async Task Several_who_ask_at_once_for_its_objects_are_told_of_each_object_once()
    {
        await using var process = MrqProcess.Start(_folder, ["worker", "--admin_port", "0"]);
        await process.WaitForLineAsync("tells of itself at http");
        var line = process.Output.Split('\n').Single(l => l.Contains("tells of itself at http", StringComparison.Ordinal));
        using var http = new HttpClient { BaseAddress = new Uri(line[line.LastIndexOf("http", StringComparison.Ordinal)..]) };
        // The first look makes objects that stay.
        await CountTextsAsync(http);
        var alone = await CountTextsAsync(http);

        var together = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => CountTextsAsync(http)));

        Assert.All(together, count => Assert.InRange(count, alone * 0.7, alone * 1.5));

        static async Task<double> CountTextsAsync(HttpClient http) =>
            JsonElement.Parse(await http.GetStringAsync("/report_mem?types=1000", TestContext.Current.CancellationToken)).GetProperty("types").EnumerateArray()
                .Single(type => type.GetProperty("name").GetString() == "System.String").GetProperty("objects").GetDouble();
    }

    [Fact]
    public async Task A_runtime_that_does_not_tell_keeps_no_job_from_running()
    {
        await EnqueueAsync("samples.add", 1, """{ "a": 1, "b": 2 }""");

        var (code, output, _) = await MrqProcess.RunAsync(
            _folder, ["worker", "--profile", "--trace_memory", "-g", "1", "--dequeue_strategy", "burst"], ("DOTNET_EnableDiagnostics", "0"));

        Assert.Equal(0, code);
        Assert.Contains("DOTNET_EnableDiagnostics", output, StringComparison.Ordinal);
        Assert.Equal("success", Assert.Single(await JobsAsync()).GetProperty("status").GetString());
    }

    private async Task EnqueueAsync(string task, int count, string parameters)
    {
        await File.WriteAllLinesAsync(Path.Combine(_folder.Path, "jobs.ndjson"), Enumerable.Repeat(parameters, count), TestContext.Current.CancellationToken);
        var (code, _, errors) = await MrqProcess.RunAsync(_folder, ["enqueue", task, "--from", "jobs.ndjson"]);
        Assert.Equal((0, ""), (code, errors));
    }

    private async Task RunWorkerAsync(params string[] options)
    {
        var (code, output, errors) = await MrqProcess.RunAsync(_folder, ["worker", "--dequeue_strategy", "burst", .. options]);
        Assert.True(code == 0, $"{output}\n{errors}");
    }

    private async Task<List<JsonElement>> JobsAsync() =>
        [.. JsonElement.Parse((await MrqProcess.RunAsync(_folder, ["jobs", "--json"])).Output).GetProperty("jobs").EnumerateArray()];

    private async Task<string> LogAsync(JsonElement job) =>
        (await MrqProcess.RunAsync(_folder, ["jobs", job.GetProperty("id").GetString()!, "--log"])).Output;
}
