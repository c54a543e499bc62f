using Mrq.Jobs;
using Mrq.Server.Configuration;

namespace Mrq.Server.Commands.Completing;

/// <summary>What the last word of an unfinished command line can become.</summary>
/// <param name="Words">Whole words, sorted; empty: none is known.</param>
/// <param name="IsFile">True: the name of a file, or a word and the name of one behind <c>=</c>; shells list them themselves.</param>
internal sealed record Completed(IReadOnlyList<string> Words, bool IsFile = false);

/// <summary>Finds it.</summary>
/// <param name="names">Asked only where such a name may stand.</param>
internal sealed class Completion(IKnownNames names)
{
    private static readonly Completed None = new([]);

    /// <param name="words">Those after <c>mrq</c>; the last is the unfinished one, perhaps empty.</param>
    public async Task<Completed> OfAsync(IReadOnlyList<string> words)
    {
        var last = words.Count == 0 ? "" : words[^1];
        var before = words.SkipLast(1).ToList();
        var named = before.Count > 0 ? CommandTable.Find(before[0]) : null;
        var command = named ?? CommandTable.Server;
        var options = ServerOptions.All.Where(o => command.Groups.Contains(o.Group)).Cast<CommandLineOption>().Concat(command.Options).ToList();
        if (last.StartsWith("--", StringComparison.Ordinal) && last.IndexOf('=', StringComparison.Ordinal) is > 0 and var at)
        {
            return options.Find(o => IsNamed(o, last[..at])) is { } given ? await ValuesAsync(given, last[..(at + 1)], last[(at + 1)..]) : None;
        }

        if (Unfinished(before, last, options) is { } option)
        {
            return await ValuesAsync(option, "", last);
        }

        if (last.StartsWith('-'))
        {
            // Options are offered with _; who has begun with - gets them all the same.
            return Among(options.Select(o => $"--{o.Name}").Append("--help"), "", last.StartsWith("--", StringComparison.Ordinal) ? $"--{last[2..].Replace('-', '_')}" : last);
        }

        return before.Count == 0 ? Among(CommandTable.Shown.Select(c => c.Name).Append("help"), "", last)
            : before is ["help"] ? Among(CommandTable.Shown.Select(c => c.Name), "", last)
            : named is null ? None
            : await ArgumentAsync(named, [.. Arguments(before, options).Skip(1)], last);
    }

    private async Task<Completed> ArgumentAsync(CliCommand command, List<string> given, string last)
    {
        if (command.BeginsWithTask)
        {
            return given.Count == 0 ? Among(await names.TasksAsync(), "", last)
                : command.TakesParams ? ParamCompletion.Of(await names.ParamsOfAsync(given[0]), given[1..], last)
                : None;
        }

        return command.ArgumentsName == Named.Queue ? Among((await names.QueuesAsync()).Except(given, StringComparer.Ordinal), "", last)
            : command.Arguments.Split('|') is { Length: > 1 } choices && !command.Arguments.Contains(' ', StringComparison.Ordinal) ? Among(choices, "", last)
            : None;
    }

    /// <summary>What the value of an option can become.</summary>
    /// <param name="prefix">What stands before it in the same word: <c>--status=</c>.</param>
    private async Task<Completed> ValuesAsync(CommandLineOption option, string prefix, string value)
    {
        if (option.Of == Named.File)
        {
            return None with { IsFile = true };
        }

        // Of several that are joined by commas the last is unfinished.
        var comma = option.Of == Named.Nothing ? 0 : value.LastIndexOf(',') + 1;
        var known = option.Of switch
        {
            Named.Task => await names.TasksAsync(),
            Named.Queue => await names.QueuesAsync(),
            Named.Status => JobStatuses.AllNames.Concat(JobStatuses.GroupNames),
            _ => option.Choices,
        };
        return Among(known, $"{prefix}{value[..comma]}", value[comma..]);
    }

    /// <summary>Those that begin so, each with what stands before it.</summary>
    internal static Completed Among(IEnumerable<string> known, string prefix, string begun) =>
        new([.. known.Where(word => word.StartsWith(begun, StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(word => $"{prefix}{word}")]);

    /// <summary>The option whose value the last word is; null: it is none's.</summary>
    private static CommandLineOption? Unfinished(List<string> before, string last, List<CommandLineOption> options)
    {
        var at = before.FindLastIndex(word => word.StartsWith('-'));
        var option = at < 0 ? null : options.Find(o => IsNamed(o, before[at]));
        return option switch
        {
            null => null,
            { IsSwitch: true } => at == before.Count - 1 && last.Length > 0 && option.Choices.Any(choice => choice.StartsWith(last, StringComparison.Ordinal)) ? option : null,
            { IsList: true } => last.StartsWith('-') ? null : option,
            _ => at == before.Count - 1 ? option : null,
        };
    }

    /// <summary>The words that are neither options nor their values.</summary>
    private static IEnumerable<string> Arguments(List<string> words, List<CommandLineOption> options)
    {
        for (var i = 0; i < words.Count; i++)
        {
            if (!words[i].StartsWith('-'))
            {
                yield return words[i];
            }
            else if (options.Exists(option => !option.IsSwitch && IsNamed(option, words[i])))
            {
                i++;
            }
        }
    }

    private static bool IsNamed(CommandLineOption option, string word) =>
        (word.StartsWith("--", StringComparison.Ordinal) && option.Names.Any(name => OptionNames.AreOne(name, word))) || (option.Letter is { } letter && word == $"-{letter}");
}
