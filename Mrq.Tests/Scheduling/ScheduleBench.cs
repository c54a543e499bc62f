using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Scheduling;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Tests.Support;

namespace Mrq.Tests.Scheduling;

/// <summary>An engine of which nothing runs by itself: a test says when its scheduler starts and looks, on a clock that stands.</summary>
internal sealed class ScheduleBench : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private ScheduleBench(ServiceProvider services) => _services = services;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public IScheduleStore Store => Get<IScheduleStore>();

    public ScheduleControl Control => Get<ScheduleControl>();

    /// <param name="config">What the file says, as JSON with a section <c>Mrq</c>; null: nothing.</param>
    public static async Task<ScheduleBench> OpenAsync(TestStores stores, FakeClock clock, Action<MrqBuilder>? configure = null, string? config = null)
    {
        var services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(clock);
        if (config is not null)
        {
            services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddJsonStream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(config))).Build());
        }

        services.AddMrq(mrq =>
        {
            stores.Use(mrq);
            mrq.AddTask<NoParams>("plain", (_, _, _) => Task.CompletedTask);
            mrq.AddTask<NoParams>("other", (_, _, _) => Task.CompletedTask);
            mrq.AddTask<NoParams>("brief", (_, _, _) => Task.CompletedTask, new TaskOptions { ResultTtl = TimeSpan.Zero });
            mrq.AddTask<TestTasks.AddParams>("add", (_, _, _) => Task.CompletedTask);
            configure?.Invoke(mrq);
        });
        var bench = new ScheduleBench(services.BuildServiceProvider());
        await bench.Get<IStorage>().OpenAsync(Token);
        return bench;
    }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>What a process does with its configuration at the start.</summary>
    public Task SyncAsync() => Get<ScheduleSync>().RunAsync(Get<ConfiguredSchedules>(), Token);

    /// <summary>What the leader does in one round.</summary>
    public async Task RunAsync(long fence = 1)
    {
        foreach (var entry in (await Store.ListAsync(Token)).Where(e => !e.Paused))
        {
            Assert.True(Occurrences.TryMake(entry.Schedule, out var occurrences, out _));
            await Get<DueSchedules>().RunAsync(entry, occurrences, fence, Token);
        }
    }

    public async Task<ScheduleEntry> EntryAsync() => Assert.Single(await Store.ListAsync(Token));

    /// <summary>All jobs, oldest first.</summary>
    public async Task<IReadOnlyList<Job>> JobsAsync() =>
        [.. (await Get<IJobQueries>().FindAsync(new JobFilter(), new JobPageRequest(Limit: 2000), Token)).Jobs.OrderBy(job => job.Id)];

    public async Task<int> CountAsync() => (await JobsAsync()).Count;

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
