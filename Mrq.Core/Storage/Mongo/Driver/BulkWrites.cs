namespace Mrq.Storage.Mongo.Driver;

/// <summary>Writes to one collection that go to the server together. Not for several threads; not to be changed while it is carried out.</summary>
/// <param name="isOrdered">True: in this order, ending with the first that is refused. False: in any order, all that can be done.</param>
internal sealed class BulkWrites(bool isOrdered)
{
    private readonly List<Part> _parts = [];
    private byte[] _bytes = new byte[1024];
    private int _length;

    internal enum Kind
    {
        Insert,
        UpdateOne,
        UpdateMany,
        ReplaceOne,
        DeleteOne,
        DeleteMany,
    }

    public bool IsOrdered { get; } = isOrdered;

    public int Count => _parts.Count;

    internal IReadOnlyList<Part> Parts => _parts;

    /// <summary>The documents of the parts, one behind the other.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>What the first write is about; empty: it inserts.</summary>
    internal ReadOnlyMemory<byte> FirstFilter => _parts is [{ Kind: not Kind.Insert } first, ..] ? _bytes.AsMemory(first.Start, first.First) : default;

    public BulkWrites Insert(ReadOnlySpan<byte> document) => Add(Kind.Insert, document, default, isUpsert: false);

    /// <param name="isUpsert">True: inserts what filter and update say, when nothing matches.</param>
    public BulkWrites UpdateOne(ReadOnlySpan<byte> filter, ReadOnlySpan<byte> update, bool isUpsert = false) =>
        Add(Kind.UpdateOne, filter, update, isUpsert);

    public BulkWrites UpdateMany(ReadOnlySpan<byte> filter, ReadOnlySpan<byte> update) => Add(Kind.UpdateMany, filter, update, isUpsert: false);

    /// <inheritdoc cref="UpdateOne"/>
    public BulkWrites ReplaceOne(ReadOnlySpan<byte> filter, ReadOnlySpan<byte> document, bool isUpsert = false) =>
        Add(Kind.ReplaceOne, filter, document, isUpsert);

    public BulkWrites DeleteOne(ReadOnlySpan<byte> filter) => Add(Kind.DeleteOne, filter, default, isUpsert: false);

    public BulkWrites DeleteMany(ReadOnlySpan<byte> filter) => Add(Kind.DeleteMany, filter, default, isUpsert: false);

    /// <summary>The same writes without those at other places.</summary>
    public BulkWrites Only(IEnumerable<int> places)
    {
        var only = new BulkWrites(IsOrdered);
        foreach (var part in places.Select(place => _parts[place]))
        {
            only.Add(part.Kind, _bytes.AsSpan(part.Start, part.First), _bytes.AsSpan(part.Start + part.First, part.Second), part.IsUpsert);
        }

        return only;
    }

    private BulkWrites Add(Kind kind, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, bool isUpsert)
    {
        _parts.Add(new Part(kind, _length, first.Length, second.Length, isUpsert));
        if (_length + first.Length + second.Length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + first.Length + second.Length));
        }

        first.CopyTo(_bytes.AsSpan(_length));
        second.CopyTo(_bytes.AsSpan(_length + first.Length));
        _length += first.Length + second.Length;
        return this;
    }

    /// <param name="Start">Where the first document begins; the second, of no bytes where there is none, lies behind it.</param>
    internal readonly record struct Part(Kind Kind, int Start, int First, int Second, bool IsUpsert);
}
