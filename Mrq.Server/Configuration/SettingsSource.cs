using Mrq.Server.Commands;

namespace Mrq.Server.Configuration;

/// <summary>Where the settings of this process come from, to be read again when a file has changed.</summary>
/// <param name="command">The command of the process, whose groups of options are heeded.</param>
/// <param name="call">Its call: what the command line says, which does not change, and what was read at the start.</param>
internal sealed class SettingsSource(CliCommand command, CommandCall call)
{
    /// <summary>What was read at the start.</summary>
    public ReadSettings First => call.Read;

    /// <summary>What the command line said.</summary>
    public IReadOnlyList<GivenOption> CommandLine => call.CommandLine;

    /// <summary>True: a supervisor reads the same, and tells of it.</summary>
    public bool IsSupervised => call.Managed.IsWorkerProcess;

    /// <summary>Reads files and environment again.</summary>
    /// <param name="files">What the files say now.</param>
    public ReadSettings Read(ConfigurationFiles files)
    {
        var read = call.Managed.Adapt(Read(command.Groups, call.CommandLine, files));
        string[] errors = [.. read.Errors, .. command.Check(call with { Read = read })];
        return errors.Length == 0 ? read : read with { Settings = null, Errors = errors };
    }

    /// <param name="files">What the files say.</param>
    public static ReadSettings Read(IReadOnlyList<OptionGroup> groups, IReadOnlyList<GivenOption> commandLine, ConfigurationFiles files) =>
        new SettingsReader(Environment.CurrentDirectory, Environment.GetEnvironmentVariables(), groups, files).Read(commandLine);
}
