using System.CommandLine;
using System.CommandLine.Parsing;
using System.Reflection;
using Mrq.Server.Configuration;

namespace Mrq.Server.Commands;

/// <summary>What the command line asks for.</summary>
internal abstract record CommandLineResult
{
    private CommandLineResult()
    {
    }

    /// <summary>Print this and end.</summary>
    public sealed record Print(string Text) : CommandLineResult;

    /// <summary>Carry out a command.</summary>
    /// <param name="Options">Settings that were given.</param>
    /// <param name="Own">Texts of the command's own options.</param>
    /// <param name="Errors">What is wrong with the line so far.</param>
    /// <param name="Warnings">What was given but is not used.</param>
    public sealed record Call(
        CliCommand Command, IReadOnlyList<GivenOption> Options, IReadOnlyDictionary<CallOption, string> Own, IReadOnlyList<string> Arguments,
        IReadOnlyList<string> Errors, IReadOnlyList<string> Warnings) : CommandLineResult;
}

/// <summary>Reads the command line: <c>mrq [COMMAND] [arguments] [options]</c>. Without a command it is <c>server</c>.</summary>
internal static class CommandLine
{
    public static string Version { get; } =
        typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public static CommandLineResult Parse(IReadOnlyList<string> args)
    {
        var first = args.Count == 0 ? "" : args[0];
        if (first is "-v" or "--version")
        {
            return new CommandLineResult.Print($"mrq {Version}");
        }

        if (first == "help" && args.Count > 1)
        {
            return CommandTable.Find(args[1]) is { } about
                ? new CommandLineResult.Print(CommandHelp.Of(about))
                : UnknownCommand(args[1]);
        }

        if (first == "help")
        {
            return new CommandLineResult.Print(CommandHelp.OfAll());
        }

        var isNamed = first.Length > 0 && !first.StartsWith('-');
        if (isNamed && CommandTable.Find(first) is { } named)
        {
            return Parse(named, [.. args.Skip(1)], isNamed: true);
        }

        var parsed = Parse(CommandTable.Server, [.. args.Skip(isNamed ? 1 : 0)], isNamed: false);
        return !isNamed ? parsed : parsed is CommandLineResult.Call call ? call with { Errors = [NoCommand(first), .. call.Errors] } : UnknownCommand(first);
    }

    private static CommandLineResult.Call UnknownCommand(string name) =>
        new(CommandTable.Server, [], new Dictionary<CallOption, string>(), [], [NoCommand(name)], []);

