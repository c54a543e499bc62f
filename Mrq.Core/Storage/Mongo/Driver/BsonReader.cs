using System.Buffers.Binary;
using System.Text;
using Mrq.Jobs;

namespace Mrq.Storage.Mongo.Driver;

/// <summary>
/// Reads a BSON document field by field, without copying. <c>while (reader.Next())</c>, then ask for the value as what it should be.
/// A number is taken from any of BSON's types for numbers: other languages choose other ones.
/// </summary>
internal ref struct BsonReader
{
    private readonly ReadOnlySpan<byte> _document;
    private int _position;

    /// <param name="document">One document, from its length to its closing zero.</param>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public BsonReader(ReadOnlySpan<byte> document)
    {
        if (document.Length < 5 || BinaryPrimitives.ReadInt32LittleEndian(document) != document.Length || document[^1] != 0)
        {
            throw new InvalidDataException("These bytes are no BSON document: its length or its end is wrong.");
        }

        _document = document;
        _position = sizeof(int);
    }

    public BsonType Type { get; private set; }

    /// <summary>UTF-8.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>The name as text. It costs an allocation: where many documents are read, compare <see cref="Name"/>.</summary>
    public readonly string NameText => Encoding.UTF8.GetString(Name);

    /// <summary>The name as text in a buffer, which costs no allocation; empty when it is longer or not ASCII.</summary>
    public readonly ReadOnlySpan<char> NameIn(Span<char> buffer) =>
        Name.Length <= buffer.Length && Encoding.ASCII.TryGetChars(Name, buffer, out var length) ? buffer[..length] : default;

    /// <summary>The bytes of the value, in the form that its type has.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    public readonly bool IsNull => Type is BsonType.Null or BsonType.Undefined;

    /// <summary>The field of this name, or a reader at the end when there is none.</summary>
    public static bool TryFind(ReadOnlySpan<byte> document, ReadOnlySpan<byte> name, out BsonReader field)
    {
        field = new BsonReader(document);
        while (field.Next())
        {
            if (field.Name.SequenceEqual(name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A reader that stands on a field which was written by itself, with its type and its name.</summary>
    /// <param name="nameLength">How many bytes its name has.</param>
    public static BsonReader OfField(ReadOnlySpan<byte> field, int nameLength) => new()
    {
        Type = (BsonType)field[0],
        Name = field.Slice(1, nameLength),
        Value = field[(nameLength + 2)..],
    };

    /// <summary>Moves to the next field; false: there is none.</summary>
    /// <exception cref="InvalidDataException">The document is damaged.</exception>
    public bool Next()
    {
        if (_position >= _document.Length - 1)
        {
            return false;
        }

        Type = (BsonType)_document[_position++];
        var name = LengthOfText(_position);
        Name = _document.Slice(_position, name);
        _position += name + 1;
        var length = LengthOfValue();
        if (length < 0 || length > _document.Length - 1 - _position)
        {
            throw Damaged();
        }

        Value = _document.Slice(_position, length);
        _position += length;
        return true;
    }

    public readonly string GetString() => Type is BsonType.String or BsonType.Symbol or BsonType.Code
        ? Encoding.UTF8.GetString(GetUtf8())
        : throw Unexpected("a text");

    /// <summary>The text as UTF-8.</summary>
    public readonly ReadOnlySpan<byte> GetUtf8() => Value[sizeof(int)..^1];

    /// <summary>Null: the value is null.</summary>
    public readonly string? GetStringOrNull() => IsNull ? null : GetString();

    /// <summary>A whole number; what a double has behind its point is cut off.</summary>
    public readonly long GetInt64() => Type switch
    {
        BsonType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(Value),
        BsonType.Int64 or BsonType.Timestamp => BinaryPrimitives.ReadInt64LittleEndian(Value),
        BsonType.Double => (long)BinaryPrimitives.ReadDoubleLittleEndian(Value),
        BsonType.Decimal => (long)BsonDecimal.ToDouble(Value),
        _ => throw Unexpected("a number"),
    };

    /// <summary>A whole number, at most what fits into 32 bits.</summary>
    public readonly int GetInt32() => (int)Math.Clamp(GetInt64(), int.MinValue, int.MaxValue);

    public readonly double GetDouble() => Type switch
    {
        BsonType.Double => BinaryPrimitives.ReadDoubleLittleEndian(Value),
        BsonType.Decimal => BsonDecimal.ToDouble(Value),
        _ => GetInt64(),
    };

    /// <summary>A number is true when it is not zero.</summary>
    public readonly bool GetBoolean() => Type == BsonType.Boolean ? Value[0] != 0 : GetDouble() != 0;

    /// <summary>A time in UTC; one outside of what .NET knows is brought to its nearest bound.</summary>
    public readonly DateTimeOffset GetDate() => Type == BsonType.Date
        ? DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(
            BinaryPrimitives.ReadInt64LittleEndian(Value),
            DateTimeOffset.MinValue.ToUnixTimeMilliseconds(),
            DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()))
        : throw Unexpected("a date");

    public readonly JobId GetObjectId() => Type == BsonType.ObjectId ? JobId.Read(Value) : throw Unexpected("an id");

    public readonly ReadOnlySpan<byte> GetBinary() => Type == BsonType.Binary ? Value[(sizeof(int) + 1)..] : throw Unexpected("bytes");

    /// <summary>A reader of the document or array that is the value. An array's names are its places.</summary>
    public readonly BsonReader GetDocument() =>
        Type is BsonType.Document or BsonType.Array ? new BsonReader(Value) : throw Unexpected("a document");

    private static InvalidDataException Damaged() => new("This BSON document is damaged: a field reaches beyond its end.");

    private readonly InvalidDataException Unexpected(string what) =>
        new($"The field {Encoding.UTF8.GetString(Name)} should be {what}, but is of type {Type}.");

    private readonly int LengthOfValue() => Type switch
    {
        BsonType.Null or BsonType.Undefined or BsonType.MinKey or BsonType.MaxKey => 0,
        BsonType.Boolean => 1,
        BsonType.Int32 => sizeof(int),
        BsonType.Double or BsonType.Date or BsonType.Int64 or BsonType.Timestamp => sizeof(long),
        BsonType.ObjectId => JobId.Size,
        BsonType.Decimal => 16,
        BsonType.Document or BsonType.Array or BsonType.ScopedCode => Prefix(least: 5),
        BsonType.String or BsonType.Code or BsonType.Symbol => sizeof(int) + Prefix(least: 1),
        BsonType.Binary => sizeof(int) + 1 + Prefix(least: 0),
        BsonType.Pointer => sizeof(int) + Prefix(least: 1) + JobId.Size,
        BsonType.Regex => LengthOfRegex(),
        _ => throw new InvalidDataException($"This BSON document has a value of the unknown type 0x{(byte)Type:X2}."),
    };

    /// <summary>The length that a value begins with; bounded by the document, so that adding to it never overflows.</summary>
    private readonly int Prefix(int least)
    {
        var length = _document.Length - _position >= sizeof(int) ? BinaryPrimitives.ReadInt32LittleEndian(_document[_position..]) : -1;
        return length >= least && length <= _document.Length ? length : throw Damaged();
    }

    private readonly int LengthOfRegex()
    {
        var pattern = LengthOfText(_position);
        return pattern + 1 + LengthOfText(_position + pattern + 1) + 1;
    }

    /// <summary>How many bytes come before the next zero.</summary>
    private readonly int LengthOfText(int position)
    {
        var length = _document[position..].IndexOf((byte)0);
        return length >= 0 ? length : throw Damaged();
    }
}
