using System.Text;
using Spectre.Console;

namespace Mrq.Server.Output;

/// <summary>Where Spectre draws tables. Its own kind asks the Console, which then switches the terminal's keys: see <see cref="StandardStream"/>.</summary>
internal sealed class QuietOutput(TextWriter writer) : IAnsiConsoleOutput
{
    public TextWriter Writer => writer;

    public bool IsTerminal => true;

    public int Width => Terminal.Width;

    public int Height => int.MaxValue;

    public void SetEncoding(Encoding encoding)
    {
        // It is always UTF-8.
    }
}
