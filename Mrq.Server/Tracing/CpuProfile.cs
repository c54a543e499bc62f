using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Mrq.Server.Tracing;

/// <summary>What <c>--profile</c> leaves: a table to read, and a file for speedscope, which draws it.</summary>
internal static class CpuProfile
{
    private const int MostMethods = 40;

    /// <summary>Writes <c>&lt;name&gt;.txt</c> and <c>&lt;name&gt;.speedscope.json</c>, each as one piece.</summary>
    public static void Write(string folder, string name, CallTree tree, TimeSpan watched)
    {
        Directory.CreateDirectory(folder);
        Replace(Path.Combine(folder, $"{name}.txt"), Encoding.UTF8.GetBytes(Table(tree, watched)));
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            WriteSpeedscope(writer, tree, name);
        }

        Replace(Path.Combine(folder, $"{name}.speedscope.json"), json.ToArray());
    }

    /// <summary>The method with the most time in itself; null: no time was seen.</summary>
    public static (string Method, double Share)? Hottest(CallTree tree) =>
        tree.ByMethod() is { Count: > 0 } methods && methods.MaxBy(m => m.Value.Self) is var most ? (most.Key, most.Value.Self / tree.Total) : null;

    private static string Table(CallTree tree, TimeSpan watched)
    {
        var all = tree.Total;
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"Time of threads in managed code: {all:N2} s, in {watched.TotalSeconds:N1} s that were watched. Threads that wait, and native code, do not count; on a busy machine it is more than CPU time.");
        text.AppendLine();
        text.AppendLine("   self  with calls  method");
        foreach (var (method, (self, total)) in tree.ByMethod().OrderByDescending(m => m.Value.Self).ThenByDescending(m => m.Value.Total).Take(MostMethods))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{100 * self / all,6:N1}% {100 * total / all,10:N1}%  {method}");
        }

        return text.ToString();
    }

    private static void WriteSpeedscope(Utf8JsonWriter json, CallTree tree, string name)
    {
        var frames = new Dictionary<string, int>(StringComparer.Ordinal);
        var samples = new List<(int[] Stack, double Seconds)>();
        Collect(tree, []);

        json.WriteStartObject();
        json.WriteString("$schema", "https://www.speedscope.app/file-format-schema.json");
        json.WriteString("exporter", "mrq");
        json.WriteStartObject("shared");
        json.WriteStartArray("frames");
        foreach (var frame in frames.Keys)
        {
            json.WriteStartObject();
            json.WriteString("name", frame);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartArray("profiles");
        json.WriteStartObject();
        json.WriteString("type", "sampled");
        json.WriteString("name", name);
        json.WriteString("unit", "seconds");
        json.WriteNumber("startValue", 0);
        json.WriteNumber("endValue", tree.Total);
        json.WriteStartArray("samples");
        foreach (var (stack, _) in samples)
        {
            json.WriteStartArray();
            foreach (var frame in stack)
            {
                json.WriteNumberValue(frame);
            }

            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteStartArray("weights");
        foreach (var (_, seconds) in samples)
        {
            json.WriteNumberValue(seconds);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();

        void Collect(CallTree node, List<int> stack)
        {
            if (node.Self > 0)
            {
                samples.Add(([.. stack], node.Self));
            }

            foreach (var call in node.Calls)
            {
                if (!frames.TryGetValue(call.Method, out var frame))
                {
                    frames[call.Method] = frame = frames.Count;
                }

                stack.Add(frame);
                Collect(call, stack);
                stack.RemoveAt(stack.Count - 1);
            }
        }
    }

    private static void Replace(string file, byte[] content)
    {
        var next = $"{file}.next";
        File.WriteAllBytes(next, content);
        File.Move(next, file, overwrite: true);
    }
}
