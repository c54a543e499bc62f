using Mrq.Hosting;
using Mrq.Tests.Support;
using Mrq.Workers;

namespace Mrq.Tests.Engine;

/// <summary>What holds for the engine whatever it runs on: each test has stores of its own, which all its engines share as processes do.</summary>
public abstract class EngineSpec(StorePair pair) : IAsyncLifetime
{
    private TestStores? _stores;

    private protected TestStores Stores => _stores ?? throw new InvalidOperationException("No test runs.");

    public virtual async ValueTask InitializeAsync() => _stores = await TestStores.MakeAsync(pair);

    public virtual async ValueTask DisposeAsync()
    {
        await Stores.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc cref="TestEngine.StartAsync"/>
    private protected Task<TestEngine> StartEngineAsync(Action<MrqBuilder> configure, Action<WorkerOptions>? worker = null, bool workers = true) =>
        TestEngine.StartAsync(configure, worker, workers, stores: Stores);
}
