using Mrq.Tasks;

namespace Mrq.Server.Configuration;

/// <summary>How names of options are compared: dashboard_port, dashboard-port, DashboardPort and DASHBOARD_PORT are one.</summary>
internal static class OptionNames
{
    public static bool AreOne(string name, string other) => Plain(name) == Plain(other);

    /// <summary>The setting of this name; null: none has it.</summary>
    public static OptionDefinition? Find(string name) => ServerOptions.All.FirstOrDefault(option => option.Names.Any(n => AreOne(n, name)));

    /// <summary>The closest of some names to one that is none of them, as a sentence; empty: none is close.</summary>
    public static string DidYouMean(string name, IEnumerable<string> known, string prefix = "") =>
        Suggestion.Closest(name.Replace('-', '_'), known) is { } closest ? $" Did you mean {prefix}{closest}?" : "";

    private static string Plain(string name) =>
        name.Replace("_", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToLowerInvariant();
}
