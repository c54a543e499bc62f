#:sdk Microsoft.NET.Sdk.Web
#:project ../../Mrq.Core/Mrq.Core.csproj
#:property PublishAot=false

// Reminds you: dotnet run samples/examples/reminder.cs -- SECONDS TEXT [SECONDS TEXT …]
//
// A reminder is a text in a raw queue whose name ends in _timed_set, with the unix time at which it is due. The same text put again moves it: so
// one is postponed. Nothing but text and time is stored until then, and both live through a restart.
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;

var reminders = new QueueName("reminders_timed_set");
string[] given = args.Length == 0 ? ["2", "Tea is ready.", "1", "Take the bag out."] : args;
var data = Directory.CreateTempSubdirectory("mrq-reminder-");

var builder = Host.CreateApplicationBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddSingleton(new Countdown(given.Length / 2));
builder.Services.AddMrq(mrq => mrq
    .UseSqlite(Path.Combine(data.FullName, "mrq.db"))
    .AddRawQueue(reminders.Value, text => new JobRequest { Path = "reminder.say", Params = JsonSerializer.Serialize(new { text }) })
    .AddTask<Say>("reminder.say")
    .AddWorkers(worker => (worker.Queues, worker.Concurrency) = ([reminders, QueueName.Default], 1)));
using var host = builder.Build();
await host.StartAsync();

var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;
await host.Services.GetRequiredService<RawQueueClient>().EnqueueAsync(
    [.. given.Chunk(2).Select(pair => new RawEntry(reminders, pair[1], now + double.Parse(pair[0], CultureInfo.InvariantCulture)))], CancellationToken.None);
await host.WaitForShutdownAsync();
data.Delete(recursive: true);

/// <summary>Says one reminder.</summary>
internal sealed class Say(Countdown left, IHostApplicationLifetime application) : IJobTask<Say.Parameters>
{
    public Task RunAsync(Parameters parameters, JobContext context, CancellationToken cancellationToken)
    {
        Console.WriteLine(parameters.Text);
        if (left.TakeOne() == 0)
        {
            application.StopApplication();
        }

        return Task.CompletedTask;
    }

    internal sealed record Parameters(string Text);
}

/// <summary>How many reminders are still to come.</summary>
internal sealed class Countdown(int count)
{
    private int _left = count;

    public int TakeOne() => Interlocked.Decrement(ref _left);
}
