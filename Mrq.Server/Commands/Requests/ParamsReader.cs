using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Mrq.Tasks;

namespace Mrq.Server.Commands.Requests;

/// <summary>Params as they stand on a command line: one JSON object, or <c>KEY VALUE</c> and <c>KEY=VALUE</c>, whose types are those that the task's params have.</summary>
internal static class ParamsReader
{
    /// <summary>What is wrong with their form, a sentence; null: nothing.</summary>
    /// <param name="words">What follows the task's path.</param>
    public static string? Check(IReadOnlyList<string> words)
    {
        if (IsJson(words) || words is ["-"])
        {
            return null;
        }

        foreach (var (key, value) in Pairs(words))
        {
            if (value is null)
            {
                return $"'{Shown(key)}' has no value. Params are one JSON object, or KEY VALUE or KEY=VALUE for each.";
            }
        }

        var twice = Pairs(words).CountBy(pair => pair.Key, StringComparer.Ordinal).FirstOrDefault(pair => pair.Value > 1).Key;
        return twice is null ? null : $"the param '{Shown(twice)}' is given twice.";
    }

    /// <summary>The params as JSON text; what of it does not bind is told by who checks the request.</summary>
    /// <param name="task">Null: this program does not have it; then what looks like JSON is taken for that, and all else for text.</param>
    public static string Read(IReadOnlyList<string> words, TaskDefinition? task)
    {
        if (words is ["-"])
        {
            return Console.In.ReadToEnd();
        }

        if (IsJson(words))
        {
            return words[0];
        }

        var types = task?.Params.ToDictionary(param => param.Name, param => param.Type, StringComparer.OrdinalIgnoreCase) ?? [];
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            foreach (var (key, value) in Pairs(words))
            {
                json.WritePropertyName(key);
                Write(json, value ?? "", types.GetValueOrDefault(key));
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    // Of a wrong value the text stays: the task's own check then says what it must be.
    private static void Write(Utf8JsonWriter json, string value, string? type)
    {
        if (type?.StartsWith("string", StringComparison.Ordinal) == true || !IsOther(value))
        {
            json.WriteStringValue(value);
        }
        else
        {
            json.WriteRawValue(value);
        }
    }

    /// <summary>True: it is JSON of another kind than a string, which nobody means to write on a command line.</summary>
    private static bool IsOther(string value)
    {
        try
        {
            return JsonElement.Parse(value).ValueKind != JsonValueKind.String;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool IsJson(IReadOnlyList<string> words) => words is [var only] && only.TrimStart().StartsWith('{');

    /// <summary>Null values are missing.</summary>
    private static IEnumerable<(string Key, string? Value)> Pairs(IReadOnlyList<string> words)
    {
        for (var i = 0; i < words.Count; i++)
        {
            var at = words[i].IndexOf('=', StringComparison.Ordinal);
            yield return at > 0 ? (words[i][..at], words[i][(at + 1)..])
                : i + 1 < words.Count ? (words[i], words[++i])
                : (words[i], null);
        }
    }

    private static string Shown(string text) => Output.SafeText.Line(text.Length <= 60 ? text : $"{text[..57]}...");
}
