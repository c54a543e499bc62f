using Mrq.Server.Configuration;

namespace Mrq.Server.Commands;

/// <summary>
/// Gives every switch of a command line its value with <c>=</c>: the parser would take for it whatever follows, as the task in <c>mrq run --wait samples.add</c>.
/// </summary>
internal static class SwitchValues
{
    /// <param name="args">What follows the command's name, up to <c>--</c>.</param>
    public static List<string> Give(CliCommand command, List<string> args)
    {
        var switches = ServerOptions.All.Cast<CommandLineOption>().Concat(command.Options).Where(o => o.IsSwitch).SelectMany(o => o.Spellings).ToHashSet(StringComparer.Ordinal);
        var result = new List<string>();
        for (var i = 0; i < args.Count; i++)
        {
            if (!switches.Contains(args[i]))
            {
                result.Add(args[i]);
                continue;
            }

            var next = i + 1 < args.Count && !CommandLine.IsOption(args[i + 1]) ? args[i + 1] : null;
            // Where nothing else may follow, it is meant for the switch, and perhaps wrong.
            var isValue = next is not null && (command.Arguments.Length == 0 || OptionValue.Flag.Check(next) is null);
            result.Add($"{args[i]}={(isValue ? next : "true")}");
            i += isValue ? 1 : 0;
        }

        return result;
    }
}
