using Microsoft.Extensions.DependencyInjection;
using Mrq.Hosting;
using Mrq.Storage;
using Mrq.Tests.Support;

namespace Mrq.Tests.Engine;

/// <summary>What an application says of its stores, and what it is told when that cannot be.</summary>
public sealed class ChoosingTheStores
{
    private const string Redis = "redis://:secret@127.0.0.1:1/0";
    private const string Mongo = "mongodb://127.0.0.1:1/jobs?serverSelectionTimeoutMS=100";

    [Theory]
    [InlineData("", "Call UseSqlite(path) inside AddMrq, or UseRedis(address) and UseMongo(connectionString) together.")]
    [InlineData("redis", "Call UseMongo(connectionString) beside UseRedis.")]
    [InlineData("mongo", "Call UseRedis(address) beside UseMongo.")]
    [InlineData("sqlite redis", "Call either UseSqlite alone")]
    [InlineData("sqlite mongo", "Call either UseSqlite alone")]
    [InlineData("sqlite redis mongo", "Call either UseSqlite alone")]
    [InlineData("redis redis mongo", "twice")]
    [InlineData("sqlite sqlite", "twice")]
    public void Stores_that_do_not_go_together_are_refused(string stores, string expected)
    {
        var error = Assert.Throws<InvalidOperationException>(() => new ServiceCollection().AddMrq(mrq =>
        {
            foreach (var store in stores.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                _ = store switch
                {
                    "sqlite" => mrq.UseSqlite("mrq.db"),
                    "redis" => mrq.UseRedis(Redis),
                    _ => mrq.UseMongo(Mongo),
                };
            }
        }));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_address_that_cannot_be_used_is_refused_at_once_and_its_password_not_told()
    {
        FormatException Refused(Action<MrqBuilder> configure) => Assert.Throws<FormatException>(() => new ServiceCollection().AddMrq(configure));

        Assert.Contains("redis://", Refused(mrq => mrq.UseRedis("http://:secret@h")).Message, StringComparison.Ordinal);
        Assert.Contains("prefix 'a b'", Refused(mrq => mrq.UseRedis(Redis, o => o with { Prefix = "a b" })).Message, StringComparison.Ordinal);
        Assert.Contains("mongodb://", Refused(mrq => mrq.UseMongo("secret@h")).Message, StringComparison.Ordinal);
        Assert.Contains("write concern 0", Refused(mrq => mrq.UseMongo(Mongo, o => o with { WriteConcern = "0" })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_both_are_away_both_are_named_at_once()
    {
        await using var services = new ServiceCollection().AddLogging().AddMrq(mrq => mrq.UseRedis(Redis).UseMongo(Mongo)).BuildServiceProvider();
        var storage = services.GetRequiredService<IStorage>();

        var error = await Assert.ThrowsAsync<StorageUnavailableException>(() => storage.OpenAsync(TestContext.Current.CancellationToken));

        Assert.Collection(
            error.Message.Split(Environment.NewLine),
            line => Assert.StartsWith("Redis at 127.0.0.1:1 cannot be reached", line, StringComparison.Ordinal),
            line => Assert.StartsWith("MongoDB 127.0.0.1:1/jobs cannot be reached", line, StringComparison.Ordinal));
        Assert.DoesNotContain("secret", error.ToString() + storage.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_one_is_away_only_that_one_is_named()
    {
        await using var redis = await RedisServerProcess.StartAsync();
        await using var services = new ServiceCollection().AddLogging().AddMrq(mrq => mrq.UseRedis(redis.Address).UseMongo(Mongo)).BuildServiceProvider();

        var error = await Assert.ThrowsAsync<StorageUnavailableException>(
            () => services.GetRequiredService<IStorage>().OpenAsync(TestContext.Current.CancellationToken));

        Assert.StartsWith("MongoDB", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Environment.NewLine, error.Message, StringComparison.Ordinal);
    }
}
