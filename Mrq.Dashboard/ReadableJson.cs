using System.Globalization;
using System.Text.RegularExpressions;

namespace Mrq.Dashboard;

/// <summary>
/// JSON text for people: without the escapes that programs write for every special character, and with escapes for the characters that would show the text
/// behind them in another order. It means the same.
/// </summary>
internal static partial class ReadableJson
{
    /// <summary>Any JSON text, also the begin of one.</summary>
    public static string Of(string json) => Special().Replace(json, static match =>
    {
        if (match.Groups["high"] is { Success: true } high)
        {
            return $"{CharOf(high)}{CharOf(match.Groups["low"])}";
        }

        var one = match.Groups["one"];
        return one.Success && !MustBeEscaped(CharOf(one)) ? CharOf(one).ToString()
            : match.Length == 1 ? $"\\u{(int)match.Value[0]:x4}"
            : match.Value;
    });

    private static char CharOf(Group digits) => (char)int.Parse(digits.ValueSpan, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static bool MustBeEscaped(char character) =>
        character is '"' or '\\' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069') || char.IsControl(character) || char.IsSurrogate(character);

    // An escape of another kind is taken as a whole, so that the u behind an escaped backslash is none.
    [GeneratedRegex(
        @"\\u(?<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?<low>[dD][c-fC-F][0-9a-fA-F]{2})|\\u(?<one>[0-9a-fA-F]{4})|\\.|[\u202a-\u202e\u2066-\u2069]",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Special();
}
