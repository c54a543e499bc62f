using Mrq.Storage;
using Mrq.Storage.Mongo.Driver;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

/// <summary>What a caller learns, and what has happened to the data, when the way to MongoDB breaks.</summary>
public sealed class MongoFaults(SharedMongoServer server)
{
    private const int NotWritablePrimary = 10107;
    private const int Unauthorized = 13;
    private const int MaxTimeExpired = 50;
    private const int WriteConcernFailed = 64;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static void NotConfirmed(BsonWriter failure) => failure
        .BeginDocument("writeConcernError"u8).Int32("code"u8, WriteConcernFailed).String("errmsg"u8, "waiting for replication timed out").End();

    [Fact]
    public async Task A_write_whose_connection_breaks_is_repeated()
    {
        await using var database = await MongoTestDatabase.OpenAsync(server);
        await database.FailNextAsync("insert", times: 1, w => w.Boolean("closeConnection"u8, true));

        Assert.Equal(1, (await database.InsertAsync(w => w.Int32("_id"u8, 1))).Inserted);
    }

    [Fact]
    public async Task A_write_whose_answer_is_lost_is_done_once()
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable(MongoServer.Variable) is { Length: > 0 }, "Only the stand-in can lose an answer.");
        await using var database = await MongoTestDatabase.OpenAsync(server);
        await database.InsertAsync(w => w.Int32("_id"u8, 1).Int32("n"u8, 0));
        await database.FailNextAsync("update", times: 1, w => w.Boolean("closeConnection"u8, true).Boolean("executeFirst"u8, true));

        var result = await IncreaseAsync(database);

        Assert.Equal(1, result.Modified);
        Assert.Equal([1], await database.NumbersAsync("n"));
    }

    [Fact]
    public async Task A_findAndModify_whose_connection_breaks_is_repeated()
    {
        await using var database = await MongoTestDatabase.OpenAsync(server);
        await database.InsertAsync(w => w.Int32("_id"u8, 1).Int32("n"u8, 0));
        await database.FailNextAsync("findAndModify", times: 1, w => w.Boolean("closeConnection"u8, true));

        await database.Client.WriteCommandAsync(
            database.Collection.Database,
            BsonWriter.Document(w => w.String("findAndModify"u8, "c").BeginDocument("query"u8).Int32("_id"u8, 1).End()
                .BeginDocument("update"u8).BeginDocument("$inc"u8).Int32("n"u8, 1).End().End()),
            Token);

        Assert.Equal([1], await database.NumbersAsync("n"));
    }

    [Fact]
    public async Task A_write_that_breaks_again_has_an_unknown_outcome()
    {
        await using var database = await MongoTestDatabase.OpenAsync(server);
        await database.FailNextAsync("insert", times: 2, w => w.Boolean("closeConnection"u8, true));

        await Assert.ThrowsAsync<MongoUnknownOutcomeException>(() => database.InsertAsync(w => w.Int32("_id"u8, 1)));

        Assert.Equal(1, (await database.InsertAsync(w => w.Int32("_id"u8, 1))).Inserted);
    }

    [Fact]
    public async Task A_read_whose_connection_breaks_is_repeated()
    {
        await using var database = await MongoTestDatabase.OpenAsync(server);
        await database.InsertAsync(w => w.Int32("_id"u8, 1));
        await database.FailNextAsync("find", times: 1, w => w.Boolean("closeConnection"u8, true));

        Assert.Equal([1], await database.NumbersAsync("_id"));
    }

    [Fact]
    public async Task A_server_that_is_no_longer_the_primary_has_not_begun()
    {
        await using var database = await MongoTestDatabase.OpenAsync(server);
        await database.FailNextAsync(
            "insert", times: 2, w => w.Int32("errorCode"u8, NotWritablePrimary).BeginArray("errorLabels"u8).String(default, "RetryableWriteError").End());

        await Assert.ThrowsAsync<MongoNotSentException>(() => database.InsertAsync(w => w.Int32("_id"u8, 1)));

        Assert.Equal(1, (await database.InsertAsync(w => w.Int32("_id"u8, 1))).Inserted);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(89)]
    [InlineData(9001)]
    public async Task A_router_that_lost_its_members_leaves_the_outcome_unknown(int code)
    {
        await using var database = await MongoTestDatabase.OpenAsync(server);
        await database.FailNextAsync("insert", times: 2, w => w.Int32("errorCode"u8, code));

        await Assert.ThrowsAsync<MongoUnknownOutcomeException>(() => database.InsertAsync(w => w.Int32("_id"u8, 1)));
    }

    [Fact]
    public async Task A_write_that_too_few_members_have_confirmed_is_no_refusal()
    {
        await using var database = await MongoTestDatabase.OpenAsync(server);
        await database.FailNextAsync("insert", times: 2, NotConfirmed);

        var first = await Assert.ThrowsAsync<MongoUnconfirmedException>(() => database.InsertAsync(w => w.Int32("_id"u8, 1)));
        // Also when parts of it are refused.
        await Assert.ThrowsAsync<MongoUnconfirmedException>(() => database.InsertAsync(w => w.Int32("_id"u8, 1)));

        Assert.Contains("waiting for replication timed out", first.Message, StringComparison.Ordinal);
        Assert.Equal([1], await database.NumbersAsync("_id"));
    }

    [Fact]
    public async Task A_command_that_too_few_members_have_confirmed_is_no_refusal()
    {
        await using var database = await MongoTestDatabase.OpenAsync(server);
        await database.FailNextAsync("findAndModify", times: 1, NotConfirmed);

        await Assert.ThrowsAsync<MongoUnconfirmedException>(() => database.Client.WriteCommandAsync(
            database.Collection.Database,
            BsonWriter.Document(w => w.String("findAndModify"u8, "c").BeginDocument("query"u8).Int32("_id"u8, 1).End().Boolean("remove"u8, true)),
            Token));
    }

    [Fact]
    public async Task A_refusal_is_told_with_its_code_and_not_repeated()
    {
        await using var database = await MongoTestDatabase.OpenAsync(server);
        await database.FailNextAsync("insert", times: 1, w => w.Int32("errorCode"u8, Unauthorized));

        var error = await Assert.ThrowsAsync<MongoServerException>(() => database.InsertAsync(w => w.Int32("_id"u8, 1)));

        Assert.Equal((Unauthorized, false), (error.Code, error.IsTimeout));
    }

    [Fact]
    public async Task A_query_that_the_server_gives_up_is_a_timeout()
    {
        await using var database = await MongoTestDatabase.OpenAsync(server);
        await database.FailNextAsync("find", times: 1, w => w.Int32("errorCode"u8, MaxTimeExpired));

        Assert.True((await Assert.ThrowsAsync<MongoServerException>(() => database.NumbersAsync("_id"))).IsTimeout);
    }

    [Fact]
    public async Task An_answer_that_does_not_come_in_time_leaves_the_outcome_unknown()
    {
        await using var database = await MongoTestDatabase.OpenAsync(server, "&socketTimeoutMS=150");
        await database.FailNextAsync("insert", times: 2, w => w.Boolean("blockConnection"u8, true).Int32("blockTimeMS"u8, 60_000));

        await Assert.ThrowsAsync<MongoUnknownOutcomeException>(() => database.InsertAsync(w => w.Int32("_id"u8, 1)));
    }

    [Fact]
    public async Task A_server_that_is_not_there_was_sent_nothing()
    {
        var gone = await MongoServer.StartStandInAsync();
        await gone.DisposeAsync();
        await using var client = MongoClient.Open(new MongoSettings { ConnectionString = gone.Address, ServerSelectionTimeout = TimeSpan.FromMilliseconds(200) });

        await Assert.ThrowsAsync<MongoNotSentException>(() => client.ReadCommandAsync("admin", BsonWriter.Document(w => w.Int32("ping"u8, 1)), Token));
    }

    [Fact]
    public async Task A_server_that_was_away_is_used_again()
    {
        var first = await MongoServer.StartStandInAsync();
        await using var client = MongoClient.Open(new MongoSettings { ConnectionString = first.Address, ServerSelectionTimeout = TimeSpan.FromMinutes(1) });
        var ping = BsonWriter.Document(w => w.Int32("ping"u8, 1));
        await client.ReadCommandAsync("admin", ping, Token);

        await first.DisposeAsync();
        await using var second = await MongoServer.StartStandInAsync("--port", $"{new Uri(first.Address).Port}");

        await client.ReadCommandAsync("admin", ping, Token);
    }

    [Theory]
    [InlineData("http://x")]
    [InlineData("")]
    [InlineData("mongodb://host:99999/")]
    public void A_wrong_connection_string_is_named(string text) =>
        Assert.Contains("connection string is wrong", Refused(text), StringComparison.Ordinal);

    [Fact]
    public void A_certificate_file_that_is_not_there_is_named() =>
        Assert.Contains("/nowhere/ca.pem", Refused("mongodb://127.0.0.1/?tls=true&tlsCAFile=/nowhere/ca.pem"), StringComparison.Ordinal);

    [Fact]
    public void A_missing_library_is_one_error_that_says_what_to_install()
    {
        var error = Assert.Throws<StorageUnavailableException>(() => MongocLibrary.LoadFirst(["libmrq-is-not-there.so.0"]));

        Assert.Contains("apt-get install libmongoc-1.0-0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Servers_are_named_without_user_and_password()
    {
        await using var client = MongoClient.Open(new MongoSettings { ConnectionString = "mongodb://ann:secret@a:1,b:2/jobs?authSource=admin&replicaSet=rs" });

        Assert.Equal(("a:1,b:2", "jobs"), (client.Servers, client.Database));
    }

    private static string Refused(string connectionString) =>
        Assert.Throws<StorageUnavailableException>(() => MongoClient.Open(new MongoSettings { ConnectionString = connectionString })).Message;

    private static Task<MongoWriteResult> IncreaseAsync(MongoTestDatabase database) => database.Client.BulkWriteAsync(
        database.Collection,
        new BulkWrites(isOrdered: true).UpdateOne(
            BsonWriter.Document(w => w.Int32("_id"u8, 1)), BsonWriter.Document(w => w.BeginDocument("$inc"u8).Int32("n"u8, 1).End())),
        Token);
}
