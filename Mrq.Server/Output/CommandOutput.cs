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
    private const int Gap = 2;
    private const int LeastWidth = 12;

    private readonly StreamWriter _writer = new(StandardOutput.Open(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 16 * 1024);

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
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = Terminal.HasColors ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = Terminal.HasColors ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(_writer),
        });
        console.Profile.Width = Terminal.Width;
        console.Profile.Capabilities.Unicode = true;
        var widths = Widths(table);
        var drawn = new Table { Border = TableBorder.None, ShowHeaders = true };
        for (var i = 0; i < table.Columns.Count; i++)
        {
            drawn.AddColumn(new TableColumn(new Text(table.Columns[i].Title.ToUpperInvariant(), new Style(decoration: Decoration.Bold)))
            {
                NoWrap = true,
                Padding = new Padding(0, 0, i + 1 == table.Columns.Count ? 0 : Gap, 0),
                Alignment = table.Columns[i].IsRight ? Justify.Right : Justify.Left,
                Width = widths[i],
            });
        }

        foreach (var row in table.Rows)
        {
            drawn.AddRow(row.Select(cell => new Text(SafeText.Line(cell.Shown), StyleOf(cell.Style)) { Overflow = Overflow.Ellipsis }));
        }

        console.Write(drawn);
    }

    /// <summary>Each column as wide as its widest cell; those that yield share what the others leave.</summary>
    private static int[] Widths(TextTable table)
    {
        var wanted = table.Columns.Select((column, i) =>
            table.Rows.Select(row => SafeText.Line(row[i].Shown).GetCellWidth()).Append(column.Title.Length).Max()).ToArray();
        var excess = wanted.Sum() + (Gap * (wanted.Length - 1)) - Terminal.Width;
        foreach (var i in Enumerable.Range(0, wanted.Length).Where(i => table.Columns[i].Yields).OrderByDescending(i => wanted[i]))
        {
            var given = Math.Clamp(excess, 0, Math.Max(0, wanted[i] - LeastWidth));
            wanted[i] -= given;
            excess -= given;
        }

        return wanted;
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
