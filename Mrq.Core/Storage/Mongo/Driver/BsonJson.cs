using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Mrq.Storage.Mongo.Driver;

/// <summary>JSON text as BSON values, and back.</summary>
internal static class BsonJson
{
    /// <summary>MongoDB nests 100 levels deep; some are around the value.</summary>
    private const int MostLevels = 90;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = MostLevels };

    /// <summary>
    /// Writes a JSON text as a field. False, and nothing is written: MongoDB cannot bear it (names that are empty, begin with <c>$</c> or hold a dot or a
    /// zero; more than 90 levels), or it is no JSON.
    /// </summary>
    public static bool TryWrite(BsonWriter writer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> json)
    {
        var before = writer.Mark();
        try
        {
            var reader = new Utf8JsonReader(json, Options);
            if (reader.Read() && TryWriteValue(writer, name, ref reader) && !reader.Read())
            {
                return true;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // No JSON, or half of a surrogate pair in it.
        }

        writer.Rewind(before);
        return false;
    }

    /// <summary>Writes a document as compact JSON, in the same way as values.</summary>
    /// <param name="field">Stands before its first field.</param>
    public static void AppendDocument(IBufferWriter<byte> json, BsonReader field)
    {
        json.Write("{"u8);
        for (var isFirst = true; field.Next(); isFirst = false)
        {
            if (!isFirst)
            {
                json.Write(","u8);
            }

            AppendText(json, field.Name);
            json.Write(":"u8);
            Append(json, field);
        }

        json.Write("}"u8);
    }

    /// <summary>Writes the value that a reader stands on as compact JSON. What JSON does not know becomes text: ids, dates, bytes.</summary>
    public static void Append(IBufferWriter<byte> json, scoped in BsonReader value)
    {
        switch (value.Type)
        {
            case BsonType.Document:
                AppendDocument(json, value.GetDocument());
                break;
            case BsonType.Array:
                AppendArray(json, value.GetDocument());
                break;
            case BsonType.String or BsonType.Symbol or BsonType.Code:
                AppendText(json, value.GetUtf8());
                break;
            case BsonType.Boolean:
                json.Write(value.GetBoolean() ? "true"u8 : "false"u8);
                break;
            case BsonType.Int32 or BsonType.Int64 or BsonType.Timestamp:
                AppendWhole(json, value.GetInt64());
                break;
            case BsonType.Double or BsonType.Decimal:
                AppendReal(json, value.GetDouble());
                break;
            case BsonType.ObjectId:
                AppendText(json, Encoding.UTF8.GetBytes(value.GetObjectId().ToString()));
                break;
            case BsonType.Date:
                AppendText(json, Encoding.UTF8.GetBytes(value.GetDate().UtcDateTime.ToString("O", CultureInfo.InvariantCulture)));
                break;
            case BsonType.Binary:
                AppendText(json, Encoding.UTF8.GetBytes(Convert.ToBase64String(value.GetBinary())));
                break;
            default:
                json.Write("null"u8);
                break;
        }
    }

    /// <summary>The value that a reader stands on as compact JSON.</summary>
    public static string ToText(scoped in BsonReader value)
    {
        var json = new ArrayBufferWriter<byte>(Math.Max(16, value.Value.Length * 2));
        Append(json, value);
        return Encoding.UTF8.GetString(json.WrittenSpan);
    }

    private static bool TryWriteValue(BsonWriter writer, ReadOnlySpan<byte> name, ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                writer.BeginDocument(name);
                return TryWriteMembers(writer, ref reader);
            case JsonTokenType.StartArray:
                writer.BeginArray(name);
                return TryWriteItems(writer, ref reader);
            case JsonTokenType.String when reader.ValueIsEscaped:
                writer.String(name, reader.GetString());
                return true;
            case JsonTokenType.String:
                writer.Utf8(name, reader.ValueSpan);
                return true;
            case JsonTokenType.Number when reader.TryGetInt32(out var number):
                writer.Int32(name, number);
                return true;
            case JsonTokenType.Number when reader.TryGetInt64(out var number):
                writer.Int64(name, number);
                return true;
            case JsonTokenType.Number:
                writer.Double(name, reader.GetDouble());
                return true;
            case JsonTokenType.True or JsonTokenType.False:
                writer.Boolean(name, reader.TokenType == JsonTokenType.True);
                return true;
            default:
                writer.Null(name);
                return true;
        }
    }

    private static bool TryWriteMembers(BsonWriter writer, ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(reader.GetString() ?? "") : reader.ValueSpan;
            if (name.IsEmpty || name[0] == '$' || name.ContainsAny((byte)'.', (byte)0) || !reader.Read() || !TryWriteValue(writer, name, ref reader))
            {
                return false;
            }
        }

        writer.End();
        return true;
    }

    private static bool TryWriteItems(BsonWriter writer, ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (!TryWriteValue(writer, default, ref reader))
            {
                return false;
            }
        }

        writer.End();
        return true;
    }

    private static void AppendArray(IBufferWriter<byte> json, BsonReader item)
    {
        json.Write("["u8);
        for (var isFirst = true; item.Next(); isFirst = false)
        {
            if (!isFirst)
            {
                json.Write(","u8);
            }

            Append(json, item);
        }

        json.Write("]"u8);
    }

    /// <summary>As JavaScript and Python write it: what has to be escaped is, all else stands as it is.</summary>
    private static void AppendText(IBufferWriter<byte> json, ReadOnlySpan<byte> utf8)
    {
        json.Write("\""u8);
        for (var next = IndexOfEscaped(utf8); next >= 0; next = IndexOfEscaped(utf8))
        {
            json.Write(utf8[..next]);
            AppendEscape(json, utf8[next]);
            utf8 = utf8[(next + 1)..];
        }

        json.Write(utf8);
        json.Write("\""u8);
    }

    private static int IndexOfEscaped(ReadOnlySpan<byte> utf8)
    {
        for (var i = 0; i < utf8.Length; i++)
        {
            if (utf8[i] is < 0x20 or (byte)'"' or (byte)'\\')
            {
                return i;
            }
        }

        return -1;
    }

    private static void AppendEscape(IBufferWriter<byte> json, byte character)
    {
        switch (character)
        {
            case (byte)'"':
                json.Write("\\\""u8);
                break;
            case (byte)'\\':
                json.Write("\\\\"u8);
                break;
            case (byte)'\b':
                json.Write("\\b"u8);
                break;
            case (byte)'\f':
                json.Write("\\f"u8);
                break;
            case (byte)'\n':
                json.Write("\\n"u8);
                break;
            case (byte)'\r':
                json.Write("\\r"u8);
                break;
            case (byte)'\t':
                json.Write("\\t"u8);
                break;
            default:
                json.Write("\\u00"u8);
                Span<byte> digits = stackalloc byte[2];
                Utf8Formatter.TryFormat(character, digits, out _, new StandardFormat('x', 2));
                json.Write(digits);
                break;
        }
    }

    private static void AppendWhole(IBufferWriter<byte> json, long number)
    {
        Utf8Formatter.TryFormat(number, json.GetSpan(20), out var length);
        json.Advance(length);
    }

    /// <summary>A real number stays one: 3.0, not 3. JSON has no infinity and no "not a number": null.</summary>
    private static void AppendReal(IBufferWriter<byte> json, double number)
    {
        if (!double.IsFinite(number))
        {
            json.Write("null"u8);
            return;
        }

        Span<byte> text = stackalloc byte[32];
        number.TryFormat(text, out var length, default, CultureInfo.InvariantCulture);
        json.Write(text[..length]);
        if (!text[..length].ContainsAny((byte)'.', (byte)'E'))
        {
            json.Write(".0"u8);
        }
    }
}
