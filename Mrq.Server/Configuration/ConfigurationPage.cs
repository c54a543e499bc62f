using System.Text;

namespace Mrq.Server.Configuration;

/// <summary>Writes docs/configuration.md from the definition of all settings.</summary>
internal static class ConfigurationPage
{
    public static string Write()
    {
        var text = new StringBuilder(
            """
            # Configuration

            <!-- Written by `mrq config --docs` from Mrq.Server/Configuration/ServerOptions.cs. Do not edit. -->

            Every setting has one name in four places. The first that says something holds, even when it says the default:

            1. the command line: `--dashboard_port 80` (or `--dashboard-port=80`),
            2. the environment: `MRQ_DASHBOARD_PORT=80`,
            3. a file: the one that `--config` (or `MRQ_CONFIG`) names, else `./mrq.json`: `{ "dashboard_port": 80 }`, alone or in a section `"Mrq"` beside the configuration of your tasks,
            4. `appsettings.json` in the working folder or beside the program, section `"Mrq"`.

            `mrq config` prints what holds and who said so, passwords hidden. All that is wrong is told at once, before anything starts, with exit code 2.
            A file's unknown setting is an error that names the closest known one; an unknown `MRQ_…` variable is a warning when it looks like a slip.

            Times are seconds or have a unit (`500ms`, `30s`, `5m`, `1h`, `7d`), sizes are bytes or have one (`512KB`, `4MB`). Lists are separated by commas or spaces; in a file they may be arrays.

            A setting marked **reloads** holds as soon as the file that says it changes (or at SIGHUP), without a restart; so do `Schedules`. What was given on the command line or in the environment goes on beating the file.
            A change that needs a restart, or a mistake, is a line in the log, and nothing else changes.

            Single tasks, raw queues, limits of queues and schedules have sections of their own in the files: `Tasks` and `QueueLimits` ([routing.md](routing.md)), `RawQueues` ([raw-queues.md](raw-queues.md)),
            `Schedules` ([schedules.md](schedules.md)).

            """).Append('\n');
        foreach (var group in OptionGroup.All)
        {
            text.Append("## ").Append(group.Title).Append("\n\n| setting | value | default | |\n| --- | --- | --- | --- |\n");
            foreach (var option in ServerOptions.All.Where(o => o.Group == group))
            {
                text.Append("| `").Append(option.Name).Append('`');
                var others = option.Aliases.Select(alias => $"`{alias}`").Concat(option.Letter is { } letter ? [$"`-{letter}`"] : []).ToList();
                text.Append(others.Count == 0 ? "" : $", also {string.Join(", ", others)}")
                    .Append(" | ").Append(Cell(option.ValueName)).Append(" | ").Append(Cell(option.Default ?? "")).Append(" | ").Append(Cell(option.Help))
                    .Append(option.Reloads ? " **reloads**" : "").Append(" |\n");
            }

            text.Append('\n');
        }

        text.Append("## Options of the original that are not used\n\nThey are accepted with a warning, so that a configuration that comes from there starts.\n\n| option | |\n| --- | --- |\n");
        foreach (var former in FormerOptions.All)
        {
            text.Append("| `").Append(former.Name).Append("` | ").Append(Cell(former.Reason)).Append(" |\n");
        }

        return text.ToString();
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
