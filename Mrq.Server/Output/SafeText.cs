using System.Buffers;
using System.Text;

namespace Mrq.Server.Output;

/// <summary>
/// Text of jobs and tasks as a terminal may have it: control characters, of which a terminal's commands are made, and those that turn the direction of writing are
/// shown as escapes (<c>\u001b</c>).
/// </summary>
internal static class SafeText
{
    // C0 without tab and line feed, delete, C1, separators of lines and paragraphs, marks of direction.
    private static readonly SearchValues<char> Unsafe = SearchValues.Create(
        [.. Enumerable.Range(0, 0xA0).Where(c => c is < 0x20 or >= 0x7F && c is not ('\t' or '\n')).Concat([0x61C, 0x200E, 0x200F, 0x2028, 0x2029])
            .Concat(Enumerable.Range(0x202A, 5)).Concat(Enumerable.Range(0x2066, 4)).Select(c => (char)c)]);

    private static readonly SearchValues<char> UnsafeInLine = SearchValues.Create([.. Enumerable.Range(0, char.MaxValue).Select(c => (char)c).Where(c => Unsafe.Contains(c) || c is '\t' or '\n')]);

    /// <summary>Text of several lines, which stay; so do tabs. A carriage return before a line feed is left out.</summary>
    public static string Block(string text) => Escaped(text.Replace("\r\n", "\n", StringComparison.Ordinal), Unsafe);

    /// <summary>Text in one line: line feeds and tabs become escapes too.</summary>
    public static string Line(string text) => Escaped(text, UnsafeInLine);

    /// <summary>The same JSON without such characters as they are. It has them within strings only, where an escape means the same; but for carriage returns, which are only between.</summary>
    public static string Json(string json) => Escaped(json.Replace('\r', ' '), Unsafe);

    private static string Escaped(string text, SearchValues<char> which)
    {
        var at = text.AsSpan().IndexOfAny(which);
        if (at < 0)
        {
            return text;
        }

        var safe = new StringBuilder(text.Length + 16);
        var rest = text.AsSpan();
        for (; at >= 0; at = rest.IndexOfAny(which))
        {
            safe.Append(rest[..at]);
            _ = rest[at] switch
            {
                '\t' => safe.Append("\\t"),
                '\n' => safe.Append("\\n"),
                '\r' => safe.Append("\\r"),
                var c => safe.Append("\\u").Append(((int)c).ToString("x4")),
            };
            rest = rest[(at + 1)..];
        }

        return safe.Append(rest).ToString();
    }
}
