using System.Text;

namespace Mrq.Server.Output;

/// <summary>Two columns of text: short words on the left, and on the right what they mean, broken between words.</summary>
internal static class WrappedText
{
    /// <summary>Adds one entry, which ends with a line feed.</summary>
    /// <param name="left">What begins the line; when it reaches <paramref name="column"/>, the right side begins in the next.</param>
    /// <param name="right">A word that is longer than a line stays whole.</param>
    /// <param name="column">Where the right side begins in every line, from 0.</param>
    /// <param name="width">Most characters in a line.</param>
    public static void Append(StringBuilder text, string left, string right, int column, int width)
    {
        text.Append(left);
        var at = left.Length;
        if (at > column - 2 && at > 0)
        {
            text.Append('\n');
            at = 0;
        }

        foreach (var word in right.Split(' '))
        {
            if (at >= column && at > 0 && at + 1 + word.Length > width)
            {
                text.Append('\n');
                at = 0;
            }

            var gap = at < column ? column - at : at == 0 || (at == column && left.Length == 0) ? 0 : 1;
            text.Append(' ', gap).Append(word);
            at += gap + word.Length;
        }

        text.Append('\n');
    }
}
