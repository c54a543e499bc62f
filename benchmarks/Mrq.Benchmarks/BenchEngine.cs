using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;

namespace Mrq.Benchmarks;

/// <summary>An engine on a SQLite file in the temp folder, deleted at the end, or on Redis and MongoDB.</summary>
internal sealed class BenchEngine : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly string _folder;

    private BenchEngine(IHost host, string folder) => (_host, _folder) = (host, folder);

    public T Get<T>()
        where T : notnull => _host.Services.GetRequiredService<T>();

    /// <summary>Redis and MongoDB for the cluster's figures: <c>MRQ_BENCH_REDIS</c> and <c>MRQ_BENCH_MONGODB</c>; null: not both are named.</summary>
    public static (string Redis, string Mongo)? Cluster =>
        Environment.GetEnvironmentVariable("MRQ_BENCH_REDIS") is { Length: > 0 } redis
        && Environment.GetEnvironmentVariable("MRQ_BENCH_MONGODB") is { Length: > 0 } mongo ? (redis, mongo) : null;

    /// <param name="cluster">True: on <see cref="Cluster"/>, under a prefix and in a database of its own, which stay there. False: on a SQLite file.</param>
    public static async Task<BenchEngine> StartAsync(Action<MrqBuilder> configure, bool cluster = false)
    {
        var folder = Directory.CreateTempSubdirectory("mrq-bench-").FullName;
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddMrq(mrq =>
        {
            if (cluster && Cluster is { } stores)
            {
                var name = $"mrq-bench-{Guid.NewGuid():N}";
                mrq.UseRedis(stores.Redis, o => o with { Prefix = $"{{{name}}}" }).UseMongo(stores.Mongo, o => o with { Database = name });
            }
            else
            {
                mrq.UseSqlite(Path.Combine(folder, "mrq.db"));
            }

            configure(mrq);
        });
        var host = builder.Build();
        await host.StartAsync();
        return new BenchEngine(host, folder);
    }

    public async Task EnqueueAsync(string path, int count, int batch)
    {
        var client = Get<JobClient>();
        for (var from = 0; from < count; from += batch)
        {
            var requests = new JobRequest[Math.Min(batch, count - from)];
            for (var i = 0; i < requests.Length; i++)
            {
                requests[i] = new JobRequest { Path = path, Params = $$"""{"a":{{from + i}},"b":1}""" };
            }

            await client.EnqueueManyAsync(requests, CancellationToken.None);
        }
    }

    public Task PauseAsync(bool paused) => Get<QueueControl>().SetPausedAsync(QueueName.Default, paused, CancellationToken.None);

    public async Task<long> CountAsync(JobStatus status) =>
        (await Get<IJobQueries>().CountsAsync(CancellationToken.None)).Where(c => c.Status == status).Sum(c => c.Count);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
