using Mrq.Storage;
using Mrq.Storage.Mongo.Driver;
using Mrq.Tests.Support;

namespace Mrq.Tests.Storage;

/// <summary>MongoDB through its C driver.</summary>
public sealed class MongoClientSpec(SharedMongoServer server) : IAsyncLifetime
{
    private MongoTestDatabase? _database;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private MongoTestDatabase Database => _database ?? throw new InvalidOperationException("The test has not begun.");

    private MongoClient Client => Database.Client;

    public async ValueTask InitializeAsync() => _database = await MongoTestDatabase.OpenAsync(server);

    public ValueTask DisposeAsync() => Database.DisposeAsync();

    [Fact]
    public async Task Documents_come_back_as_they_were_inserted()
    {
        Action<BsonWriter> document = w => w.Int32("_id"u8, 1).String("text"u8, "世界 a\0b").Boolean("flag"u8, true).Null("none"u8)
            .BeginArray("list"u8).Double(default, 0.5).BeginDocument(default).End().End();

        var result = await Database.InsertAsync(document);

        Assert.Equal((1, 0), (result.Inserted, result.Errors.Count));
        var found = await Client.FindAsync(Database.Collection, BsonWriter.Document(w => w.Int32("_id"u8, 1)), default, d => d.ToArray(), Token);
        Assert.Equal(BsonWriter.Document(document), Assert.Single(found));
    }

    [Fact]
    public async Task A_long_result_comes_whole_and_in_order()
    {
        await Database.InsertAsync(Enumerable.Range(0, 5_000).Select<int, Action<BsonWriter>>(i => w => w.Int32("_id"u8, i).Int64("n"u8, i)));

        Assert.Equal(Enumerable.Range(0, 5_000).Select(i => (long)i), await Database.NumbersAsync("n"));
    }

    [Fact]
    public async Task Nothing_to_write_is_no_error()
    {
        Assert.Equal(MongoWriteResult.Nothing, await Database.InsertAsync());
        Assert.Equal(MongoWriteResult.Nothing, await Client.BulkWriteAsync(Database.Collection, new BulkWrites(isOrdered: false), Token));
    }

    [Fact]
    public async Task A_refused_document_is_told_by_its_place_and_its_index_and_all_others_are_inserted()
    {
        await Database.CreateIndexAsync("one_key", "key", isUnique: true);
        await Database.InsertAsync(w => w.Int32("_id"u8, 1).String("key"u8, "a"));

        var result = await Database.InsertAsync(
            isOrdered: false,
            w => w.Int32("_id"u8, 2).String("key"u8, "b"), w => w.Int32("_id"u8, 3).String("key"u8, "a"), w => w.Int32("_id"u8, 1).String("key"u8, "c"), w => w.Int32("_id"u8, 4).String("key"u8, "d"));

        Assert.Equal(2, result.Inserted);
        Assert.Equal([(1, "one_key"), (2, "_id_")], result.Errors.Select(error => (error.Place, error.Index ?? "")));
        Assert.Equal("one_key", Assert.Throws<MongoDuplicateKeyException>(result.OrThrow).Index);
        Assert.Equal([1, 2, 4], await Database.NumbersAsync("_id"));
    }

    [Fact]
    public async Task An_ordered_write_ends_with_the_first_that_is_refused()
    {
        var result = await Database.InsertAsync(w => w.Int32("_id"u8, 1), w => w.Int32("_id"u8, 1), w => w.Int32("_id"u8, 2));

        Assert.Equal((1, 1), (result.Inserted, Assert.Single(result.Errors).Place));
        Assert.Equal([1], await Database.NumbersAsync("_id"));
    }

    [Fact]
    public async Task Many_kinds_of_writes_go_together_and_are_counted()
    {
        await Database.InsertAsync(Enumerable.Range(1, 6).Select<int, Action<BsonWriter>>(i => w => w.Int32("_id"u8, i).Int32("n"u8, i)));
        var set = BsonWriter.Document(w => w.BeginDocument("$set"u8).Int32("n"u8, 9).End());

        var result = await Client.BulkWriteAsync(
            Database.Collection,
            new BulkWrites(isOrdered: true)
                .Insert(ById(7))
                .UpdateOne(ById(1), set)
                .UpdateOne(ById(8), set, isUpsert: true)
                .UpdateOne(ById(99), set)
                .UpdateMany(ById(2), set)
                .ReplaceOne(ById(3), BsonWriter.Document(w => w.Int32("n"u8, 30)))
                .DeleteOne(ById(4))
                .DeleteMany(BsonWriter.Document(w => w.BeginDocument("_id"u8).Int32("$gte"u8, 5).Int32("$lt"u8, 7).End())),
            Token);

        Assert.Equal(new { Inserted = 1, Matched = 3, Modified = 3, Deleted = 3, Upserted = 1 }, new { result.Inserted, result.Matched, result.Modified, result.Deleted, result.Upserted });
        Assert.Equal([9, 9, 30, -1, 9], await Database.NumbersAsync("n"));
    }

