using System.Text;
using Mrq.Server.Configuration;
using Mrq.Server.Output;

namespace Mrq.Server.Commands;

/// <summary>What <c>--help</c> prints.</summary>
internal static class CommandHelp
{
    private const int Column = 34;
    private const int MostWidth = 120;
    private const int LeastWidth = 60;

    private static int Width => Terminal.IsOutput ? Math.Clamp(Terminal.Width - 1, LeastWidth, MostWidth) : 110;

    /// <summary>The commands, and all settings.</summary>
    public static string OfAll()
    {
        var text = new StringBuilder($"mrq {CommandLine.Version}: a job queue with its dashboard.\n\nUsage: mrq [COMMAND] [OPTIONS]\n");
        Heading(text, "Commands");
        foreach (var command in CommandTable.Shown)
        {
            Entry(text, $"  {command.Name} {command.Arguments}", command == CommandTable.Server ? $"{command.Summary} This is what mrq does without a command." : command.Summary);
        }

        text.Append('\n');
        Entry(text, "", "mrq COMMAND --help tells more of each. Settings of mrq server, of which the others heed what concerns them:", column: 0);
        Settings(text, OptionGroup.All);
        return text.ToString().TrimEnd('\n');
    }

    /// <summary>One command: what it does, its own options, the settings that it heeds.</summary>
    public static string Of(CliCommand command)
    {
        var text = new StringBuilder();
        Entry(text, "", $"mrq {command.Name}: {command.Summary}", column: 0);
        text.Append($"\nUsage: mrq {command.Name} {(command.Arguments.Length == 0 ? "" : $"{command.Arguments} ")}[OPTIONS]\n");
        foreach (var note in command.Notes)
        {
            text.Append('\n');
            Entry(text, "", note, column: 0);
        }

        if (command.Examples.Count > 0)
        {
            Heading(text, "Examples");
            foreach (var (call, does) in command.Examples)
            {
                text.Append("  ").Append(call).Append('\n');
                Entry(text, "", does, column: 6);
            }
        }

        if (command.Options.Count > 0)
        {
            Heading(text, "Options");
            foreach (var option in command.Options)
            {
                Entry(text, $"  {Names(option)}", WithDefault(option));
            }
        }

        Settings(text, command.Groups);
        return text.ToString().TrimEnd('\n');
    }

    private static void Settings(StringBuilder text, IReadOnlyList<OptionGroup> groups)
    {
        foreach (var group in OptionGroup.All.Where(groups.Contains))
        {
            Heading(text, group.Title);
            foreach (var option in ServerOptions.All.Where(o => o.Group == group))
            {
                Entry(text, $"  {Names(option)}", option.Reloads ? $"{WithDefault(option)} [reloads]" : WithDefault(option));
            }

            if (group == OptionGroup.General)
            {
                Entry(text, "  --help, --version", "Print this, or the version.");
            }
        }

        if (groups.Count > 0)
        {
            AppendRules(text);
        }
    }

    private static void AppendRules(StringBuilder text)
    {
        text.Append('\n');
        Entry(text, "", "Names may be written with - or _. The same settings are read from the environment (MRQ_DASHBOARD_PORT=80) and from files: "
            + "command line > environment > --config or ./mrq.json > appsettings.json > default. Times are seconds or have a unit (500ms, 30s, 5m, 1h, 7d), "
            + "sizes are bytes or have one (512KB, 4MB).", column: 0);
        text.Append('\n');
        Entry(text, "", "[reloads]: a change in the file holds at once, without a restart; so do schedules. SIGHUP reads the files again, too.", column: 0);
    }

    private static string Names(CommandLineOption option)
    {
        var names = option.Names.Select(n => $"--{n}");
        var value = option.ValueName.Length == 0 ? "" : option.IsSwitch ? $" [{option.ValueName}]" : $" {option.ValueName}";
        return $"{string.Join(", ", option.Letter is { } letter ? names.Prepend($"-{letter}") : names)}{value}";
    }

    private static string WithDefault(CommandLineOption option) => option.Default is null ? option.Help : $"{option.Help} Default: {option.Default}.";

    private static void Heading(StringBuilder text, string title) =>
        text.Append('\n').Append(Terminal.HasColors ? $"\u001b[1m{title}:\u001b[0m" : $"{title}:").Append('\n');

    private static void Entry(StringBuilder text, string left, string help, int column = Column) => WrappedText.Append(text, left, help, column, Width);
}
