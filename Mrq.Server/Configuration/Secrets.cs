using System.Text.RegularExpressions;

namespace Mrq.Server.Configuration;

/// <summary>Shows texts that may hold passwords without them.</summary>
internal static partial class Secrets
{
    /// <summary>What stands in the place of one.</summary>
    public const string Hidden = "***";

    /// <summary>The text with the password of its address, or of <c>user:password</c>, hidden, and of every parameter whose name speaks of one.</summary>
    public static string Mask(string text)
    {
        if (text.IndexOf("://", StringComparison.Ordinal) is not (>= 0 and var scheme))
        {
            return text.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon ? $"{text[..(colon + 1)]}{Hidden}" : Hidden;
        }

        var begin = scheme + 3;
        // The last: a password that nobody has escaped may hold one itself.
        var end = text.LastIndexOf('@');
        var who = end < begin ? null : text[begin..end];
        var shown = who is null ? text : $"{text[..begin]}{who.Split(':')[0]}{(who.Contains(':', StringComparison.Ordinal) ? $":{Hidden}" : "")}{text[end..]}";
        return SecretParameter().Replace(shown, $"${{name}}{Hidden}");
    }

    /// <summary>A text that is probably no secret, without those within it: the password of an address, and what <c>password=</c> and the like stand before.</summary>
    public static string MaskWithin(string text)
    {
        var shown = text.Contains("://", StringComparison.Ordinal) ? Mask(text) : text;
        return AssignedSecret().Replace(shown, $"${{name}}{Hidden}");
    }

    /// <summary>True: what has this name is not shown.</summary>
    public static bool IsSecretName(string name) => SecretName().IsMatch(name);

    [GeneratedRegex("(?<name>[?&;,][^=&;,]*(password|secret|token|key)[^=&;,:]*[=:])[^&;,]*", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SecretParameter();

    [GeneratedRegex("(?<name>(password|passwd|pwd|secret|token|key)\"?\\s*[=:]\\s*)[^;,&\\s]+", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AssignedSecret();

    [GeneratedRegex("password|passwd|secret|token|api_?key|credential", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SecretName();
}
