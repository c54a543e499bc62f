namespace Mrq.Server.Configuration;

/// <summary>Sections that only files have: they are no settings, and whoever has what they speak of reads them.</summary>
internal static class FileSections
{
    /// <summary>A list, which stands for itself: one file's is never mixed with that of the file under it.</summary>
    public const string Schedules = "Schedules";

    /// <summary>Of single tasks and queues. A change of them holds after a restart.</summary>
    public static readonly IReadOnlyList<string> OfSingleThings = ["Tasks", "RawQueues", "QueueLimits"];

    // Their keys are names of queues.
    private static readonly string[] OfSingleQueues = ["RawQueues", "QueueLimits"];

    // Of a task, a schedule or a raw queue: their values are.
    private static readonly string[] KeysOfQueues = ["queue", "retry_queue"];

    /// <summary>The queues, and patterns of queues, that the files name: of workers, tasks, schedules, raw queues and limits. What is no queue's name is left to those who read it.</summary>
    /// <param name="section"><see cref="ServerSettings.Section"/>.</param>
    public static IEnumerable<string> QueuesIn(IReadOnlyDictionary<string, string?> section)
    {
        foreach (var (key, value) in section)
        {
            var parts = key.Split(':');
            if (parts.Length > 1 && OfSingleQueues.Contains(parts[0], StringComparer.OrdinalIgnoreCase))
            {
                yield return parts[1];
            }

            var isNamed = IsPartOf(key, ServerOptions.Queues.Name) || (parts.Length > 2 && KeysOfQueues.Contains(parts[^1], StringComparer.OrdinalIgnoreCase));
            foreach (var name in isNamed && value is not null ? value.Split([',', ' '], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : [])
            {
                // Of high=5 the name.
                yield return name.Split('=')[0];
            }
        }
    }

    /// <summary>True: this key of the configuration is the section itself, or lies in it.</summary>
    public static bool IsPartOf(string key, string section) =>
        key.Equals(section, StringComparison.OrdinalIgnoreCase) || key.StartsWith($"{section}:", StringComparison.OrdinalIgnoreCase);
}
