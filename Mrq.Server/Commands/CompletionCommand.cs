using Mrq.Server.Configuration;

namespace Mrq.Server.Commands;

/// <summary><c>mrq completion</c>: what makes a shell complete the command line of mrq.</summary>
internal sealed class CompletionCommand : CliCommand
{
    private static readonly IReadOnlyList<(string Shell, string How, string Script)> Shells =
    [
        ("bash", "eval \"$(mrq completion bash)\" in ~/.bashrc", """
            _mrq() {
                COMPREPLY=()
                while IFS= read -r word; do COMPREPLY+=("$word"); done < <("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
                if [ ${#COMPREPLY[@]} -eq 0 ]; then compopt -o default 2>/dev/null; fi
            }
            complete -F _mrq mrq
            """),
        ("zsh", "eval \"$(mrq completion zsh)\" in ~/.zshrc, after compinit", """
            _mrq() {
                local -a found
                found=("${(@f)$(${words[1]} complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
                if [[ -n "${found[*]}" ]]; then compadd -- "${found[@]}"; else _files; fi
            }
            compdef _mrq mrq
            """),
        ("fish", "mrq completion fish > ~/.config/fish/completions/mrq.fish", """
            complete -c mrq -f -a '(set -l words (commandline -opc) (commandline -ct); mrq complete -- $words[2..-1] 2>/dev/null)'
            """),
    ];

    public override string Name => "completion";

    public override string Summary => "Print what makes a shell complete commands, options, values and tasks.";

    public override string Arguments => "bash|zsh|fish";

    public override IReadOnlyList<(string Call, string Does)> Examples => [.. Shells.Select(shell => ($"mrq completion {shell.Shell}", shell.How))];

    public override IReadOnlyList<OptionGroup> Groups => [];

    public override IEnumerable<string> Check(CommandCall call)
    {
        if (call.Arguments is not [var shell] || Find(shell) is null)
        {
            yield return $"name one shell: {string.Join(", ", Shells.Select(known => known.Shell))}.";
        }
    }

    public override async Task<int> RunAsync(CommandCall call, CancellationToken cancellationToken)
    {
        await Console.Out.WriteLineAsync(Find(call.Arguments[0]));
        return ExitCode.Done;
    }

    private static string? Find(string shell) => Shells.FirstOrDefault(known => known.Shell == shell).Script;
}