    private static CommandLineResult Parse(CliCommand command, IReadOnlyList<string> args, bool isNamed)
    {
        // All that follows -- is arguments, whatever it looks like.
        List<string> head = [.. args.TakeWhile(arg => arg != "--")], tail = [.. args.Skip(head.Count + 1)];
        if (head.RemoveAll(arg => arg is "--help" or "-h") > 0)
        {
            return !isNamed ? new CommandLineResult.Print(CommandHelp.OfAll())
                : command.BeginsWithTask && Parse(command, head, isNamed) is CommandLineResult.Call { Arguments: [var task, ..] } about ? HelpOn(task, about)
                : new CommandLineResult.Print(CommandHelp.Of(command));
        }

        var root = new RootCommand { TreatUnmatchedTokensAsErrors = false };
        // Help and version are ours; the parser's have more names, which may be values here.
        root.Options.Clear();
        var settings = ServerOptions.All.Where(o => command.Groups.Contains(o.Group)).Select(o => (Definition: o, Option: Declare(o))).ToList();
        var own = command.Options.Select(o => (Definition: o, Option: Declare(o))).ToList();
        settings.ForEach(o => root.Options.Add(o.Option));
        own.ForEach(o => root.Options.Add(o.Option));
        root.Directives.Clear();
        var result = root.Parse(SwitchValues.Give(command, head), new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
        var errors = result.Errors.Select(e => Explain(e, command, settings.Select(o => ((CommandLineOption)o.Definition, o.Option)).Concat(own.Select(o => ((CommandLineOption)o.Definition, o.Option))))).ToList();
        var given = new List<GivenOption>();
        foreach (var (definition, option) in settings)
        {
            if (Text(result, option) is var (name, text))
            {
                given.Add(new GivenOption(definition, name, text));
            }
        }

        var texts = new Dictionary<CallOption, string>();
        foreach (var (definition, option) in own)
        {
            if (Text(result, option) is not var (name, text))
            {
                continue;
            }

            if (definition.Check(text) is { } error)
            {
                errors.Add($"{name}: {error}");
            }
            else
            {
                texts[definition] = text;
            }
        }

        var (arguments, unknown, warnings) = Sort(command, result.UnmatchedTokens);
        errors.AddRange(unknown);
        arguments.AddRange(tail);
        if (command.Arguments.Length == 0)
        {
            errors.AddRange(tail.Select(token => NoArgument(command, token)));
        }

        if (command.ArgumentsAreOption is { } stands && arguments.Count > 0)
        {
            if (given.Exists(o => o.Option == stands))
            {
                errors.Add($"{string.Join(' ', arguments)} and --{stands.Name} say the same: leave one away.");
            }

            given.Add(new GivenOption(stands, stands.Name, string.Join(',', arguments)));
            arguments = [];
        }

        return new CommandLineResult.Call(command, given, texts, arguments, errors, warnings);
    }

    /// <summary><c>mrq run TASK --help</c> asks for the params of the task, with the settings that say where it is. Whatever else is on the line may be unfinished.</summary>
    private static CommandLineResult.Call HelpOn(string task, CommandLineResult.Call about) => new(
        CommandTable.Tasks, [.. about.Options.Where(given => CommandTable.Tasks.Groups.Contains(given.Option.Group))], new Dictionary<CallOption, string>(), [task], [], []);

    /// <summary>The parser's error in our words.</summary>
    private static string Explain(ParseError error, CliCommand command, IEnumerable<(CommandLineOption Definition, Option Option)> options) => error.SymbolResult switch
    {
        OptionResult { Tokens.Count: 0 } found when options.First(o => o.Option == found.Option).Definition is var option =>
            $"{found.IdentifierToken?.Value ?? found.Option.Name} needs a value: {option.ValueName}. See mrq {command.Name} --help.",
        OptionResult { Tokens.Count: > 1 } found => $"{found.IdentifierToken?.Value ?? found.Option.Name} is given {found.Tokens.Count} times: give it once.",
        _ => error.Message,
    };

    private static Option Declare(CommandLineOption definition)
    {
        var names = definition.Spellings.ToList();
        return definition.IsList
            ? new Option<string[]>(names[0], [.. names.Skip(1)]) { Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = true }
            : new Option<string>(names[0], [.. names.Skip(1)]) { Arity = definition.IsSwitch ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne };
    }

    private static (string Name, string Text)? Text(ParseResult result, Option option) =>
        result.GetResult(option) is { Implicit: false } found && !found.Errors.Any()
            ? (found.IdentifierToken?.Value ?? option.Name, found.Tokens.Count == 0 ? "true" : string.Join(',', found.Tokens.Select(t => t.Value)))
            : null;

    /// <summary>Tells arguments from options that the command does not have.</summary>
    private static (List<string> Arguments, List<string> Errors, List<string> Warnings) Sort(CliCommand command, IReadOnlyList<string> tokens)
    {
        var (arguments, errors, warnings) = (new List<string>(), new List<string>(), new List<string>());
        for (var i = 0; i < tokens.Count; i++)
        {
            var token = tokens[i];
            if (!IsOption(token))
            {
                if (command.Arguments.Length > 0)
                {
                    arguments.Add(token);
                }
                else
                {
                    errors.Add(NoArgument(command, token));
                }

                continue;
            }

            var name = token.Split('=')[0];
            var former = FormerOptions.Find(name.TrimStart('-'));
            if (former is null)
            {
                errors.Add(Unknown(command, name));
            }
            else
            {
                warnings.Add(SettingsReader.Former(name, former));
            }

            // What follows is its value, not another mistake.
            if (former?.IsSwitch != true && !token.Contains('=', StringComparison.Ordinal) && i + 1 < tokens.Count && !IsOption(tokens[i + 1]))
            {
                i++;
            }
        }

        return (arguments, errors, warnings);
    }

    // A dash alone is standard input, and -5 is a number.
    internal static bool IsOption(string token) => token.Length > 1 && token[0] == '-' && !char.IsAsciiDigit(token[1]);

    private static string Unknown(CliCommand command, string name)
    {
        var plain = name.TrimStart('-');
        if (OptionNames.Find(plain) is { } elsewhere && name.StartsWith("--", StringComparison.Ordinal))
        {
            var others = CommandTable.Shown.Where(other => other.Groups.Contains(elsewhere.Group)).Select(other => $"mrq {other.Name}");
            return $"{name} is an option of {string.Join(", ", others)}, and not of mrq {command.Name}.";
        }

        var known = ServerOptions.All.Where(o => command.Groups.Contains(o.Group)).Cast<CommandLineOption>().Concat(command.Options).SelectMany(o => o.Names);
        return $"{name} is not an option.{OptionNames.DidYouMean(plain, known, "--")} See mrq {command.Name} --help.";
    }

    private static string NoArgument(CliCommand command, string token) =>
        $"'{WithoutPassword(token)}' is not understood: options begin with --. See mrq {command.Name} --help.";

    private static string NoCommand(string name) =>
        $"'{WithoutPassword(name)}' is not a command.{OptionNames.DidYouMean(name, CommandTable.Shown.Select(c => c.Name), "mrq ")} "
        + $"The commands are {string.Join(", ", CommandTable.Shown.Select(c => c.Name))}; options begin with --. See mrq --help.";

    // An address that stands alone may hold a password.
    private static string WithoutPassword(string token) =>
        token.IndexOf("://", StringComparison.Ordinal) is >= 0 and var at ? $"{token[..at]}://…" : token;
}
