namespace Mrq.Server.Configuration;

/// <summary>Sections that only files have: they are no settings, and whoever has what they speak of reads them.</summary>
internal static class FileSections
{
    /// <summary>A list, which stands for itself: one file's is never mixed with that of the file under it.</summary>
    public const string Schedules = "Schedules";

    /// <summary>Of single tasks and queues. A change of them holds after a restart.</summary>
    public static readonly IReadOnlyList<string> OfSingleThings = ["Tasks", "RawQueues", "QueueLimits"];

    /// <summary>True: this key of the configuration is the section itself, or lies in it.</summary>
    public static bool IsPartOf(string key, string section) =>
        key.Equals(section, StringComparison.OrdinalIgnoreCase) || key.StartsWith($"{section}:", StringComparison.OrdinalIgnoreCase);
}
