using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Mrq.Tasks;

/// <summary>A key with params in it: <c>user {user_id}</c>. <c>{a.b}</c> is the field b of the param a.</summary>
internal static class KeyTemplate
{
    private const int Longest = 200;

    /// <summary>What is wrong with a template; null: nothing.</summary>
    public static string? Check(string template)
    {
        for (var rest = template.AsSpan(); rest.IndexOfAny('{', '}') is >= 0 and var open;)
        {
            var name = rest[(open + 1)..];
            var close = name.IndexOfAny('{', '}');
            if (rest[open] == '}' || close < 1 || name[close] == '{')
            {
                return $"'{template}' has a brace too many: write the name of a param between {{ and }}, for example user {{user_id}}.";
            }

            rest = name[(close + 1)..];
        }

        return null;
    }

    /// <summary>What stands between its braces, one after the other.</summary>
    /// <param name="template">One with which nothing is wrong.</param>
    public static IEnumerable<string> NamesIn(string template)
    {
        for (var at = 0; template.IndexOf('{', at) is >= 0 and var open && template.IndexOf('}', open) is >= 0 and var close; at = close)
        {
            yield return template[(open + 1)..close];
        }
    }

    /// <summary>The key of a job. A param that is not there is empty in it; small and capital letters of its name are alike, as when it is bound.</summary>
    /// <param name="parameters">A JSON object as text.</param>
    public static string Expand(string template, string parameters)
    {
        if (!template.Contains('{', StringComparison.Ordinal))
        {
            return template;
        }

        using var document = JsonDocument.Parse(parameters);
        var key = new StringBuilder(template.Length + 32);
        var at = 0;
        while (template.IndexOf('{', at) is >= 0 and var open && template.IndexOf('}', open) is >= 0 and var close)
        {
            key.Append(template, at, open - at).Append(ValueOf(document.RootElement, template[(open + 1)..close]));
            at = close + 1;
        }

        var expanded = key.Append(template, at, template.Length - at).ToString();
        // The text of a param may be long; a key must not.
        return expanded.Length <= Longest ? expanded : Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(expanded)));
    }

    private static string ValueOf(JsonElement parameters, string path)
    {
        var value = parameters;
        foreach (var name in path.Split('.'))
        {
            if (value.ValueKind != JsonValueKind.Object || !TryFind(value, name, out value))
            {
                return "";
            }
        }

        return value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : value.GetRawText();
    }

    // Params bind in small and capital letters alike: a key that minded them would be empty, and shared by all who write them so.
    private static bool TryFind(JsonElement parameters, string name, out JsonElement value)
    {
        if (parameters.TryGetProperty(name, out value))
        {
            return true;
        }

        var found = parameters.EnumerateObject().LastOrDefault(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        value = found.Value;
        return value.ValueKind != JsonValueKind.Undefined;
    }
}
