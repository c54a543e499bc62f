using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;

namespace Mrq.Server.Output;

/// <summary>
/// Stdout of a command: on a terminal tables with colours, in a pipe the bare rows with tabs between their cells, which <c>cut</c> and <c>awk</c> read. Nothing is
/// ever taken for markup or for a terminal's command.
/// </summary>
internal sealed class CommandOutput : IDisposable
{
    private readonly StreamWriter _writer = new(StandardStream.OpenOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 16 * 1024);

    /// <summary>One line of our own words or of safe text.</summary>
    public void Line(string text) => _writer.Write($"{text}\n");

    /// <summary>Rows; where a person reads, their titles over them, even when there are none.</summary>
    public void Table(TextTable table)
    {
        if (Terminal.IsOutput)
        {
            Draw(table);
            return;
        }

        foreach (var row in table.Rows)
        {
            Line(string.Join('\t', row.Select(cell => SafeText.Line(cell.Plain ?? cell.Shown))));
        }
    }

    /// <summary>One JSON value and a line feed: with indents where a person reads.</summary>
    /// <param name="inOneLine">True: never with indents, being one of many.</param>
    public void Json(Action<Utf8JsonWriter> write, bool inOneLine = false)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = Terminal.IsOutput && !inOneLine }))
        {
            write(json);
        }

        Line(SafeText.Json(Encoding.UTF8.GetString(buffer.WrittenSpan)));
    }

    /// <summary>A JSON text: with indents where a person reads, else as it is.</summary>
    /// <param name="json">Null: the JSON null.</param>
    public void Value(string? json)
    {
        using var document = Terminal.IsOutput && json is not null ? JsonDocument.Parse(json) : null;
        if (document is null)
        {
            Line(SafeText.Json(json ?? "null"));
        }
        else
        {
            Json(document.WriteTo);
        }
    }

    /// <summary>Everything so far reaches the reader.</summary>
    /// <exception cref="OutputClosedException">There is none.</exception>
    public void Flush() => _writer.Flush();

    public void Dispose()
    {
        try
        {
            _writer.Dispose();
        }
        catch (IOException)
        {
            // Flush, which comes before, tells it.
        }
    }

    private void Draw(TextTable table)
    {
        var layout = TableLayout.Of(table, Terminal.Width);
        // Never less than the table needs: what does not fit is broken by the terminal, and whole all the same.
        QuietOutput.Draw(_writer, Drawn(table, layout), layout.Width, Terminal.HasColors);
        if (layout.Shown.Count < table.Columns.Count)
        {
            var leftOut = table.Columns.Where((_, i) => !layout.Shown.Contains(i)).Select(column => column.Title);
            var notice = $"\nThe terminal is too narrow for: {string.Join(", ", leftOut)}. --json prints all.\n";
            QuietOutput.Draw(_writer, new Text(notice, StyleOf(TextStyle.Dim)), int.MaxValue, Terminal.HasColors);
        }
    }

    private static Table Drawn(TextTable table, TableLayout layout)
    {
        var drawn = new Table { Border = TableBorder.None, ShowHeaders = true };
        foreach (var (i, width) in layout.Shown.Zip(layout.Widths))
        {
            drawn.AddColumn(new TableColumn(new Text(table.Columns[i].Title.ToUpperInvariant(), new Style(decoration: Decoration.Bold)))
            {
                Padding = new Padding(0, 0, i == layout.Shown[^1] ? 0 : TableLayout.Gap, 0),
                Alignment = table.Columns[i].IsRight ? Justify.Right : Justify.Left,
                Width = width,
            });
        }

        foreach (var row in table.Rows)
        {
            drawn.AddRow(layout.Shown.Zip(layout.Widths, (i, width) => new Text(
                table.Columns[i].Fit == ColumnFit.Cut ? TableLayout.Cut(SafeText.Line(row[i].Shown), width) : SafeText.Line(row[i].Shown), StyleOf(row[i].Style))));
        }

        return drawn;
    }

    private static Style StyleOf(TextStyle style) => style switch
    {
        TextStyle.Dim => new Style(Color.Grey),
        TextStyle.Good => new Style(Color.Green),
        TextStyle.Busy => new Style(Color.Aqua),
        TextStyle.Waiting => new Style(Color.Blue),
        TextStyle.Warning => new Style(Color.Yellow),
        TextStyle.Bad => new Style(Color.Red),
        _ => Style.Plain,
    };
}
