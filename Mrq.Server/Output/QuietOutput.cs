using System.Text;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Mrq.Server.Output;

/// <summary>
/// Where Spectre draws tables. Its own kinds ask the Console, and where there are no colours set the Console's: both switch the terminal's keys (see <see cref="StandardStream"/>).
/// </summary>
internal sealed class QuietOutput : IAnsiConsoleOutput
{
    private QuietOutput(TextWriter writer) => Writer = writer;

    public TextWriter Writer { get; }

    public bool IsTerminal => false;

    public int Width => Terminal.Width;

    public int Height => int.MaxValue;

    /// <summary>Writes what is drawn over so many columns, with colours or as bare text.</summary>
    public static void Draw(TextWriter writer, IRenderable drawn, int width, bool hasColors)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = ColorSystemSupport.Standard,
            Interactive = InteractionSupport.No,
            Out = new QuietOutput(writer),
        });
        console.Profile.Width = width;
        console.Profile.Capabilities.Unicode = true;
        if (hasColors)
        {
            console.Write(drawn);
            return;
        }

        foreach (var segment in drawn.Render(RenderOptions.Create(console), width).Where(segment => !segment.IsControlCode))
        {
            writer.Write(segment.Text);
        }
    }

    public void SetEncoding(Encoding encoding)
    {
        // It is always UTF-8.
    }
}
