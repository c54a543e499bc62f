using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Mrq.Jobs;

/// <summary>Reads and changes the text of params, and leaves all else of it as it came, to the byte.</summary>
internal static class ParamsText
{
    /// <summary>The object with this field: in place of the one of that name, else behind the last.</summary>
    /// <param name="parameters">A JSON object.</param>
    /// <param name="value">JSON text; null: the JSON null.</param>
    public static string With(string parameters, string name, string? value)
    {
        value ??= "null";
        var utf8 = Encoding.UTF8.GetBytes(parameters);
        // To the letter: one that is written otherwise stands before this, which binding takes then, and is another where nothing is bound.
        if (Locate(utf8, name, StringComparison.Ordinal, out var isEmpty) is { } place)
        {
            return $"{Encoding.UTF8.GetString(utf8, 0, place.From)}{value}{Encoding.UTF8.GetString(utf8.AsSpan(place.To))}";
        }

        var end = parameters.LastIndexOf('}');
        return $"{parameters[..end].TrimEnd()}{(isEmpty ? "" : ",")}\"{JsonEncodedText.Encode(name, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\":{value}{parameters[end..]}";
    }

    /// <summary>The JSON text of this field, however its name's letters are written, as binding does not look at that either; null: there is none of that name.</summary>
    /// <param name="parameters">A JSON object.</param>
    public static string? Find(string parameters, string name)
    {
        var utf8 = Encoding.UTF8.GetBytes(parameters);
        return Locate(utf8, name, StringComparison.OrdinalIgnoreCase, out _) is { } place ? Encoding.UTF8.GetString(utf8.AsSpan(place.From, place.To - place.From)) : null;
    }

    /// <summary>Where the value of this field is; null: there is none of that name.</summary>
    private static (int From, int To)? Locate(byte[] utf8, string name, StringComparison comparison, out bool isEmpty)
    {
        var reader = new Utf8JsonReader(utf8);
        reader.Read();
        isEmpty = true;
        (int From, int To)? old = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            isEmpty = false;
            var isMeant = string.Equals(reader.GetString(), name, comparison);
            reader.Read();
            var from = (int)reader.TokenStartIndex;
            reader.Skip();
            // The last of several counts, as it does for those who read them.
            old = isMeant ? (from, (int)reader.BytesConsumed) : old;
        }

        return old;
    }
}
