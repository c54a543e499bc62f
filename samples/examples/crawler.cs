#:sdk Microsoft.NET.Sdk.Web
#:project ../../Mrq.Core/Mrq.Core.csproj
#:property PublishAot=false

// Crawls a site: dotnet run samples/examples/crawler.cs [-- URL]
//
// The URLs wait in a raw queue whose name ends in _set: one that is found on many pages waits once. The unique key of their jobs remembers for a
// day which pages were seen. When no page is left, the worker and with it the program ends.
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Tasks;
using Mrq.Workers;

using var site = args.Length == 0 ? DemoSite.Start() : null;
var start = new Uri(site?.Address ?? args[0]);
var urls = new QueueName("urls_set");
var data = Directory.CreateTempSubdirectory("mrq-crawler-");

var builder = Host.CreateApplicationBuilder();
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddSingleton(new HttpClient { Timeout = TimeSpan.FromSeconds(10) });
builder.Services.AddMrq(mrq => mrq
    .UseSqlite(Path.Combine(data.FullName, "mrq.db"))
    .AddRawQueue(urls.Value, url => new JobRequest
    {
        Path = "crawler.page",
        Params = JsonSerializer.Serialize(new { url }),
        UniqueKey = url,
        UniqueFor = TimeSpan.FromDays(1),
    })
    .AddTask<Page>("crawler.page")
    .AddWorkers(worker =>
    {
        worker.Queues = [urls, QueueName.Default];
        worker.Concurrency = 4;
        worker.DequeueStrategy = DequeueStrategy.Burst;
    }));
using var host = builder.Build();
await host.StartAsync();
await host.Services.GetRequiredService<RawQueueClient>().EnqueueAsync(urls, [start.AbsoluteUri], CancellationToken.None);
await host.WaitForShutdownAsync();
Console.WriteLine($"{Page.Seen} pages.");
data.Delete(recursive: true);

/// <summary>Fetches one page and puts the links of the same site into the queue.</summary>
internal sealed partial class Page(HttpClient http, RawQueueClient queue) : IJobTask<Page.Parameters>
{
    private static int _seen;

    public static int Seen => _seen;

    public async Task RunAsync(Parameters parameters, JobContext context, CancellationToken cancellationToken)
    {
        var html = await http.GetStringAsync(parameters.Url, cancellationToken);
        var links = Link().Matches(html)
            .Select(match => new Uri(parameters.Url, match.Groups["link"].Value))
            .Where(link => link.Host == parameters.Url.Host && link.Port == parameters.Url.Port)
            .Select(link => link.GetLeftPart(UriPartial.Query)).Distinct().ToList();
        await queue.EnqueueAsync(new QueueName("urls_set"), links, cancellationToken);
        Interlocked.Increment(ref _seen);
        Console.WriteLine($"{parameters.Url} has {html.Length} characters and {links.Count} links");
    }

    [GeneratedRegex("href=\"(?<link>[^\"#]+)", RegexOptions.None, 1000)]
    private static partial Regex Link();

    internal sealed record Parameters(Uri Url);
}

/// <summary>A small site on this machine, whose pages link to each other in circles.</summary>
internal sealed class DemoSite : IDisposable
{
    private readonly HttpListener _listener = new();

    private DemoSite(string address) => Address = address;

    public string Address { get; }

    public static DemoSite Start()
    {
        while (true)
        {
            var site = new DemoSite($"http://127.0.0.1:{Random.Shared.Next(20_000, 60_000)}/");
            site._listener.Prefixes.Add(site.Address);
            try
            {
                site._listener.Start();
            }
            catch (HttpListenerException)
            {
                // The port is taken: another one.
                continue;
            }

            _ = site.ServeAsync();
            return site;
        }
    }

    public void Dispose() => _listener.Close();

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var call = await _listener.GetContextAsync();
                var page = int.TryParse(call.Request.Url?.AbsolutePath.Trim('/'), out var number) ? number : 0;
                var links = string.Concat(new[] { page * 2, (page * 2) + 1, page / 2, 0 }.Where(n => n < 20).Select(n => $"<a href=\"/{n}\">{n}</a> "));
                await using var answer = new StreamWriter(call.Response.OutputStream);
                await answer.WriteAsync($"<h1>Page {page}</h1>{links}");
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // It was closed.
        }
    }
}
