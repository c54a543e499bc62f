using Microsoft.Extensions.DependencyInjection;
using Mrq.Storage;
using Mrq.Storage.Mongo;
using Mrq.Tests.Contracts;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

/// <summary>The MongoDB adapters on a database of the test.</summary>
public sealed class MongoFamily(SharedMongoServer server) : StoreFamily
{
    private MongoOptions? _options;

    /// <summary>Name of the database, and of the stores towards the server.</summary>
    public string Name { get; } = $"mrq-test-{Guid.NewGuid():N}";

    public MongoOptions Options => _options ?? throw new InvalidOperationException("The server has not been started.");

    public override async ValueTask DisposeAsync() => await TestStores.DropAsync(Options);

    protected internal override async Task PrepareAsync()
    {
        var address = (await server.GetAsync()).Address;
        _options = new MongoOptions
        {
            ConnectionString = $"{address}{(address.Contains('?', StringComparison.Ordinal) ? '&' : '?')}appName={Name}",
            Database = Name,
            LogBytes = 16 << 20,
            // The clocks of the contracts stand in the past; the server's does not.
            ExpiryGrace = TimeSpan.FromDays(3650),
        };
    }

    protected internal override void Register(IServiceCollection services)
    {
        services.AddMongoStorage(Options);
        services.AddSingleton<IStorage>(provider => provider.GetRequiredService<MongoDatabase>());
    }
}
