using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using Mrq.Jobs;

namespace Mrq.Storage.Mongo.Driver;

/// <summary>
/// Writes BSON documents one behind the other into a buffer that grows. A value inside an array gets its place as its name:
/// pass <c>default</c>. Names are UTF-8 without a zero byte. Not for several threads.
/// </summary>
/// <param name="capacity">Bytes to begin with.</param>
internal sealed class BsonWriter(int capacity = 512)
{
    private Level[] _levels = new Level[8];
    private int _depth;
    private byte[] _buffer = new byte[capacity];
    private int _length;

    /// <summary>What has been written. Valid until the writer is used again.</summary>
    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, _length);

    /// <summary>Makes one document.</summary>
    public static byte[] Document(Action<BsonWriter> write)
    {
        var writer = new BsonWriter();
        writer.BeginDocument();
        write(writer);
        return writer.End().ToArray();
    }

    public void Clear()
    {
        _length = 0;
        _depth = 0;
    }

    /// <summary>Where the writer stands, to come back to.</summary>
    public (int Length, int Depth) Mark() => (_length, _depth);

    /// <summary>Forgets what was written behind a mark. Not for marks inside an array.</summary>
    public void Rewind((int Length, int Depth) mark) => (_length, _depth) = mark;

    /// <summary>A copy of what has been written; every document has been ended.</summary>
    public byte[] ToArray() => _depth == 0
        ? _buffer.AsSpan(0, _length).ToArray()
        : throw new InvalidOperationException($"{_depth} documents or arrays have not been ended.");

    /// <summary>Begins a document behind the last one.</summary>
    public BsonWriter BeginDocument() => Begin(isArray: false);

    /// <summary>Begins a document inside another.</summary>
    public BsonWriter BeginDocument(ReadOnlySpan<byte> name)
    {
        Name(BsonType.Document, name);
        return Begin(isArray: false);
    }

    public BsonWriter BeginArray(ReadOnlySpan<byte> name)
    {
        Name(BsonType.Array, name);
        return Begin(isArray: true);
    }

    /// <summary>Ends the document or array that was begun last.</summary>
    public BsonWriter End()
    {
        Take(1)[0] = 0;
        var start = _levels[--_depth].Start;
        BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(start), _length - start);
        return this;
    }

    /// <param name="value">Null is written as BSON's null.</param>
    public BsonWriter String(ReadOnlySpan<byte> name, string? value)
    {
        if (value is null)
        {
            return Null(name);
        }

        Name(BsonType.String, name);
        var most = Encoding.UTF8.GetMaxByteCount(value.Length);
        EnsureRoom(most + 5);
        var bytes = Encoding.UTF8.GetBytes(value, _buffer.AsSpan(_length + 4));
        BinaryPrimitives.WriteInt32LittleEndian(Take(4), bytes + 1);
        _length += bytes;
        Take(1)[0] = 0;
        return this;
    }

    /// <param name="value">A text as UTF-8.</param>
    public BsonWriter Utf8(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Name(BsonType.String, name);
        BinaryPrimitives.WriteInt32LittleEndian(Take(sizeof(int)), value.Length + 1);
        value.CopyTo(Take(value.Length));
        Take(1)[0] = 0;
        return this;
    }

    public BsonWriter Int32(ReadOnlySpan<byte> name, int value)
    {
        Name(BsonType.Int32, name);
        BinaryPrimitives.WriteInt32LittleEndian(Take(sizeof(int)), value);
        return this;
    }

    public BsonWriter Int64(ReadOnlySpan<byte> name, long value)
    {
        Name(BsonType.Int64, name);
        BinaryPrimitives.WriteInt64LittleEndian(Take(sizeof(long)), value);
        return this;
    }

    public BsonWriter Double(ReadOnlySpan<byte> name, double value)
    {
        Name(BsonType.Double, name);
        BinaryPrimitives.WriteDoubleLittleEndian(Take(sizeof(double)), value);
        return this;
    }

    public BsonWriter Boolean(ReadOnlySpan<byte> name, bool value)
    {
        Name(BsonType.Boolean, name);
        Take(1)[0] = value ? (byte)1 : (byte)0;
        return this;
    }

    /// <summary>A time, to the millisecond: what is finer is cut off.</summary>
    public BsonWriter Date(ReadOnlySpan<byte> name, DateTimeOffset value)
    {
        Name(BsonType.Date, name);
        BinaryPrimitives.WriteInt64LittleEndian(Take(sizeof(long)), value.ToUnixTimeMilliseconds());
        return this;
    }

    public BsonWriter Null(ReadOnlySpan<byte> name)
    {
        Name(BsonType.Null, name);
        return this;
    }

    public BsonWriter ObjectId(ReadOnlySpan<byte> name, JobId value)
    {
        Name(BsonType.ObjectId, name);
        value.Write(Take(JobId.Size));
        return this;
    }

    public BsonWriter Binary(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Name(BsonType.Binary, name);
        BinaryPrimitives.WriteInt32LittleEndian(Take(sizeof(int)), value.Length);
        Take(1)[0] = 0;
        value.CopyTo(Take(value.Length));
        return this;
    }

    /// <summary>A value as it was read: its type and its bytes.</summary>
    public BsonWriter Raw(ReadOnlySpan<byte> name, BsonType type, ReadOnlySpan<byte> value)
    {
        Name(type, name);
        value.CopyTo(Take(value.Length));
        return this;
    }

    private BsonWriter Begin(bool isArray)
    {
        if (_depth == _levels.Length)
        {
            Array.Resize(ref _levels, _depth * 2);
        }

        _levels[_depth++] = new Level { Start = _length, IsArray = isArray };
        Take(sizeof(int));
        return this;
    }

    private void Name(BsonType type, scoped ReadOnlySpan<byte> name)
    {
        ref var parent = ref _levels[_depth - 1];
        Span<byte> digits = stackalloc byte[10];
        if (parent.IsArray)
        {
            Utf8Formatter.TryFormat(parent.Count++, digits, out var length);
            name = digits[..length];
        }
        else if (name.Contains((byte)0))
        {
            throw new ArgumentException("A name in a document holds a zero byte, which MongoDB cannot store.", nameof(name));
        }

        var field = Take(name.Length + 2);
        field[0] = (byte)type;
        name.CopyTo(field[1..]);
        field[^1] = 0;
    }

    private Span<byte> Take(int count)
    {
        EnsureRoom(count);
        var taken = _buffer.AsSpan(_length, count);
        _length += count;
        return taken;
    }

    private void EnsureRoom(int count)
    {
        if (_length + count > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + count));
        }
    }

    /// <summary>A document or array that has been begun.</summary>
    private struct Level
    {
        public required int Start;
        public required bool IsArray;

        /// <summary>How many values an array has so far.</summary>
        public int Count;
    }
}
