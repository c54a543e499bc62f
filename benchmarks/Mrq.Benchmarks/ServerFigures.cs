using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Mrq.Benchmarks;

/// <summary>The server as a process of its own: what it needs when idle, and how many jobs a second come in over REST.</summary>
internal static class ServerFigures
{
    private const int Connections = 50;
    private const int Singles = 40_000;
    private const int Bulk = 100_000;

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("mrq-bench-").FullName;
        var port = FreePort();
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                ServerPath(), "--sqlite", Path.Combine(folder, "mrq.db"), "--dashboard_port", port.ToString(CultureInfo.InvariantCulture),
                "--queues", "nobody-enqueues-here", "--log_level", "Warning",
            },
        };
        using var server = Process.Start(start)!;
        server.OutputDataReceived += (_, _) => { };
        server.ErrorDataReceived += (_, e) => Console.Error.WriteLine(e.Data);
        server.BeginOutputReadLine();
        server.BeginErrorReadLine();
        try
        {
            using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Connections }) { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            await WaitUntilReadyAsync(http, server);
            var idle = await IdleAsync(server);
            var single = await SinglesAsync(http);
            var bulk = await BulkAsync(http);
            return
            [
                new Figure("idle server, resident memory", $"{idle.Megabytes:0} MB", "120 MB"),
                new Figure("idle server, CPU", $"{idle.Percent:0.00} %", "1 %"),
                new Figure($"REST, one job per call, {Connections} connections", Figure.Rate(single), "10,000/s"),
                new Figure("REST, bulk NDJSON", Figure.Rate(bulk), "50,000/s"),
            ];
        }
        finally
        {
            server.Kill(entireProcessTree: true);
            await server.WaitForExitAsync();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(double Megabytes, double Percent)> IdleAsync(Process server)
    {
        // Until then the runtime recompiles what the first seconds have run, which is not what an idle server does.
        await Task.Delay(TimeSpan.FromMinutes(2), TimeProvider.System);
        var span = TimeSpan.FromSeconds(20);
        server.Refresh();
        var before = server.TotalProcessorTime;
        await Task.Delay(span, TimeProvider.System);
        server.Refresh();
        return (server.WorkingSet64 / 1048576.0, (server.TotalProcessorTime - before) / span * 100);
    }

    private static async Task<double> SinglesAsync(HttpClient http)
    {
        await PostManyAsync(http, 4000);
        var clock = Stopwatch.StartNew();
        await PostManyAsync(http, Singles);
        return Singles / clock.Elapsed.TotalSeconds;
    }

    private static async Task PostManyAsync(HttpClient http, int count)
    {
        var left = count;
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(async _ =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                using var body = new StringContent("""{"path":"samples.add","params":{"a":1,"b":2}}""", Encoding.UTF8, "application/json");
                using var response = await http.PostAsync(new Uri("/api/jobs", UriKind.Relative), body);
                response.EnsureSuccessStatusCode();
            }
        }));
    }

    private static async Task<double> BulkAsync(HttpClient http)
    {
        var lines = string.Concat(Enumerable.Range(0, Bulk).Select(i => $$$"""{"path":"samples.add","params":{"a":{{{i}}},"b":2}}""" + "\n"));
        var rates = new List<double>();
        for (var run = 0; run < 3; run++)
        {
            using var body = new StringContent(lines, Encoding.UTF8, "application/x-ndjson");
            var clock = Stopwatch.StartNew();
            using var response = await http.PostAsync(new Uri("/api/jobs/bulk?ids=false", UriKind.Relative), body);
            response.EnsureSuccessStatusCode();
            rates.Add(Bulk / clock.Elapsed.TotalSeconds);
        }

        return Figure.Median(rates);
    }

    private static async Task WaitUntilReadyAsync(HttpClient http, Process server)
    {
        while (true)
        {
            try
            {
                using var response = await http.GetAsync(new Uri("/health/ready", UriKind.Relative));
                if (response.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (HttpRequestException) when (!server.HasExited)
            {
                // Not yet.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    // The server is built into the same configuration beside this program.
    private static string ServerPath()
    {
        var here = AppContext.BaseDirectory;
        var root = Path.GetFullPath(Path.Combine(here, "../../../../.."));
        var configuration = new DirectoryInfo(Path.Combine(here, "..")).Name;
        return Path.Combine(root, "Mrq.Server", "bin", configuration, "net10.0", "mrq.dll");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
