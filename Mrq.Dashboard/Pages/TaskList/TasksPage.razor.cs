using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Storage;
using Mrq.Tasks;

namespace Mrq.Dashboard.Pages.TaskList;

/// <summary>The tasks that can be run, what they take, how they fare, and the task assemblies that could not be used.</summary>
public sealed partial class TasksPage
{
    private IReadOnlyList<TaskRow> _tasks = [];
    private IReadOnlyList<(string Path, string Type, long Count)> _exceptions = [];
    private string? _enqueue;

    [Inject] private TaskRegistry Registry { get; set; } = null!;

    [Inject] private KnownTasks Known { get; set; } = null!;

    [Inject] private IJobQueries Queries { get; set; } = null!;

    [Inject] private IOptions<MrqOptions> Options { get; set; } = null!;

    protected override Changes Watches => Changes.Jobs | Changes.Workers;

    protected override async Task<Action> ReadAsync(CancellationToken cancellationToken)
    {
        var known = await Known.ListAsync(cancellationToken);
        var counts = await Queries.CountsAsync(cancellationToken);
        var byPath = counts.ToLookup(c => c.Path, StringComparer.Ordinal);
        return () =>
        {
            _tasks = [.. known.Select(path => Row(path, byPath[path]))];
            _exceptions = [.. counts
                .Where(c => c.ExceptionType is not null && JobStatuses.Error.Contains(c.Status))
                .GroupBy(c => (c.Path, c.ExceptionType!))
                .Select(g => (g.Key.Path, g.Key.Item2, g.Sum(c => c.Count)))
                .OrderByDescending(e => e.Item3).Take(20)];
        };
    }

    private TaskRow Row(string path, IEnumerable<JobCount> counts)
    {
        long waiting = 0, running = 0, succeeded = 0, failed = 0;
        foreach (var count in counts)
        {
            waiting += JobStatuses.Waiting.Contains(count.Status) ? count.Count : 0;
            running += count.Status == JobStatus.Started ? count.Count : 0;
            succeeded += count.Status == JobStatus.Success ? count.Count : 0;
            failed += JobStatuses.Error.Contains(count.Status) ? count.Count : 0;
        }

        return new TaskRow(path, Registry.Find(path), waiting, running, succeeded, failed);
    }

    private static string Retries(int most, bool byItself) => most == 0 ? "no retry" : $"{most} {(most == 1 ? "retry" : "retries")} {(byItself ? "by itself" : "on request")}";

    private string Limits(TaskOptions options) => string.Join(", ", new[]
    {
        $"timeout {Display.Duration(options.Timeout ?? Options.Value.DefaultTimeout)}",
        Retries(options.MaxRetries ?? Options.Value.DefaultMaxRetries, options.RetryOnFailure == true),
        options.Priority is > 0 and var priority ? $"priority {priority}" : null,
        options.ExpiresIn is { } expires ? $"expires in {Display.Duration(expires)}" : null,
        options.MaxConcurrency is { } most ? $"{most} at once{Per(options.MaxConcurrencyKey)}" : null,
        options.RateLimit is { } rate ? $"{rate}{Per(options.RateLimitKey)}" : null,
        options.Cpu == true ? "own thread" : null,
    }.OfType<string>());

    private static string? Per(string? key) => key is null ? null : $" per '{key}'";

    private sealed record TaskRow(string Path, TaskDefinition? Definition, long Waiting, long Running, long Succeeded, long Failed);
}
