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

/// <param name="Title">What stands over it for people.</param>
/// <param name="IsRight">True: numbers, which end under each other.</param>
/// <param name="Yields">True: it is cut where the table is wider than the terminal.</param>
internal sealed record TextColumn(string Title, bool IsRight = false, bool Yields = false);

/// <summary>A cell.</summary>
/// <param name="Shown">For people.</param>
/// <param name="Plain">For programs, in pipes: a time where people read how long ago; null: the same.</param>
internal readonly record struct TextCell(string Shown, TextStyle Style = TextStyle.Plain, string? Plain = null)
{
    public static implicit operator TextCell(string text) => new(text);
}

/// <summary>Rows of text: a table for people, lines of cells with tabs between them for programs.</summary>
internal sealed record TextTable(IReadOnlyList<TextColumn> Columns, IReadOnlyList<IReadOnlyList<TextCell>> Rows);
