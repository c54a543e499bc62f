using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mrq.Queues;

/// <summary>From the text of an entry to the params of its job, as the configuration names it.</summary>
internal static class RawParser
{
    private const string Placeholder = "{raw}";

    /// <summary>The text is the params: a JSON object.</summary>
    public static string Json(string raw) => raw;

    /// <summary>Splits the text into as many fields as were named.</summary>
    /// <exception cref="FormatException">The text has another number of fields, or one is not of its type.</exception>
    public static Func<string, string> Split(string separator, IReadOnlyList<RawField> fields) => raw =>
    {
        var parts = raw.Split(separator);
        if (parts.Length != fields.Count)
        {
            throw new FormatException($"{(parts.Length == 1 ? "1 field" : $"{parts.Length} fields")}, separated by '{separator}'; {fields.Count} are expected: {string.Join(", ", fields)}.");
        }

        var values = new JsonObject();
        for (var i = 0; i < parts.Length; i++)
        {
            values[fields[i].Name] = fields[i].Read(parts[i].Trim());
        }

        return values.ToJsonString();
    };

    /// <summary>Puts the text in the place of every <c>{raw}</c> within the texts of a JSON object.</summary>
    public static Func<string, string> Template(JsonObject template) => raw =>
        Replace(template, raw)!.ToJsonString();

    private static JsonNode? Replace(JsonNode? node, string raw) => node switch
    {
        JsonObject values => new JsonObject(values.Select(p => KeyValuePair.Create(p.Key, Replace(p.Value, raw)))),
        JsonArray items => new JsonArray([.. items.Select(item => Replace(item, raw))]),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>().Replace(Placeholder, raw, StringComparison.Ordinal),
        _ => node?.DeepClone(),
    };
}

/// <summary>One field of a text that is split.</summary>
internal sealed record RawField(string Name, string Type)
{
    public static readonly IReadOnlyList<string> Types = ["string", "int", "number", "bool"];

    /// <exception cref="FormatException">The text is not of the type.</exception>
    public JsonNode Read(string text) => Type switch
    {
        "int" when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => whole,
        "number" when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => number,
        "bool" when bool.TryParse(text, out var flag) => flag,
        "string" => text,
        _ => throw new FormatException($"{Name}: '{text}' is not of type {Type}."),
    };

    public override string ToString() => $"{Name}:{Type}";
}
