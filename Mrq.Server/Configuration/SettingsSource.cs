using Mrq.Server.Commands;
using Mrq.Server.Processes;

namespace Mrq.Server.Configuration;

/// <summary>Where the settings of this process come from, to be read again when a file has changed.</summary>
/// <param name="groups">What its command heeds.</param>
/// <param name="commandLine">What the command line says, which does not change.</param>
/// <param name="first">What was read at the start.</param>
/// <param name="managed">Whose settings they are.</param>
internal sealed class SettingsSource(IReadOnlyList<OptionGroup> groups, IReadOnlyList<GivenOption> commandLine, ReadSettings first, ManagedProcess managed)
{
    public SettingsSource(CliCommand command, CommandCall call)
        : this(command.Groups, call.CommandLine, call.Read, call.Managed)
    {
    }

    /// <summary>What was read at the start.</summary>
    public ReadSettings First => first;

    /// <summary>Reads files and environment again.</summary>
    public ReadSettings Read() => managed.Adapt(Read(groups, commandLine));

    public static ReadSettings Read(IReadOnlyList<OptionGroup> groups, IReadOnlyList<GivenOption> commandLine) =>
        new SettingsReader(Environment.CurrentDirectory, Environment.GetEnvironmentVariables(), groups).Read(commandLine);
}
