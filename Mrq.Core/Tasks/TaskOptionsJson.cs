using System.Buffers;
using System.Text;
using System.Text.Json;
using Mrq.Jobs;

namespace Mrq.Tasks;

/// <summary>Options as a JSON object: those that are set, by the names of <see cref="TaskOptionTable"/>.</summary>
public static class TaskOptionsJson
{
    /// <summary>The fields, without the braces.</summary>
    public static void WriteFields(Utf8JsonWriter writer, TaskOptions options)
    {
        foreach (var option in TaskOptionTable.All)
        {
            if (option.Get(options) is not { } text)
            {
                continue;
            }

            writer.WritePropertyName(option.Name);
            switch (option.Type)
            {
                case "string":
                    writer.WriteStringValue(text);
                    break;
                case "array":
                    writer.WriteRawValue($"[{text}]");
                    break;
                default:
                    writer.WriteRawValue(text);
                    break;
            }
        }
    }

    public static string Write(TaskOptions options)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            WriteFields(writer, options);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Reads what <see cref="Write"/> wrote. What another version or program wrote and this one does not understand is left out: a job must run all the same.</summary>
    public static TaskOptions Read(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8);
        using var document = JsonDocument.ParseValue(ref reader);
        var options = new TaskOptions();
        foreach (var field in document.RootElement.EnumerateObject())
        {
            options = TrySet(options, field.Name, field.Value, out _);
        }

        return options;
    }

    /// <summary>Sets one option from a JSON value; wrong or null, it stays unset.</summary>
    /// <param name="error">What is wrong; null: nothing.</param>
    public static TaskOptions TrySet(TaskOptions options, string name, JsonElement value, out string? error)
    {
        error = null;
        if (TaskOptionTable.Find(name) is not { } option || value.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
        {
            return options;
        }

        try
        {
            return option.Set(options, TextOf(value, option.Type));
        }
        catch (FormatException e)
        {
            error = e.Message;
            return options;
        }
    }

    private static string TextOf(JsonElement value, string type)
    {
        try
        {
            return (type, value.ValueKind) switch
            {
                ("string", JsonValueKind.String) => value.GetString() ?? "",
                ("boolean", JsonValueKind.True) => "true",
                ("boolean", JsonValueKind.False) => "false",
                ("number" or "integer", JsonValueKind.Number) => value.GetRawText(),
                ("array", JsonValueKind.Number) => value.GetRawText(),
                ("array", JsonValueKind.Array) => string.Join(',', value.EnumerateArray().Select(item => item.GetRawText())),
                _ => throw new FormatException($"must be {(type is "integer" or "array" ? "an" : "a")} {(type == "array" ? "array of numbers" : type)}."),
            };
        }
        catch (InvalidOperationException e)
        {
            // Half of a surrogate pair, as in "\ud800".
            throw new FormatException("is not text: it holds a broken escape.", e);
        }
    }
}
