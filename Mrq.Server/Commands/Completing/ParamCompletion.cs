using Mrq.Tasks;

namespace Mrq.Server.Commands.Completing;

/// <summary>What the last of the params that follow a task can become: <c>KEY=</c>, or a value where all of them are known.</summary>
internal static class ParamCompletion
{
    /// <param name="given">The words between the task and the last one.</param>
    public static Completed Of(IEnumerable<ParamDescription> known, IReadOnlyList<string> given, string last)
    {
        var all = known.ToList();
        var left = new List<ParamDescription>(all);
        for (var i = 0; i < given.Count; i++)
        {
            var at = given[i].IndexOf('=', StringComparison.Ordinal);
            if (at <= 0 && ++i == given.Count)
            {
                // KEY VALUE, of which the value is unfinished.
                return Values(all, given[^1], "", last);
            }

            var key = at > 0 ? given[i][..at] : given[i - 1];
            left.RemoveAll(param => IsNamed(param, key));
        }

        return last.IndexOf('=', StringComparison.Ordinal) is > 0 and var begun
            ? Values(all, last[..begun], last[..(begun + 1)], last[(begun + 1)..])
            : Completion.Among(left.Select(param => $"{param.Name}="), "", last);
    }

    private static Completed Values(List<ParamDescription> known, string key, string prefix, string value) =>
        Completion.Among(known.Find(param => IsNamed(param, key)) is { } param ? ValuesOf(param.Type) : [], prefix, value);

    // "boolean", or "string (Red | Green)" of an enumeration.
    private static string[] ValuesOf(string type) => type.StartsWith("boolean", StringComparison.Ordinal) ? ["true", "false"]
        : type.IndexOf('(', StringComparison.Ordinal) is > 0 and var open && type.EndsWith(')') && type.Contains('|', StringComparison.Ordinal)
            ? type[(open + 1)..^1].Split('|', StringSplitOptions.TrimEntries)
            : [];

    private static bool IsNamed(ParamDescription param, string key) => param.Name.Equals(key, StringComparison.OrdinalIgnoreCase);
}
