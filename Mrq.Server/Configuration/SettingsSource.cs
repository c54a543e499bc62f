using Mrq.Server.Commands;

namespace Mrq.Server.Configuration;

/// <summary>Where the settings of this process come from, to be read again when a file has changed.</summary>
/// <param name="groups">What its command heeds.</param>
/// <param name="commandLine">What the command line says, which does not change.</param>
/// <param name="first">What was read at the start.</param>
internal sealed class SettingsSource(IReadOnlyList<OptionGroup> groups, IReadOnlyList<GivenOption> commandLine, ReadSettings first)
{
    public SettingsSource(CliCommand command, CommandCall call)
        : this(command.Groups, call.CommandLine, call.Read)
    {
    }

    /// <summary>What was read at the start.</summary>
    public ReadSettings First => first;

    /// <summary>Reads files and environment again.</summary>
    public ReadSettings Read() => Read(groups, commandLine);

    public static ReadSettings Read(IReadOnlyList<OptionGroup> groups, IReadOnlyList<GivenOption> commandLine) =>
        new SettingsReader(Environment.CurrentDirectory, Environment.GetEnvironmentVariables(), groups).Read(commandLine);
}
