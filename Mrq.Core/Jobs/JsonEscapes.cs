using System.Globalization;

namespace Mrq.Jobs;

/// <summary>Finds what the JSON parser lets pass and nobody can read later: an escape such as <c>\ud800</c> that is half of a surrogate pair.</summary>
internal static class JsonEscapes
{
    /// <summary>What to say of a field whose JSON is not whole.</summary>
    public const string Broken = "holds a broken escape: half of a surrogate pair, as \\ud800 alone is.";

    private const int Length = 6;

    /// <summary>True when every escape of this JSON, in names and in values, is a character or half of a pair with its other half.</summary>
    /// <param name="json">It must parse.</param>
    public static bool AreWhole(ReadOnlySpan<char> json)
    {
        for (var at = json.IndexOf('\\'); at >= 0; at = json.IndexOf('\\'))
        {
            json = json[at..];
            var unit = Unit(json);
            if (char.IsHighSurrogate(unit) && char.IsLowSurrogate(Unit(json[Length..])))
            {
                json = json[(2 * Length)..];
            }
            else if (char.IsSurrogate(unit))
            {
                return false;
            }
            else
            {
                json = json[2..];
            }
        }

        return true;
    }

    /// <summary>The UTF-16 unit that the text begins with an escape of; 0: it does not begin with one.</summary>
    private static char Unit(ReadOnlySpan<char> json) =>
        json.StartsWith("\\u") && ushort.TryParse(json[2..Length], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit) ? (char)unit : '\0';
}
