using Spectre.Console;

namespace Mrq.Server.Output;

/// <summary>Which columns of a table a terminal has room for, and how wide each of them is.</summary>
/// <param name="Shown">Their places in the table, from the left.</param>
/// <param name="Widths">Characters of each that is shown.</param>
internal sealed record TableLayout(IReadOnlyList<int> Shown, IReadOnlyList<int> Widths)
{
    /// <summary>Characters between two columns.</summary>
    public const int Gap = 2;

    // Of a column that may be cut or wrapped: not less, and as much before another takes of it that matters less.
    private const int LeastWidth = 12;
    private const int FairWidth = 24;

    /// <summary>Characters of a whole line. More than the terminal has, where the columns that are never left out need as much.</summary>
    public int Width => Widths.Sum() + (Gap * (Widths.Count - 1));

    /// <summary>As many columns as have room, by their weight; each as wide as its widest cell, but for those that can give way.</summary>
    /// <param name="width">Characters in a line of the terminal.</param>
    public static TableLayout Of(TextTable table, int width)
    {
        var wanted = table.Columns.Select((column, i) => table.Rows.Select(row => SafeText.Line(row[i].Shown).GetCellWidth()).Append(column.Title.Length).Max()).ToArray();
        var least = table.Columns.Select((column, i) => column.Fit == ColumnFit.Whole ? wanted[i] : Math.Min(wanted[i], Math.Max(LeastWidth, column.Title.Length))).ToArray();
        var shown = Choose(table.Columns, least, [.. wanted.Zip(least, (whole, few) => Math.Max(few, Math.Min(whole, FairWidth)))], width);
        var excess = shown.Sum(i => wanted[i]) + (Gap * (shown.Count - 1)) - width;
        foreach (var i in shown.OrderByDescending(i => wanted[i] - least[i]))
        {
            var given = Math.Clamp(excess, 0, wanted[i] - least[i]);
            wanted[i] -= given;
            excess -= given;
        }

        return new TableLayout(shown, [.. shown.Select(i => wanted[i])]);
    }

    /// <summary>Text that has at most this width, with an ellipsis for what was cut away. (Text of Spectre is broken between words, whatever its column says of that.)</summary>
    public static string Cut(string text, int width)
    {
        if (text.GetCellWidth() <= width)
        {
            return text;
        }

        var (kept, used) = (0, 1);
        foreach (var rune in text.EnumerateRunes())
        {
            used += rune.ToString().GetCellWidth();
            if (used > width)
            {
                break;
            }

            kept += rune.Utf16SequenceLength;
        }

        return $"{text.AsSpan(0, kept).TrimEnd()}…";
    }

    private static List<int> Choose(IReadOnlyList<TextColumn> columns, int[] least, int[] fair, int width)
    {
        var chosen = new List<int>();
        var used = -Gap;
        foreach (var i in Enumerable.Range(0, columns.Count).OrderByDescending(i => columns[i].Weight ?? int.MaxValue))
        {
            if (columns[i].Weight is null || used + Gap + least[i] <= width)
            {
                chosen.Add(i);
                used += Gap + (columns[i].Fit == ColumnFit.Whole ? least[i] : fair[i]);
            }
        }

        return [.. chosen.Order()];
    }
}
