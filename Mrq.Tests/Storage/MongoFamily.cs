using Microsoft.Extensions.DependencyInjection;
using Mrq.Storage;
using Mrq.Storage.Mongo;
using Mrq.Tests.Contracts;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

/// <summary>The MongoDB adapters on a database of the test.</summary>
public sealed class MongoFamily(SharedMongoServer server) : StoreFamily
{
    private readonly string _database = $"mrq-test-{Guid.NewGuid():N}";
    private MongoOptions? _options;

    private MongoOptions Options => _options ?? throw new InvalidOperationException("The server has not been started.");

    public override async ValueTask DisposeAsync() => await TestStores.DropAsync(Options);

    protected internal override async Task PrepareAsync() =>
        _options = new MongoOptions
        {
            ConnectionString = (await server.GetAsync()).Address,
            Database = _database,
            LogBytes = 16 << 20,
            // The clocks of the contracts stand in the past; the server's does not.
            ExpiryGrace = TimeSpan.FromDays(3650),
        };

    protected internal override void Register(IServiceCollection services)
    {
        services.AddMongoStorage(Options);
        services.AddSingleton<IStorage>(provider => provider.GetRequiredService<MongoDatabase>());
    }
}
