using Mrq.Server.Configuration;

namespace Mrq.Server.Commands;

/// <summary><c>mrq completion</c>: what makes a shell complete the command line of mrq.</summary>
internal sealed class CompletionCommand : CliCommand
{
    private static readonly IReadOnlyList<(string Shell, string How, string Script)> Shells =
    [
        ("bash", "eval \"$(mrq completion bash)\" in ~/.bashrc", """
            _mrq() {
                local rest="${COMP_LINE:0:COMP_POINT}" words=() word last cut="" found i
                # Bash may end words at = and :, which are parts of ours: what no space stands before belongs to the word before.
                for ((i = 0; i <= COMP_CWORD; i++)); do
                    word="${COMP_WORDS[i]}"
                    if ((i > 0)) && [[ "$rest" != [[:space:]]* ]]; then
                        words[${#words[@]}-1]+="$word"
                    else
                        words+=("$word")
                    fi
                    rest="${rest#"${rest%%[![:space:]]*}"}"
                    rest="${rest#"$word"}"
                done
                # Bash has the begin of such a word on the line already.
                last="${words[${#words[@]}-1]}"
                for i in = :; do
                    if [[ "$COMP_WORDBREAKS" == *"$i"* ]]; then
                        word="${last%"${last##*"$i"}"}"
                        if ((${#word} > ${#cut})); then cut="$word"; fi
                    fi
                done
                found="$("${COMP_WORDS[0]}" complete -- "${words[@]:1}" 2>/dev/null)"
                if [ $? -eq 1 ]; then compopt -o default 2>/dev/null; fi
                COMPREPLY=()
                while IFS= read -r word; do if [ -n "$word" ]; then COMPREPLY+=("${word#"$cut"}"); fi; done <<< "$found"
                if [[ ${#COMPREPLY[@]} -eq 1 && "${COMPREPLY[0]}" == *= ]]; then compopt -o nospace 2>/dev/null; fi
            }
            complete -F _mrq mrq
            """),
        ("zsh", "eval \"$(mrq completion zsh)\" in ~/.zshrc, after compinit", """
            _mrq() {
                local -a found
                local text code
                text="$(${words[1]} complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)"
                code=$?
                found=("${(@f)text}")
                if [[ -n "$text" ]]; then
                    compadd -S '' -- ${(M)found:#*=}
                    compadd -- ${found:#*=}
                elif (( code == 1 )); then
                    if [[ "$PREFIX" == --*=* ]]; then compset -P '*='; fi
                    _files
                fi
            }
            compdef _mrq mrq
            """),
        ("fish", "mrq completion fish > ~/.config/fish/completions/mrq.fish", """
            function __mrq_complete
                set -l words (commandline -opc) (commandline -ct)
                mrq complete -- $words[2..-1] 2>/dev/null
                if test $status -eq 1
                    set -l option (string match -r '^--[^=]*=' -- (commandline -ct))
                    for path in (__fish_complete_path (string replace -r '^--[^=]*=' '' -- (commandline -ct)))
                        echo "$option$path"
                    end
                end
            end
            complete -c mrq -f -a '(__mrq_complete)'
            """),
    ];

    public override string Name => "completion";

    public override string Summary => "Print what makes a shell complete commands, options, tasks, queues and values.";

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
