#:sdk Microsoft.NET.Sdk.Web
#:project ../../Mrq.Core/Mrq.Core.csproj
#:property PublishAot=false

// Counts words of many texts at once and adds them up at the end: dotnet run samples/examples/batch.cs [-- FOLDER]
//
// Each file is a job of a batch. When all have ended, whichever worker that was on, the batch runs one job more, once: here it adds up what
// the others found. Without a folder it reads these examples.
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mrq.Batches;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Workers;

var folder = args.FirstOrDefault() ?? Directory.GetCurrentDirectory();
var files = Directory.GetFiles(folder);
var data = Directory.CreateTempSubdirectory("mrq-batch-");

var builder = Host.CreateApplicationBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddMrq(mrq => mrq
    .UseSqlite(Path.Combine(data.FullName, "mrq.db"))
    .AddTask<CountWords>("batch.count")
    .AddTask<AddUp>("batch.add_up")
    .AddWorkers(worker => worker.Concurrency = 4));
using var host = builder.Build();
await host.StartAsync();

await host.Services.GetRequiredService<BatchClient>().EnqueueAsync(
    new BatchRequest
    {
        Name = "Words of a folder",
        Jobs = [.. files.Select(file => new JobRequest { Path = "batch.count", Params = JsonSerializer.Serialize(new { file }) })],
        OnComplete = new JobRequest { Path = "batch.add_up", ResultAs = "batch" },
    },
    CancellationToken.None);
await host.WaitForShutdownAsync();
data.Delete(recursive: true);

/// <summary>Counts the words of one file.</summary>
internal sealed class CountWords : IJobTask<CountWords.Parameters, int>
{
    public async Task<int> RunAsync(Parameters parameters, JobContext context, CancellationToken cancellationToken) =>
        (await File.ReadAllTextAsync(parameters.File, cancellationToken)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;

    internal sealed record Parameters(string File);
}

/// <summary>Adds up the results of the batch that has ended.</summary>
internal sealed class AddUp(IJobQueries queries, IHostApplicationLifetime application) : IJobTask<AddUp.Parameters, int>
{
    public async Task<int> RunAsync(Parameters parameters, JobContext context, CancellationToken cancellationToken)
    {
        var jobs = await queries.FindAsync(new JobFilter { Tag = $"batch:{parameters.Batch.Id}" }, new JobPageRequest(Limit: 1000, WithPayload: true), cancellationToken);
        var words = jobs.Jobs.Sum(job => JsonSerializer.Deserialize<int>(job.Result ?? "0"));
        Console.WriteLine($"{parameters.Batch.Name}: {jobs.Jobs.Count} files, {words} words");
        application.StopApplication();
        return words;
    }

    internal sealed record Parameters(Ended Batch);

    // Its counts come along, too: they are not needed here.
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
    internal sealed record Ended(string Id, string Name);
}
