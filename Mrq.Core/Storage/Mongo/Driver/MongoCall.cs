using System.Buffers;
using System.Globalization;
using System.Text;

namespace Mrq.Storage.Mongo.Driver;

/// <summary>A call to MongoDB as it is told to people. Costs next to nothing until it is asked for its texts.</summary>
/// <param name="Operation">Its name; null: a command, whose first field it is.</param>
/// <param name="Size">Bytes of all documents that are sent.</param>
/// <param name="Document">The command, else the filter or the pipeline, of several writes that of the first; empty: there is none.</param>
/// <param name="Writes">How many writes go together; 0: it is none of these.</param>
internal readonly record struct MongoCall(string Database, string? Collection, string? Operation, int Size, ReadOnlyMemory<byte> Document, int Writes)
{
    private const int Longest = 500;

    public static MongoCall Command(string database, ReadOnlyMemory<byte> command) => new(database, null, null, command.Length, command, 0);

    public static MongoCall On(MongoNamespace collection, string operation, int size, ReadOnlyMemory<byte> document = default, int writes = 0) =>
        new(collection.Database, collection.Collection, operation, size, document, writes);

    /// <summary>For example <c>find</c>, <c>findAndModify</c>.</summary>
    public string Name => Operation ?? First().NameText;

    /// <summary>Database and collection; the database alone when the whole of it is meant.</summary>
    public string Target => (Collection ?? (First() is { Type: BsonType.String } first ? first.GetString() : null)) is { } collection ? $"{Database}.{collection}" : Database;

    /// <summary>All of it on one line: <c>mrq.mrq_jobs find {"queue":"default"} 43 bytes</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Target} {Name} {Several()}{Filter()}{Size:N0} bytes");

    private BsonReader First()
    {
        var field = new BsonReader(Document.Span);
        field.Next();
        return field;
    }

    private string Several() => Writes == 0 ? "" : Document.IsEmpty ? $"of {Writes} " : $"of {Writes}, first ";

    private string Filter()
    {
        if (Operation is not null)
        {
            return Document.IsEmpty ? "" : Json(new BsonReader(Document.Span));
        }

        // Of a command the part that says which documents, and not what is written into them.
        return BsonReader.TryFind(Document.Span, "query"u8, out var query) || BsonReader.TryFind(Document.Span, "filter"u8, out query)
            ? query.Type == BsonType.Document ? Json(query.GetDocument()) : "" : "";
    }

    private static string Json(BsonReader document)
    {
        var json = new ArrayBufferWriter<byte>();
        BsonJson.AppendDocument(json, document);
        var text = Encoding.UTF8.GetString(json.WrittenSpan);
        return text.Length <= Longest ? $"{text} " : $"{text[..Longest]}… ";
    }
}
