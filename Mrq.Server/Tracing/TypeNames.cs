using System.Text;

namespace Mrq.Server.Tracing;

/// <summary>Names of types as the runtime writes them, made readable.</summary>
internal static class TypeNames
{
    /// <summary><c>Dictionary`2[System.String,Leak[]]</c> becomes <c>Dictionary&lt;System.String, Leak[]&gt;</c>.</summary>
    public static string Readable(string name)
    {
        if (!name.Contains('`', StringComparison.Ordinal))
        {
            return name;
        }

        var text = new StringBuilder(name.Length);
        var closing = new Stack<char>();
        for (var i = 0; i < name.Length; i++)
        {
            switch (name[i])
            {
                case '`':
                    // The number of its parameters, and then these.
                    while (i + 1 < name.Length && char.IsAsciiDigit(name[i + 1]))
                    {
                        i++;
                    }

                    if (i + 1 < name.Length && name[i + 1] == '[')
                    {
                        i++;
                        text.Append('<');
                        closing.Push('>');
                    }

                    break;
                case '[':
                    text.Append('[');
                    closing.Push(']');
                    break;
                case ']':
                    text.Append(closing.TryPop(out var end) ? end : ']');
                    break;
                case ',' when closing.TryPeek(out var around) && around == '>':
                    text.Append(", ");
                    break;
                default:
                    text.Append(name[i]);
                    break;
            }
        }

        return text.ToString();
    }
}
