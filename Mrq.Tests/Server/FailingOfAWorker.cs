using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Mrq.Scheduling;
using Mrq.Server.Configuration;
using Mrq.Server.Hosting;
using Mrq.Server.Processes;
using Mrq.Storage;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Server;

/// <summary>A fault of MRQ's own ends a worker: whoever started its process has to see that it did not end well.</summary>
public abstract class FailingOfAWorker(StorePair pair)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_process_ends_with_exit_code_1()
    {
        await using var stores = await TestStores.MakeAsync(pair);
        // With the scheduler off workers are the only ones that subscribe.
        var faults = new FaultyStores(nameof(ICoordination.Subscribe), isFatal: false, onlyPort: typeof(ICoordination));
        using var host = MrqWorkerApp.Build(SettingsFor(stores), services =>
        {
            services.PostConfigure<SchedulerOptions>(o => o.Enabled = false);
            faults.Decorate(services);
            FaultyStores.DecorateAll(services);
        });

        Assert.Equal(1, await RunAsync(host));
        Assert.True(host.Services.GetRequiredService<WorkerShutdown>().HasFailed);
    }

    [Fact]
    public async Task One_whose_workers_have_nothing_left_to_do_ends_with_0()
    {
        await using var stores = await TestStores.MakeAsync(pair);
        using var host = MrqWorkerApp.Build(SettingsFor(stores).WithWorker(w => w.DequeueStrategy = DequeueStrategy.Burst));

        Assert.Equal(0, await RunAsync(host));
    }

    private static ServerSettings SettingsFor(TestStores stores) =>
        stores.Use(new ServerSettings { Tasks = "no-tasks", Samples = false, LogLevel = LogLevel.None });

    private static Task<int> RunAsync(IHost host) =>
        HostedProcess.RunAsync(host, ManagedProcess.Alone, () => "").WaitAsync(TestEngine.Patience, Token);
}

public sealed class FailingOfAWorkerOnSqlite() : FailingOfAWorker(StorePair.Sqlite);

public sealed class FailingOfAWorkerOnRedisAndMongo() : FailingOfAWorker(StorePair.RedisAndMongo);
