namespace Mrq.Server.Output;

/// <summary>How a cell looks where there are colours.</summary>
internal enum TextStyle
{
    Plain,
    Dim,
    Good,
    Busy,
    Waiting,
    Warning,
    Bad,
}

/// <summary>What becomes of a column where the terminal is too narrow for its widest cell.</summary>
internal enum ColumnFit
{
    /// <summary>Its cells are shown whole or not at all: half an id, or half a number, is another one.</summary>
    Whole,

    /// <summary>Its cells are cut, and end in an ellipsis.</summary>
    Cut,

    /// <summary>Its cells go on in the next line.</summary>
    Wrapped,
}

/// <param name="Title">What stands over it for people.</param>
/// <param name="IsRight">True: numbers, which end under each other.</param>
/// <param name="Weight">How much it matters: where the terminal is too narrow for all, those of least weight are left out. Null: it is never left out.</param>
internal sealed record TextColumn(string Title, bool IsRight = false, ColumnFit Fit = ColumnFit.Whole, int? Weight = null);

/// <summary>A cell.</summary>
/// <param name="Shown">For people.</param>
/// <param name="Plain">For programs, in pipes: a time where people read how long ago; null: the same.</param>
internal readonly record struct TextCell(string Shown, TextStyle Style = TextStyle.Plain, string? Plain = null)
{
    public static implicit operator TextCell(string text) => new(text);
}

/// <summary>Rows of text: a table for people, lines of cells with tabs between them for programs. A command whose columns may be left out has <c>--json</c>.</summary>
internal sealed record TextTable(IReadOnlyList<TextColumn> Columns, IReadOnlyList<IReadOnlyList<TextCell>> Rows);
