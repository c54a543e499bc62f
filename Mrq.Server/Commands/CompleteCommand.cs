using Mrq.Server.Commands.Completing;
using Mrq.Server.Configuration;

namespace Mrq.Server.Commands;

/// <summary>
/// <c>mrq complete -- WORDS</c>: what the last of the words can become, one a line; for the scripts of <see cref="CompletionCommand"/>. Exit code 1 says that it can
/// be the name of a file.
/// </summary>
internal sealed class CompleteCommand : CliCommand
{
    // With the start of the program half a second, which a person does not take for a delay yet.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(380);

    public override string Name => "complete";

    public override string Summary => "Print what the last word can become.";

    public override string Arguments => "-- WORD …";

    public override bool IsHidden => true;

    public override bool BearsErrors => true;

    public override bool TellsErrors => true;

    public override IReadOnlyList<OptionGroup> Groups => [];

    public override async Task<int> RunAsync(CommandCall call, CancellationToken cancellationToken)
    {
        var completed = await new Completion(new StoredNames(SettingsOf(call), Patience, TimeProvider.System)).OfAsync(call.Arguments);
        foreach (var word in completed.Words)
        {
            await Console.Out.WriteLineAsync(word);
        }

        return completed.IsFile ? ExitCode.Failed : ExitCode.Done;
    }

    /// <summary>Where tasks and stores are, by files, environment and the finished words of the line; null: something of it is wrong.</summary>
    private static ServerSettings? SettingsOf(CommandCall call) => CommandLine.Parse([.. call.Arguments.SkipLast(1)]) is CommandLineResult.Call line
        ? SettingsSource.Read([OptionGroup.Store, OptionGroup.Tasks, OptionGroup.Jobs, OptionGroup.General], line.Options, call.Managed.Files).Settings
        : null;
}
