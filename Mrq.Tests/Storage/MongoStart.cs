using Mrq.Storage;
using Mrq.Storage.Mongo;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

/// <summary>What the stores on MongoDB say and do at their start and their end.</summary>
public sealed class MongoStart(SharedMongoServer server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Several_processes_may_open_a_new_database_at_once()
    {
        var options = await OptionsAsync();
        var opened = Enumerable.Range(0, 4).Select(_ => new MongoDatabase(options, TimeProvider.System)).ToList();

        await Task.WhenAll(opened.Select(database => database.OpenAsync(Token)));

        Assert.Null(await opened[0].CheckAsync(Token));
        await opened[0].DropAsync(Token);
        foreach (var database in opened)
        {
            await database.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_server_that_goes_away_is_named_with_its_database()
    {
        var standIn = await MongoServer.StartStandInAsync();
        await using var database = new MongoDatabase(
            new MongoOptions { ConnectionString = standIn.Address + "?serverSelectionTimeoutMS=200" }, TimeProvider.System);
        await database.OpenAsync(Token);
        Assert.Null(await database.CheckAsync(Token));

        await standIn.DisposeAsync();

        Assert.StartsWith($"MongoDB 127.0.0.1:{new Uri(standIn.Address).Port}/mrq ", await database.CheckAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_an_error_at_the_start_and_the_next_start_may_succeed()
    {
        var standIn = await MongoServer.StartStandInAsync();
        await standIn.DisposeAsync();
        await using var database = new MongoDatabase(
            new MongoOptions { ConnectionString = standIn.Address + "?serverSelectionTimeoutMS=200" }, TimeProvider.System);

        var error = await Assert.ThrowsAsync<StorageUnavailableException>(() => database.OpenAsync(Token));

        Assert.Contains("cannot be reached", error.Message, StringComparison.Ordinal);
        await using var again = await MongoServer.StartStandInAsync("--port", $"{new Uri(standIn.Address).Port}");
        await database.OpenAsync(Token);
        Assert.Null(await database.CheckAsync(Token));
    }

    [Fact]
    public async Task What_has_not_been_opened_says_so()
    {
        await using var database = new MongoDatabase(await OptionsAsync(), TimeProvider.System);

        Assert.Equal("MongoDB has not been opened.", await database.CheckAsync(Token));
    }

    private async Task<MongoOptions> OptionsAsync() => new()
    {
        ConnectionString = (await server.GetAsync()).Address,
        Database = $"mrq-test-{Guid.NewGuid():N}",
        LogBytes = 1 << 20,
    };
}
