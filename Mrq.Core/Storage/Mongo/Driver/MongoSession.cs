using System.Runtime.InteropServices;
using System.Text;

namespace Mrq.Storage.Mongo.Driver;

/// <summary>One connection out of the pool, for one thread and one operation. Its calls block.</summary>
internal sealed unsafe class MongoSession(MongocPool pool) : IDisposable
{
    private static readonly byte[] Unordered = BsonWriter.Document(w => w.Boolean("ordered"u8, false));
    private static readonly byte[] Upsert = BsonWriter.Document(w => w.Boolean("upsert"u8, true));

    private readonly nint _client = Mongoc.mongoc_client_pool_pop(pool);

    private delegate nint OpenCursor(nint collection, nint filter, nint options);

    public byte[] Command(string database, ReadOnlySpan<byte> command, bool isWrite)
    {
        using var documents = new NativeDocuments(2);
        var reply = documents.Reply();
        MongocError error;
        fixed (byte* commandBytes = command, name = Encoding.UTF8.GetBytes(database + '\0'))
        {
            try
            {
                var view = documents.View(commandBytes, command.Length);
                var isDone = isWrite
                    ? Mongoc.mongoc_client_write_command_with_opts(_client, name, view, 0, reply, &error)
                    : Mongoc.mongoc_client_read_command_with_opts(_client, name, view, 0, 0, reply, &error);
                return isDone ? NativeDocuments.BytesOf(reply).ToArray() : throw MongoReplies.ToException(error);
            }
            finally
            {
                Mongoc.bson_destroy(reply);
            }
        }
    }

    public MongoWriteResult InsertMany(MongoNamespace collection, ReadOnlySpan<byte> documents, bool isOrdered)
    {
        var count = CountOf(documents);
        using var native = new NativeDocuments(count + 2);
        var views = (nint*)NativeMemory.Alloc((nuint)count, (nuint)sizeof(nint));
        var reply = native.Reply();
        MongocError error;
        fixed (byte* bytes = documents, options = Unordered)
        {
            var opened = Open(collection);
            try
            {
                for (int i = 0, at = 0; i < count; i++)
                {
                    var length = MemoryMarshal.Read<int>(documents[at..]);
                    views[i] = native.View(bytes + at, length);
                    at += length;
                }

                var isDone = Mongoc.mongoc_collection_insert_many(
                    opened, views, (nuint)count, isOrdered ? 0 : native.View(options, Unordered.Length), reply, &error);
                return MongoReplies.ReadWrite(isDone, error, NativeDocuments.BytesOf(reply));
            }
            finally
            {
                Mongoc.bson_destroy(reply);
                Mongoc.mongoc_collection_destroy(opened);
                NativeMemory.Free(views);
            }
        }
    }

    public MongoWriteResult BulkWrite(MongoNamespace collection, BulkWrites writes)
    {
        using var native = new NativeDocuments(2);
        var reply = native.Reply();
        MongocError error;
        fixed (byte* options = Unordered)
        {
            var opened = Open(collection);
            var bulk = Mongoc.mongoc_collection_create_bulk_operation_with_opts(
                opened, writes.IsOrdered ? 0 : native.View(options, Unordered.Length));
            try
            {
                AddParts(bulk, writes);
                var isDone = Mongoc.mongoc_bulk_operation_execute(bulk, reply, &error) != 0;
                return MongoReplies.ReadWrite(isDone, error, NativeDocuments.BytesOf(reply));
            }
            finally
            {
                Mongoc.bson_destroy(reply);
                Mongoc.mongoc_bulk_operation_destroy(bulk);
                Mongoc.mongoc_collection_destroy(opened);
            }
        }
    }

    public List<T> Find<T>(MongoNamespace collection, ReadOnlySpan<byte> filter, ReadOnlySpan<byte> options, ReadDocument<T> read) => ReadAll(
        collection, filter, options, static (opened, filter, options) => Mongoc.mongoc_collection_find_with_opts(opened, filter, options, 0), read);

    public List<T> Aggregate<T>(MongoNamespace collection, ReadOnlySpan<byte> pipeline, ReadDocument<T> read) => ReadAll(
        collection, pipeline, [], static (opened, pipeline, _) => Mongoc.mongoc_collection_aggregate(opened, 0, pipeline, 0, 0), read);

    public void Dispose() => Mongoc.mongoc_client_pool_push(pool, _client);

    private static int CountOf(ReadOnlySpan<byte> documents)
    {
        var count = 0;
        for (; !documents.IsEmpty; count++)
        {
            var length = documents.Length >= sizeof(int) ? MemoryMarshal.Read<int>(documents) : 0;
            documents = length is >= 5 && length <= documents.Length
                ? documents[length..]
                : throw new ArgumentException("These are not documents one behind the other.", nameof(documents));
        }

        return count;
    }

    private static void AddParts(nint bulk, BulkWrites writes)
    {
        using var native = new NativeDocuments(3);
        fixed (byte* bytes = writes.Bytes, options = Upsert)
        {
            foreach (var part in writes.Parts)
            {
                // The bulk operation copies what it is given.
                native.Forget();
                var first = native.View(bytes + part.Start, part.First);
                var second = native.View(bytes + part.Start + part.First, part.Second);
                var upsert = part.IsUpsert ? native.View(options, Upsert.Length) : 0;
                MongocError error;
                var isAdded = part.Kind switch
                {
                    BulkWrites.Kind.Insert => Mongoc.mongoc_bulk_operation_insert_with_opts(bulk, first, 0, &error),
                    BulkWrites.Kind.UpdateOne => Mongoc.mongoc_bulk_operation_update_one_with_opts(bulk, first, second, upsert, &error),
                    BulkWrites.Kind.UpdateMany => Mongoc.mongoc_bulk_operation_update_many_with_opts(bulk, first, second, 0, &error),
                    BulkWrites.Kind.ReplaceOne => Mongoc.mongoc_bulk_operation_replace_one_with_opts(bulk, first, second, upsert, &error),
                    BulkWrites.Kind.DeleteOne => Mongoc.mongoc_bulk_operation_remove_one_with_opts(bulk, first, 0, &error),
                    _ => Mongoc.mongoc_bulk_operation_remove_many_with_opts(bulk, first, 0, &error),
                };
                if (!isAdded)
                {
                    throw new ArgumentException($"This write is none that MongoDB knows: {error.Text}", nameof(writes));
                }
            }
        }
    }

    private List<T> ReadAll<T>(
        MongoNamespace collection, ReadOnlySpan<byte> filter, ReadOnlySpan<byte> options, OpenCursor open, ReadDocument<T> read)
    {
        using var native = new NativeDocuments(2);
        var found = new List<T>();
        fixed (byte* filterBytes = filter, optionBytes = options)
        {
            var opened = Open(collection);
            var cursor = open(opened, native.View(filterBytes, filter.Length), native.View(optionBytes, options.Length));
            try
            {
                while (Mongoc.mongoc_cursor_next(cursor, out var document))
                {
                    found.Add(read(NativeDocuments.BytesOf(document)));
                }

                return Mongoc.mongoc_cursor_error_document(cursor, out var error, out _) ? throw MongoReplies.ToException(error) : found;
            }
            finally
            {
                Mongoc.mongoc_cursor_destroy(cursor);
                Mongoc.mongoc_collection_destroy(opened);
            }
        }
    }

    private nint Open(MongoNamespace collection)
    {
        fixed (byte* database = collection.DatabaseBytes, name = collection.CollectionBytes)
        {
            return Mongoc.mongoc_client_get_collection(_client, database, name);
        }
    }
}
