using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Mrq.Storage.Redis;

namespace Mrq.Benchmarks;

/// <summary>Redis's own <c>redis-benchmark</c> sending the very commands that our queues send: what is left for us to gain.</summary>
internal static class RedisBenchmark
{
    private const int Ids = 200_000;

    /// <summary>12 characters, which it replaces by 12 digits: as long as an id.</summary>
    private const string RandomId = "__rand_int__";

    /// <summary>Puts ids that are all new into a queue, so many with each command.</summary>
    public static async Task<Figure> EnqueueAsync(RedisConnection connection, RedisAddress address, int size, int callers)
    {
        var what = $"the same {size} at a time by redis-benchmark, {callers} callers";
        var script = RedisQueueScripts.Enqueue.Text;
        var digest = (string?)await connection.RunAsync("script", database => database.ExecuteAsync("SCRIPT", "LOAD", script), CancellationToken.None) ?? "";
        var server = address.Endpoints[0];
        var keys = connection.Keys;
        string[] arguments =
        [
            "-h", server.Host, "-p", $"{server.Port}", "--dbnum", $"{address.Database}", "-r", "2000000000", "-n", $"{Ids / size}", "-c", $"{callers}", "--csv",
            "EVALSHA", digest, "2", $"{keys.Queued}", $"{keys.Names}",
            keys.Lists, RedisQueues.Queue.Value, "RPUSH", string.Concat(Enumerable.Repeat(RandomId, size)),
        ];
        try
        {
            using var process = Process.Start(new ProcessStartInfo("redis-benchmark", arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
            var lines = (await process.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            // "command","commands per second",…
            var perSecond = double.Parse(lines[^1].Split("\",\"")[1], CultureInfo.InvariantCulture);
            return new Figure(what, Figure.Rate(perSecond * size));
        }
        catch (Win32Exception)
        {
            return new Figure(what, "not there");
        }
    }
}
