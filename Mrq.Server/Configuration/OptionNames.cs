using Mrq.Tasks;

namespace Mrq.Server.Configuration;

/// <summary>How names of options are compared: dashboard_port, dashboard-port, DashboardPort and DASHBOARD_PORT are one.</summary>
internal static class OptionNames
{
    // More are no help.
    private const int MostLonger = 3;

    public static bool AreOne(string name, string other) => Plain(name) == Plain(other);

    /// <summary>The setting of this name; null: none has it.</summary>
    public static OptionDefinition? Find(string name) => ServerOptions.All.FirstOrDefault(option => option.Names.Any(n => AreOne(n, name)));

    /// <summary>The closest of some names to one that is none of them, as a sentence; empty: none is close.</summary>
    public static string DidYouMean(string name, IEnumerable<string> known, string prefix = "")
    {
        var plain = name.Replace('-', '_');
        if (Suggestion.Closest(plain, known) is { } closest)
        {
            return $" Did you mean {prefix}{closest}?";
        }

        // As --port for --dashboard_port: one word of it.
        string[] longer = [.. known.Where(other => other.Split('_').Contains(plain, StringComparer.OrdinalIgnoreCase)).Distinct().Order(StringComparer.Ordinal).Take(MostLonger)];
        return longer.Length == 0 ? "" : $" Did you mean {string.Join(" or ", longer.Select(other => prefix + other))}?";
    }

    private static string Plain(string name) =>
        name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();
}
