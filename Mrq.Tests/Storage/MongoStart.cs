using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Mrq.Storage;
using Mrq.Storage.Mongo;
using Mrq.Storage.Mongo.Driver;
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
        var opened = Enumerable.Range(0, 4).Select(_ => new MongoDatabase(options, TimeProvider.System, NullLogger<MongoDatabase>.Instance)).ToList();

        await Task.WhenAll(opened.Select(database => database.OpenAsync(Token)));

        Assert.Empty(await opened[0].CheckAsync(Token));
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
            new MongoOptions { ConnectionString = standIn.Address + "?serverSelectionTimeoutMS=200" }, TimeProvider.System, NullLogger<MongoDatabase>.Instance);
        await database.OpenAsync(Token);
        Assert.Empty(await database.CheckAsync(Token));

        await standIn.DisposeAsync();

        Assert.StartsWith($"MongoDB 127.0.0.1:{new Uri(standIn.Address).Port}/mrq ", Assert.Single(await database.CheckAsync(Token)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_an_error_at_the_start_and_the_next_start_may_succeed()
    {
        var standIn = await MongoServer.StartStandInAsync();
        await standIn.DisposeAsync();
        await using var database = new MongoDatabase(
            new MongoOptions { ConnectionString = standIn.Address + "?serverSelectionTimeoutMS=200" }, TimeProvider.System, NullLogger<MongoDatabase>.Instance);

        var error = await Assert.ThrowsAsync<StorageUnavailableException>(() => database.OpenAsync(Token));

        Assert.Contains("cannot be reached", error.Message, StringComparison.Ordinal);
        await using var again = await MongoServer.StartStandInAsync("--port", $"{new Uri(standIn.Address).Port}");
        await database.OpenAsync(Token);
        Assert.Empty(await database.CheckAsync(Token));
    }

    [Fact]
    public async Task What_has_not_been_opened_says_so()
    {
        await using var database = new MongoDatabase(await OptionsAsync(), TimeProvider.System, NullLogger<MongoDatabase>.Instance);

        Assert.Equal("MongoDB has not been opened.", Assert.Single(await database.CheckAsync(Token)).Reason);
    }

    [Fact]
    public async Task Nobody_listens()
    {
        var standIn = await MongoServer.StartStandInAsync();
        await standIn.DisposeAsync();

        var error = await FailsAsync(standIn.Address);

        Assert.Contains("cannot be reached", error, StringComparison.Ordinal);
        Assert.DoesNotContain("Something listens", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_program_listens()
    {
        await using var redis = await RedisServerProcess.StartAsync();

        Assert.Contains($"Something listens at 127.0.0.1:{redis.Port}: it may be another program", await FailsAsync($"mongodb://127.0.0.1:{redis.Port}/"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mongodb://", "The MongoDB connection string is wrong")]
    [InlineData("mongodb://me:sec/ret@h/", "are written as %40")]
    [InlineData("mongodb://h/?tls=true&tlsCAFile=no-such.pem", "The file no-such.pem, which the MongoDB connection string names as tlsCAFile, is not there")]
    [InlineData("mongodb://h/?w=0", "without an answer MRQ cannot know")]
    public async Task The_connection_string_is_wrong(string text, string expected)
    {
        var error = await FailsAsync(text);

        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.DoesNotContain("sec", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task User_or_password_is_wrong()
    {
        await using var standIn = await MongoServer.StartStandInAsync();

        var error = await FailsAsync(standIn.Address.Replace("//", "//me:secret@", StringComparison.Ordinal));

        Assert.Contains("does not accept user and password", error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_server_is_too_old()
    {
        await using var standIn = await MongoServer.StartStandInAsync("--max-wire-version", "5");

        Assert.Contains("it needs 3.6 or later", await FailsAsync(standIn.Address), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_left_alone()
    {
        await using var standIn = await MongoServer.StartStandInAsync();
        await using var client = MongoClient.Open(new MongoSettings { ConnectionString = standIn.Address });
        var counters = new MongoNamespace("mrq", "mrq_counters");
        var result = await client.InsertManyAsync(counters, BsonWriter.Document(w => w.String("_id"u8, "schema").Int32("value"u8, 999)), isOrdered: true, Token);
        Assert.Equal(1, result.Inserted);

        Assert.Contains("was written by a newer MRQ (schema 999", await FailsAsync(standIn.Address), StringComparison.Ordinal);

        Assert.Equal([999L], await client.FindAsync(counters, BsonWriter.Document(_ => { }), default, d => BsonReader.TryFind(d, "value"u8, out var value) ? value.GetInt64() : 0, Token));
    }

    [Fact]
    public async Task What_is_opened_to_be_read_must_have_our_schema_and_is_given_none()
    {
        await using var standIn = await MongoServer.StartStandInAsync();
        var options = new MongoOptions { ConnectionString = standIn.Address };
        await using var database = new MongoDatabase(options, TimeProvider.System, NullLogger<MongoDatabase>.Instance);

        var error = await Assert.ThrowsAsync<StorageUnavailableException>(() => database.OpenToReadAsync(Token));

        Assert.Contains("no schema of MRQ", error.Message, StringComparison.Ordinal);
        await using var client = MongoClient.Open(new MongoSettings { ConnectionString = standIn.Address });
        var listed = await client.ReadCommandAsync("mrq", BsonWriter.Document(w => w.Int32("listCollections"u8, 1)), Token);
        Assert.DoesNotContain("mrq_", System.Text.Encoding.UTF8.GetString(listed), StringComparison.Ordinal);
        await using var writer = new MongoDatabase(options, TimeProvider.System, NullLogger<MongoDatabase>.Instance);
        await writer.OpenAsync(Token);
        await database.OpenToReadAsync(Token);
        Assert.Empty(await new MongoWorkerStore(database).ListAsync(Token));
    }

    [Theory]
    [InlineData("", null, -3)]
    [InlineData("?w=majority", null, -3)]
    [InlineData("?w=2&wtimeoutMS=100", null, 2)]
    [InlineData("?w=2", "majority", -3)]
    [InlineData("?w=majority", "1", 1)]
    [InlineData("?w=0", "1", 1)]
    [InlineData("", "tag", -4)]
    public void Writes_count_when_a_majority_has_them_unless_something_else_is_said(string options, string? wanted, int expected)
    {
        using var connection = MongoConnection.Open(new MongoSettings { ConnectionString = $"mongodb://127.0.0.1:1/{options}", WriteConcern = wanted });

        Assert.Equal(expected, connection.WriteConcern);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?readPreference=secondaryPreferred")]
    [InlineData("?readPreference=nearest&readPreferenceTags=dc:ny")]
    public void Reads_go_to_the_primary_whatever_else_is_said(string options)
    {
        using var connection = MongoConnection.Open(new MongoSettings { ConnectionString = $"mongodb://127.0.0.1:1/{options}" });

        Assert.True(connection.ReadsFromPrimary);
    }

    [Fact]
    public async Task More_members_than_there_are_cannot_be_asked_for()
    {
        await using var standIn = await MongoServer.StartStandInAsync("--replset", "rs");

        Assert.Contains("Not enough data-bearing nodes", await FailsAsync(standIn.Address, o => o with { WriteConcern = "2" }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(LogLevel.Warning, "is no replica set")]
    [InlineData(LogLevel.Critical, "writes no journal", "--replset", "rs", "--no-journal")]
    [InlineData(LogLevel.Critical, "in memory only", "--replset", "rs", "--engine", "inMemory")]
    [InlineData(null, "", "--replset", "rs")]
    public async Task A_server_that_may_lose_what_it_has_confirmed_is_warned_of(LogLevel? level, string expected, params string[] server)
    {
        await using var standIn = await MongoServer.StartStandInAsync(server);
        var log = new CollectedLog<MongoDatabase>();
        await using var database = new MongoDatabase(new MongoOptions { ConnectionString = standIn.Address }, TimeProvider.System, log);

        await database.OpenAsync(Token);

        Assert.Equal(level is null ? [] : [level.Value], log.Lines.Select(line => line.Level));
        Assert.All(log.Lines, line => Assert.Contains(expected, line.Text, StringComparison.Ordinal));
    }

    private static async Task<string> FailsAsync(string address, Func<MongoOptions, MongoOptions>? change = null)
    {
        var separator = address.Contains('?', StringComparison.Ordinal) ? "&" : address.AsSpan().Count('/') > 2 ? "?" : "/?";
        var options = new MongoOptions { ConnectionString = $"{address}{separator}serverSelectionTimeoutMS=300" };
        await using var database = new MongoDatabase(change?.Invoke(options) ?? options, TimeProvider.System, NullLogger<MongoDatabase>.Instance);
        var error = (await Assert.ThrowsAsync<StorageUnavailableException>(() => database.OpenAsync(Token))).Message;
        TestContext.Current.TestOutputHelper?.WriteLine(error);
        return error;
    }

    private async Task<MongoOptions> OptionsAsync() => new()
    {
        ConnectionString = (await server.GetAsync()).Address,
        Database = $"mrq-test-{Guid.NewGuid():N}",
        LogBytes = 1 << 20,
    };
}