    [Fact]
    public async Task A_guarded_update_that_finds_another_state_changes_nothing()
    {
        await Database.InsertAsync(w => w.Int32("_id"u8, 1).String("status"u8, "started"));
        var guarded = BsonWriter.Document(w => w.Int32("_id"u8, 1).String("status"u8, "queued"));

        var result = await Client.BulkWriteAsync(
            Database.Collection, new BulkWrites(isOrdered: false).UpdateOne(guarded, BsonWriter.Document(w => w.BeginDocument("$set"u8).Int32("n"u8, 9).End())), Token);

        Assert.Equal((0, 0), (result.Matched, result.Modified));
    }

    [Fact]
    public async Task A_pipeline_gives_its_documents()
    {
        await Database.InsertAsync(Enumerable.Range(0, 10).Select<int, Action<BsonWriter>>(i => w => w.Int32("_id"u8, i).Int32("group"u8, i % 3)));

        var counts = await Client.AggregateAsync(
            Database.Collection,
            BsonWriter.Document(w =>
            {
                w.BeginArray("pipeline"u8);
                w.BeginDocument(default).BeginDocument("$group"u8).String("_id"u8, "$group").BeginDocument("n"u8).Int32("$sum"u8, 1).End().End().End();
                w.BeginDocument(default).BeginDocument("$sort"u8).Int32("_id"u8, 1).End().End();
                w.End();
            }),
            document => BsonReader.TryFind(document, "n"u8, out var n) ? n.GetInt32() : -1,
            Token);

        Assert.Equal([4, 3, 3], counts);
    }

    [Fact]
    public async Task An_error_of_the_server_keeps_its_code_and_words()
    {
        var error = await Assert.ThrowsAsync<MongoServerException>(() =>
            Client.ReadCommandAsync(Database.Collection.Database, BsonWriter.Document(w => w.Int32("frob"u8, 1)), Token));

        Assert.Equal(59, error.Code);
        Assert.Contains("frob", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<MongoServerException>(() => Database.NumbersAsync("n", w => w.BeginDocument("a"u8).Int32("$frob"u8, 1).End()));
    }

    [Fact]
    public async Task A_duplicate_key_in_a_command_names_its_index()
    {
        await Database.InsertAsync(w => w.Int32("_id"u8, 1));
        await Database.CreateIndexAsync("one_key", "key", isUnique: true);
        await Database.InsertAsync(w => w.Int32("_id"u8, 2).Int32("key"u8, 5));

        var error = await Assert.ThrowsAsync<MongoDuplicateKeyException>(() => Client.WriteCommandAsync(
            Database.Collection.Database,
            BsonWriter.Document(w => w.String("findAndModify"u8, "c").BeginDocument("query"u8).Int32("_id"u8, 1).End()
                .BeginDocument("update"u8).BeginDocument("$set"u8).Int32("key"u8, 5).End().End()),
            Token));

        Assert.Equal("one_key", error.Index);
    }

    [Fact]
    public async Task Many_callers_at_once_are_all_served()
    {
        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => Database.InsertAsync(w => w.Int32("_id"u8, i).Int32("n"u8, i))));

        Assert.Equal(300, (await Database.NumbersAsync("n")).Count);
    }

    [Fact]
    public async Task A_closed_client_says_so()
    {
        await using var other = await MongoTestDatabase.OpenAsync(server);
        await other.InsertAsync(w => w.Int32("_id"u8, 1));

        await other.Client.DisposeAsync();

        await Assert.ThrowsAsync<StorageUnavailableException>(() => other.NumbersAsync("_id"));
    }

    private static byte[] ById(int id) => BsonWriter.Document(w => w.Int32("_id"u8, id));
}
