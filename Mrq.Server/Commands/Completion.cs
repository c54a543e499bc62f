using Mrq.Server.Configuration;

namespace Mrq.Server.Commands;

/// <summary>What the last word of an unfinished command line can become.</summary>
internal static class Completion
{
    /// <param name="words">Those after <c>mrq</c>; the last is the unfinished one, perhaps empty.</param>
    /// <param name="tasks">Paths of tasks; asked only where one may stand.</param>
    public static IEnumerable<string> Of(IReadOnlyList<string> words, Func<IEnumerable<string>> tasks)
    {
        var last = words.Count == 0 ? "" : words[^1];
        var before = words.Take(words.Count - 1).ToList();
        var named = before.Count > 0 ? CommandTable.Find(before[0]) : null;
        var command = named ?? CommandTable.Server;
        var options = ServerOptions.All.Where(o => command.Groups.Contains(o.Group)).Cast<CommandLineOption>().Concat(command.Options).ToList();
        return All().Where(word => word.StartsWith(Spelled(last), StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

        IEnumerable<string> All()
        {
            if (before.Count > 0 && options.FirstOrDefault(o => IsNamed(o, before[^1])) is { } option && (!option.IsSwitch || option.Choices.Any(choice => last.Length > 0 && choice.StartsWith(last, StringComparison.Ordinal))))
            {
                return option.Choices;
            }

            if (last.StartsWith('-'))
            {
                return options.Select(o => $"--{o.Name}").Append("--help");
            }

            return before.Count == 0 ? CommandTable.Shown.Select(c => c.Name).Append("help")
                : before is ["help"] ? CommandTable.Shown.Select(c => c.Name)
                : named is null ? []
                : named.BeginsWithTask && CountArguments(before, options) == 1 ? tasks()
                : named.Arguments.Split('|') is { Length: > 1 } choices && !named.Arguments.Contains(' ', StringComparison.Ordinal) ? choices
                : [];
        }

        // Options are offered with _; who has begun with - gets them all the same.
        string Spelled(string word) => word.StartsWith("--", StringComparison.Ordinal) ? $"--{word[2..].Replace('-', '_')}" : word;
    }

    /// <summary>How many of the words are neither options nor their values.</summary>
    private static int CountArguments(List<string> words, List<CommandLineOption> options)
    {
        var count = 0;
        for (var i = 0; i < words.Count; i++)
        {
            if (!words[i].StartsWith('-'))
            {
                count++;
            }
            else if (options.Exists(option => !option.IsSwitch && IsNamed(option, words[i])))
            {
                i++;
            }
        }

        return count;
    }

    private static bool IsNamed(CommandLineOption option, string word) =>
        (word.StartsWith("--", StringComparison.Ordinal) && option.Names.Any(name => OptionNames.AreOne(name, word))) || (option.Letter is { } letter && word == $"-{letter}");
}
