using System.Security;
using System.Text;
using Mrq.Jobs;

namespace Mrq.Server.Tracing;

/// <summary>Draws why an object is alive: the root on top, each object below the one that holds it. Browsers show it.</summary>
internal static class HeapPathPicture
{
    private const int BoxHeight = 36;
    private const int Step = 64;
    private const int Margin = 20;

    // Of the monospaced 13 px font; too wide is no harm.
    private const int CharacterWidth = 9;

    /// <summary>Writes <c>&lt;type&gt;-&lt;job&gt;.svg</c> into the folder, which is made when it is missing.</summary>
    /// <returns>Its path.</returns>
    public static string Write(string folder, string type, Job job, IReadOnlyList<string> path)
    {
        Directory.CreateDirectory(folder);
        var name = string.Concat(type.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' ? c : '-'));
        var file = Path.Combine(folder, $"{name[^Math.Min(name.Length, 100)..]}-{job.Id}.svg");
        File.WriteAllText(file, Draw(path));
        return file;
    }

    private static string Draw(IReadOnlyList<string> path)
    {
        var width = (path.Max(text => text.Length) * CharacterWidth) + (4 * Margin);
        var middle = width / 2;
        var svg = new StringBuilder();
        svg.AppendLine($"""<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{(path.Count * Step) + Margin}" font-family="ui-monospace, monospace" font-size="13" text-anchor="middle">""");
        svg.AppendLine("""<rect width="100%" height="100%" fill="#fff"/>""");
        for (var i = 0; i < path.Count; i++)
        {
            var (top, boxWidth) = (Margin + (i * Step), (path[i].Length * CharacterWidth) + (2 * Margin));
            var (fill, line) = i == 0 ? ("#e8f1ff", "#2563eb") : i == path.Count - 1 ? ("#fff1e6", "#c2410c") : ("#f6f7f9", "#6b7280");
            svg.AppendLine($"""<rect x="{middle - (boxWidth / 2)}" y="{top}" width="{boxWidth}" height="{BoxHeight}" rx="6" fill="{fill}" stroke="{line}"/>""");
            svg.AppendLine($"""<text x="{middle}" y="{top + 23}" fill="#111">{SecurityElement.Escape(path[i])}</text>""");
            if (i < path.Count - 1)
            {
                var (from, to) = (top + BoxHeight, top + Step);
                svg.AppendLine($"""<path d="M{middle} {from}V{to}M{middle - 5} {to - 7}L{middle} {to}L{middle + 5} {to - 7}" fill="none" stroke="#6b7280"/>""");
            }
        }

        return svg.Append("</svg>").AppendLine().ToString();
    }
}
