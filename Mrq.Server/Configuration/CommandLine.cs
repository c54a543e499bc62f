using System.CommandLine;
using System.CommandLine.Parsing;
using System.Reflection;
using System.Text;
using Mrq.Tasks;

namespace Mrq.Server.Configuration;

/// <summary>What the command line asks for.</summary>
internal abstract record CommandLineResult
{
    private CommandLineResult()
    {
    }

    /// <summary>Print this and end.</summary>
    public sealed record Print(string Text) : CommandLineResult;

    /// <summary>Start a server with these options; <paramref name="Errors"/> are those found so far.</summary>
    public sealed record Start(IReadOnlyList<GivenOption> Options, IReadOnlyList<string> Errors) : CommandLineResult;
}

/// <summary>The value that someone gave an option.</summary>
/// <param name="Shown">Where and under which name, for errors: <c>--queues</c>, <c>MRQ_QUEUES</c>, <c>mrq.json: queues</c>.</param>
internal sealed record GivenOption(OptionDefinition Option, string Shown, string Text);

/// <summary>Reads the command line: <c>mrq [server] [options]</c>.</summary>
internal static class CommandLine
{
    public static string Version { get; } =
        typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public static CommandLineResult Parse(string[] args)
    {
        var root = new RootCommand("MRQ: a job queue with its dashboard.") { TreatUnmatchedTokensAsErrors = false };
        var options = ServerOptions.All.Select(o => (Definition: o, Option: Declare(o))).ToList();
        options.ForEach(o => root.Options.Add(o.Option));
        var server = new Command("server", "Start the server.") { TreatUnmatchedTokensAsErrors = false };
        root.Subcommands.Add(server);
        // Without an action the parser wants a sub-command. What is parsed is carried out by ServerProcess.
        root.SetAction(_ => { });
        server.SetAction(_ => { });

        var result = root.Parse(args, new ParserConfiguration { EnablePosixBundling = false, ResponseFileTokenReplacer = null });
        if (Has<System.CommandLine.Help.HelpOption>(result, root))
        {
            return new CommandLineResult.Print(Help());
        }

        if (Has<VersionOption>(result, root))
        {
            return new CommandLineResult.Print($"mrq {Version}");
        }

        var given = new List<GivenOption>();
        foreach (var (definition, option) in options)
        {
            if (result.GetResult(option) is { Implicit: false } found && !found.Errors.Any())
            {
                var text = found.Tokens.Count == 0 ? "true" : string.Join(',', found.Tokens.Select(t => t.Value));
                given.Add(new GivenOption(definition, found.IdentifierToken?.Value ?? $"--{definition.Name}", text));
            }
        }

        return new CommandLineResult.Start(given, [.. result.Errors.Select(e => e.Message), .. Unknown(result.UnmatchedTokens)]);
    }

    /// <summary>The closest option to a name that is none, as a sentence; empty: none is close.</summary>
    public static string DidYouMean(string name, string prefix) =>
        Suggestion.Closest(name.Replace('-', '_'), ServerOptions.All.SelectMany(o => o.Names)) is { } closest ? $" Did you mean {prefix}{closest}?" : "";

    private static Option Declare(OptionDefinition definition)
    {
        var names = definition.Names.SelectMany(n => new[] { $"--{n}", $"--{n.Replace('_', '-')}" }).Distinct(StringComparer.Ordinal).ToArray();
        return definition.IsList
            ? new Option<string[]>(names[0], names[1..]) { Recursive = true, Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = true }
            : new Option<string>(names[0], names[1..]) { Recursive = true, Arity = definition.IsSwitch ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne };
    }

    private static bool Has<T>(ParseResult result, RootCommand root)
        where T : Option => root.Options.OfType<T>().Any(o => result.GetResult(o) is { Implicit: false });

    private static IEnumerable<string> Unknown(IReadOnlyList<string> tokens)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            if (!tokens[i].StartsWith('-'))
            {
                yield return $"'{WithoutPassword(tokens[i])}' is not understood. The only command is `server`; options begin with --. See mrq --help.";
                continue;
            }

            var name = tokens[i].Split('=')[0];
            yield return $"{name} is not an option.{DidYouMean(name.TrimStart('-'), "--")} See mrq --help.";

            // What follows an unknown option is its value, not another mistake.
            if (!tokens[i].Contains('=', StringComparison.Ordinal) && i + 1 < tokens.Count && !tokens[i + 1].StartsWith('-'))
            {
                i++;
            }
        }
    }

    // An address that stands alone may hold a password.
    private static string WithoutPassword(string token) =>
        token.IndexOf("://", StringComparison.Ordinal) is >= 0 and var at ? $"{token[..at]}://…" : token;

    private static string Help()
    {
        const int Column = 36;
        const int Width = 110;
        var text = new StringBuilder();
        text.Append("mrq ").Append(Version).Append(": a job queue with its dashboard.\n\nUsage: mrq [server] [options]\n");
        foreach (var group in ServerOptions.All.GroupBy(o => o.Group))
        {
            text.Append('\n').Append(group.Key).Append(":\n");
            foreach (var option in group)
            {
                var names = string.Join(", ", option.Names.Select(n => $"--{n}"));
                Entry($"  {names} {option.ValueName}", option.Default is null ? option.Help : $"{option.Help} Default: {option.Default}.");
            }
        }

        text.Append('\n');
        Entry("  --help, --version", "Print this, or the version.");
        return text.Append(
            "\nNames may be written with - or _. The same options are read from the environment (MRQ_DASHBOARD_PORT=80) and from files;\n" +
            "command line > environment > --config or ./mrq.json > appsettings.json > default. Seconds may have a unit (30s, 5m, 1h), bytes too (4MB).").ToString();

        void Entry(string left, string help)
        {
            text.Append(left);
            var at = left.Length;
            foreach (var word in help.Split(' '))
            {
                if (at >= Column && at + 1 + word.Length > Width || (at < Column && at > Column - 2))
                {
                    text.Append('\n');
                    at = 0;
                }

                var gap = at < Column ? Column - at : 1;
                text.Append(' ', gap).Append(word);
                at += gap + word.Length;
            }

            text.Append('\n');
        }
    }
}
