using System.Text;
using System.Text.Json;
using Mrq.Server.Configuration;
using Mrq.Server.Output;

namespace Mrq.Server.Commands;

/// <summary><c>mrq config</c>: every setting that holds, and who said so.</summary>
internal sealed class ConfigCommand : CliCommand
{
    private static readonly CallOption<bool> Json = CommonOptions.Json;

    private static readonly CallOption<bool> Docs = new()
    {
        Name = "docs",
        Value = OptionValue.Given,
        IsSwitch = true,
        Help = "Print docs/configuration.md instead, which is made of the definition of all settings.",
    };

    public override string Name => "config";

    public override string Summary => "Print every setting that holds and who said so; passwords are hidden.";

    public override IReadOnlyList<string> Notes =>
        ["It takes all settings of mrq server and starts nothing: give it the options that you mean to start with. What is wrong is told on stderr, with exit code 2."];

    public override IReadOnlyList<(string Call, string Does)> Examples =>
    [
        ("mrq config --config prod.json", "What a server of this file would run with."),
        ("mrq config --json | jq .queues", "One of them, for scripts."),
    ];

    public override IReadOnlyList<OptionGroup> Groups => OptionGroup.All;

    public override IReadOnlyList<CallOption> Options => [Json, Docs];

    public override bool BearsErrors => true;

    public override async Task<int> RunAsync(CommandCall call, CancellationToken cancellationToken)
    {
        if (call.IsOn(Docs))
        {
            await Console.Out.WriteAsync(ConfigurationPage.Write());
            return ExitCode.Done;
        }

        await Console.Out.WriteLineAsync(call.IsOn(Json) ? AsJson(call.Read) : AsText(call.Read, Terminal.IsOutput ? Terminal.Width : int.MaxValue));
        return call.Read.Errors.Count == 0 ? ExitCode.Done : ExitCode.Wrong;
    }

    private static string AsText(ReadSettings read, int width)
    {
        var text = new StringBuilder();
        var rows = ServerOptions.All.Select(option => (Option: option, Held: EffectiveOption.Of(option, read))).ToList();
        var (name, value) = (rows.Max(row => row.Option.Name.Length), Math.Min(44, rows.Max(row => row.Held.Value.Length)));
        // Where a source would not stand in the same line it follows its value, and both are wrapped.
        var isWide = rows.Max(row => 6 + name + Math.Max(value, row.Held.Value.Length) + row.Held.Source.Length) <= width;
        foreach (var group in OptionGroup.All)
        {
            text.Append(text.Length == 0 ? "" : "\n").Append(group.Title).Append(":\n");
            foreach (var (option, held) in rows.Where(row => row.Option.Group == group))
            {
                if (isWide)
                {
                    text.Append("  ").Append(option.Name.PadRight(name)).Append("  ").Append(held.Value.PadRight(value)).Append("  ").Append(held.Source).Append('\n');
                }
                else
                {
                    WrappedText.Append(text, $"  {option.Name}", $"{held.Value} ({held.Source})", name + 4, width);
                }
            }
        }

        var sections = EffectiveOption.Sections(read).ToList();
        if (sections.Count > 0)
        {
            text.Append("\nTasks, queues and schedules (files):\n");
            sections.ForEach(section => text.Append("  ").Append(section.Key).Append(" = ").Append(section.Value).Append('\n'));
        }

        text.Append("\nFiles:\n");
        foreach (var file in read.Files)
        {
            text.Append("  ").Append(file).Append(File.Exists(file) ? "" : "  (is not there)").Append('\n');
        }

        return text.ToString().TrimEnd('\n');
    }

    private static string AsJson(ReadSettings read)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            foreach (var option in ServerOptions.All)
            {
                var held = EffectiveOption.Of(option, read);
                json.WriteStartObject(option.Name);
                Write(json, "value", option, held.Text);
                json.WriteString("source", held.Source);
                Write(json, "default", option, option.Default);
                json.WriteEndObject();
            }

            json.WriteStartObject("sections");
            foreach (var (key, value) in EffectiveOption.Sections(read))
            {
                json.WriteString(key, value);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void Write(Utf8JsonWriter json, string name, OptionDefinition option, string? text)
    {
        json.WritePropertyName(name);
        if (text is null)
        {
            json.WriteNullValue();
        }
        else
        {
            option.Write(json, text);
        }
    }
}
