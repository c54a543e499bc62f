using System.Globalization;
using Mrq.Diagnostics;
using Mrq.Jobs;

namespace Mrq.Server.Tracing;

/// <summary>
/// Compares the heap before a job with that after it, by type, and says in the job's log what is there more; for one type also why (docs/tracing.md).
/// </summary>
/// <param name="explained">Name of that one type; null: none.</param>
/// <param name="folder">For the pictures of what keeps its objects alive; made when it is missing.</param>
internal sealed partial class MemoryWatch(string? explained, string folder) : IMemoryWatch
{
    private const int MostTypes = 15;

    // Kept over all jobs, and read anew into the same lists, so that they are no part of what is there more.
    private readonly Dictionary<string, HeapCount> _before = [];
    private readonly Dictionary<string, HeapCount> _after = [];

    public void BeforeJob(ILogger log)
    {
        // The first look makes things that stay: it does not count.
        if (_after.Count == 0 && TryTake(log) is { } first)
        {
            first.CountInto(_after);
            _after.EnsureCapacity(2 * _after.Count);
            _before.EnsureCapacity(2 * _after.Count);
        }

        _before.Clear();
        TryTake(log)?.CountInto(_before);
    }

    public void AfterJob(Job job, ILogger log)
    {
        if (_before.Count == 0 || TryTake(log) is not { } snapshot)
        {
            return;
        }

        snapshot.CountInto(_after);
        var grown = Grown();
        LogGrowth(log, grown.Count == 0 ? "none" : string.Join(", ", grown));
        if (explained is { } type)
        {
            Explain(type, snapshot, job, log);
        }
    }

    private HeapSnapshot? TryTake(ILogger log)
    {
        try
        {
            var snapshot = HeapSnapshot.Take(withGraph: explained is not null);
            if (snapshot.IsCut)
            {
                // Of the one before the job, too: what it lacks would be told as more afterwards.
                LogCut(log);
            }

            return snapshot;
        }
        catch (InvalidOperationException e)
        {
            LogNotTold(log, e.Message);
            return null;
        }
    }

    private List<string> Grown() =>
    [
        .. _after
            .Select(type => (Type: type.Key, Objects: type.Value.Objects - _before.GetValueOrDefault(type.Key).Objects, Bytes: type.Value.Bytes - _before.GetValueOrDefault(type.Key).Bytes))
            // By size: of common types there may be fewer objects, and a large one more.
            .Where(type => type.Bytes > 0)
            .OrderByDescending(type => type.Bytes)
            .Take(MostTypes)
            .Select(type => string.Create(CultureInfo.InvariantCulture, $"{type.Bytes / 1000.0:N1} kB of {type.Type} ({type.Objects:+#,0;-#,0;0} objects)")),
    ];

    private void Explain(string type, HeapSnapshot snapshot, Job job, ILogger log)
    {
        if (!_after.ContainsKey(type))
        {
            LogNoSuch(log, type, string.Join(", ", _after.Keys.Where(name => name.Contains(type, StringComparison.OrdinalIgnoreCase)).Take(5).DefaultIfEmpty("none")));
            return;
        }

        if (snapshot.Graph.PathTo(type) is not { } path)
        {
            LogFree(log, type);
            return;
        }

        LogHeld(log, type, string.Join(" → ", path));
        try
        {
            LogPicture(log, HeapPathPicture.Write(folder, type, job, path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNoPicture(log, folder, e.Message);
        }
    }

    [LoggerMessage(6300, LogLevel.Warning, "Memory: of which types it is cannot be told: {Reason}")]
    private static partial void LogNotTold(ILogger log, string reason);

    [LoggerMessage(6301, LogLevel.Information, "Memory: more is alive than before this job: {Types}")]
    private static partial void LogGrowth(ILogger log, string types);

    [LoggerMessage(6302, LogLevel.Warning, "Memory: the heap is too large to be told whole; what is said of types is wrong")]
    private static partial void LogCut(ILogger log);

    [LoggerMessage(6303, LogLevel.Information, "Memory: an object of {Type} is alive because of {Path}")]
    private static partial void LogHeld(ILogger log, string type, string path);

    [LoggerMessage(6304, LogLevel.Information, "Memory: that way is drawn in {File}")]
    private static partial void LogPicture(ILogger log, string file);

    [LoggerMessage(6305, LogLevel.Warning, "Memory: the picture could not be written into {Folder} (trace_memory_output_dir): {Reason}")]
    private static partial void LogNoPicture(ILogger log, string folder, string reason);

    [LoggerMessage(6306, LogLevel.Warning, "Memory: no object of {Type} (trace_memory_type) is alive. Its name is that of .NET with the namespace; with a like name there are: {Near}")]
    private static partial void LogNoSuch(ILogger log, string type, string near);

    [LoggerMessage(6307, LogLevel.Information, "Memory: nothing holds the object of {Type} that was looked at; the next collection takes it")]
    private static partial void LogFree(ILogger log, string type);
}
