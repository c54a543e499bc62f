#:sdk Microsoft.NET.Sdk.Web
#:project ../../Mrq.Core/Mrq.Core.csproj
#:property PublishAot=false

// Writes a report of the jobs every night at 02:30 in Berlin: dotnet run samples/examples/nightly-report.cs [-- --now]
//
// With --now it is also run at once, and the program ends; without, it waits for its time until Ctrl+C.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Scheduling;
using Mrq.Storage;
using Mrq.Tasks;

var data = Directory.CreateTempSubdirectory("mrq-report-");
var builder = Host.CreateApplicationBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddMrq(mrq => mrq
    .UseSqlite(Path.Combine(data.FullName, "mrq.db"))
    .AddTask<NightlyReport>("report.nightly")
    .AddSchedule(new Schedule { Name = "Nightly report", Path = "report.nightly", DailyTime = new TimeOnly(2, 30), TimeZone = "Europe/Berlin", Misfire = Misfire.RunOnce })
    .AddWorkers());
using var host = builder.Build();
await host.StartAsync();

var schedules = host.Services.GetRequiredService<ScheduleControl>();
// The entries of the program reach the store in the background: until then there are none.
IReadOnlyList<ScheduleOverview> entries;
while ((entries = await schedules.ListAsync(CancellationToken.None)).Count == 0)
{
    await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
}

Console.WriteLine($"{entries[0].Entry.Schedule.Name}: next at {entries[0].Next:yyyy-MM-dd HH:mm} UTC");
if (args.Contains("--now") && await schedules.RunNowAsync(entries[0].Entry.Id, CancellationToken.None) is { } id)
{
    var queries = host.Services.GetRequiredService<IJobQueries>();
    Job job;
    do
    {
        await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        job = (await queries.GetAsync([id], withPayload: true, CancellationToken.None))[0];
    }
    while (!JobStatuses.Final.Contains(job.Status));
    Console.WriteLine($"{JobStatuses.NameOf(job.Status)}: {job.Result}");
    await host.StopAsync();
}

await host.WaitForShutdownAsync();
data.Delete(recursive: true);

/// <summary>Counts the jobs of each task and status.</summary>
internal sealed class NightlyReport(IJobQueries queries) : IJobTask<NightlyReport.Parameters, IReadOnlyDictionary<string, long>>
{
    public async Task<IReadOnlyDictionary<string, long>> RunAsync(Parameters parameters, JobContext context, CancellationToken cancellationToken)
    {
        var counts = await queries.CountsAsync(cancellationToken);
        return counts.GroupBy(c => $"{c.Path} {JobStatuses.NameOf(c.Status)}").OrderBy(g => g.Key, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Sum(c => c.Count));
    }

    internal sealed record Parameters;
}
