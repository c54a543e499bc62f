using Mrq.Server.Configuration;

namespace Mrq.Server.Processes;

/// <summary>How to start this program again: it may run by its own executable, a single file, a tool's, or by <c>dotnet mrq.dll</c>.</summary>
/// <param name="FileName">The executable.</param>
/// <param name="First">Arguments that come before the program's own.</param>
internal sealed record SelfStart(string FileName, IReadOnlyList<string> First)
{
    /// <summary>As this process was started.</summary>
    /// <exception cref="InvalidOperationException">The system does not say by which file.</exception>
    public static SelfStart OfThisProcess() => Of(
        Environment.ProcessPath ?? throw new InvalidOperationException("The system does not say which file this process was started from."), Environment.GetCommandLineArgs()[0]);

    /// <param name="executable">The file that runs.</param>
    /// <param name="program">What the runtime calls the program: the assembly when <c>dotnet</c> runs it.</param>
    public static SelfStart Of(string executable, string program) =>
        Path.GetFileNameWithoutExtension(executable).Equals("dotnet", StringComparison.OrdinalIgnoreCase) ? new(executable, [Path.GetFullPath(program)]) : new(executable, []);

    /// <summary>The commands of <paramref name="count"/> worker processes with these arguments. In lists of processes each shows its number before them, and no password.</summary>
    /// <param name="given">Which options are among the arguments.</param>
    public IReadOnlyList<ChildCommand> Commands(int count, IReadOnlyList<string> arguments, IReadOnlyList<GivenOption> given, HandedFiles files)
    {
        var shown = arguments.Select(argument => given.Aggregate(argument, Hide)).ToList();
        return
        [
            .. Enumerable.Range(1, count).Select(index => new ChildCommand($"{index}/{count}", FileName, [.. First, $"[{index}/{count}]", .. shown])
            {
                Worker = new WorkerProcessRole(index, count, arguments, files),
            }),
        ];
    }

    private static string Hide(string argument, GivenOption given) =>
        given.Option.IsSecret && given.Text.Length > 0 ? argument.Replace(given.Text, given.Option.Shown(given.Text), StringComparison.Ordinal) : argument;
}
