using Mrq.Server.Configuration;

namespace Mrq.Server.Commands;

/// <summary><c>mrq complete -- WORDS</c>: what the last of the words can become, one a line; for the scripts of <see cref="CompletionCommand"/>.</summary>
internal sealed class CompleteCommand : CliCommand
{
    public override string Name => "complete";

    public override string Summary => "Print what the last word can become.";

    public override string Arguments => "-- WORD …";

    public override bool IsHidden => true;

    public override bool BearsErrors => true;

    public override IReadOnlyList<OptionGroup> Groups => [OptionGroup.Tasks];

    public override async Task<int> RunAsync(CommandCall call, CancellationToken cancellationToken)
    {
        foreach (var word in Completion.Of(call.Arguments, () => TaskNames.Of(call.Read.Settings ?? new ServerSettings())))
        {
            await Console.Out.WriteLineAsync(word);
        }

        return ExitCode.Done;
    }
}
