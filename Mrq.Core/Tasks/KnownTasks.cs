using Mrq.Storage;

namespace Mrq.Tasks;

/// <summary>The tasks that this process or any worker that reports can run.</summary>
public sealed class KnownTasks(TaskRegistry registry, IWorkerStore workers, TimeProvider time)
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(2);
    private ReportedTasks? _reported;

    /// <summary>What lists them, for the error that names a task that is not known. Default <c>GET /api/tasks</c>.</summary>
    public string Listing { get; set; } = "GET /api/tasks";

    /// <summary>All known paths, sorted.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken) =>
        [.. registry.Paths.Union(await ReportedAsync(cancellationToken), StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>How many workers that live run each task: MRQ's own by those that it has for them, others by those of people.</summary>
    public async Task<IReadOnlyDictionary<string, int>> CountWorkersAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return (await workers.ListAsync(cancellationToken)).Where(worker => worker.IsAlive(now))
            .SelectMany(worker => worker.Tasks.Where(path => worker.IsSystem == (path == JobActionTask.Path)).Distinct(StringComparer.Ordinal)).CountBy(path => path, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
    }

    internal async ValueTask<bool> IsKnownAsync(string path, CancellationToken cancellationToken) =>
        registry.Find(path) is not null || (await ReportedAsync(cancellationToken)).Contains(path);

    internal async Task<string> DescribeUnknownAsync(string path, CancellationToken cancellationToken)
    {
        var known = await ListAsync(cancellationToken);
        return path.Length == 0 ? "is required: the path of a task."
            : Suggestion.Closest(path, known) is { } closest ? $"no task '{Shown(path)}' is known. Did you mean '{closest}'?"
            : known.Count == 0 ? $"no task '{Shown(path)}' is known: none is registered here and no worker has reported one."
            : $"no task '{Shown(path)}' is known. {Listing} lists those that are.";
    }

    private static string Shown(string path) => path.Length <= 100 ? path : $"{path[..97]}...";

    // Read at most every two seconds: a burst of enqueues must not become a burst of reads.
    private async ValueTask<HashSet<string>> ReportedAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (_reported is { } reported && now - reported.Read < Freshness)
        {
            return reported.Paths;
        }

        var live = (await workers.ListAsync(cancellationToken)).Where(w => w.IsAlive(now));
        var paths = live.SelectMany(w => w.Tasks).ToHashSet(StringComparer.Ordinal);
        _reported = new ReportedTasks(now, paths);
        return paths;
    }

    // One reference, replaced as a whole: many requests read it at once.
    private sealed record ReportedTasks(DateTimeOffset Read, HashSet<string> Paths);
}
