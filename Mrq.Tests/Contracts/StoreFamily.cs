using Microsoft.Extensions.DependencyInjection;
using Mrq.Storage;
using Mrq.Tests.Support;

namespace Mrq.Tests.Contracts;

/// <summary>One family of adapters over data of its own, which the test leaves nothing of.</summary>
public abstract class StoreFamily : IAsyncDisposable
{
    /// <summary>Opens the stores as one more process would: each call gives a set of its own over the same data.</summary>
    public async Task<Stores> OpenAsync(FakeClock clock)
    {
        await PrepareAsync();
        var services = new ServiceCollection().AddLogging().AddSingleton<TimeProvider>(clock);
        Register(services);
        var stores = new Stores(services.BuildServiceProvider());
        await stores.Storage.OpenAsync(TestContext.Current.CancellationToken);
        return stores;
    }

    /// <summary>Removes the data.</summary>
    public abstract ValueTask DisposeAsync();

    /// <summary>Sees that the server is there, where there is one.</summary>
    protected internal virtual Task PrepareAsync() => Task.CompletedTask;

    protected internal abstract void Register(IServiceCollection services);
}

/// <summary>All ports of one process.</summary>
public sealed class Stores(ServiceProvider services) : IAsyncDisposable
{
    public IStorage Storage => services.GetRequiredService<IStorage>();

    public IQueueStore Queues => services.GetRequiredService<IQueueStore>();

    public IRawQueueStore RawQueues => services.GetRequiredService<IRawQueueStore>();

    public IRawQueueContents RawContents => services.GetRequiredService<IRawQueueContents>();

    public IJobStore Jobs => services.GetRequiredService<IJobStore>();

    public IJobQueries Queries => services.GetRequiredService<IJobQueries>();

    public IBatchStore Batches => services.GetRequiredService<IBatchStore>();

    public IJobLogStore Logs => services.GetRequiredService<IJobLogStore>();

    public IWorkerStore Workers => services.GetRequiredService<IWorkerStore>();

    public IAuditStore Audit => services.GetRequiredService<IAuditStore>();

    public IScheduleStore Schedules => services.GetRequiredService<IScheduleStore>();

    public ICoordination Coordination => services.GetRequiredService<ICoordination>();

    public ValueTask DisposeAsync() => services.DisposeAsync();
}
