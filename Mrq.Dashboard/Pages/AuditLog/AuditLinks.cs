using Mrq.Dashboard.Pages.BatchDetail;
using Mrq.Dashboard.Pages.JobList;
using Mrq.Dashboard.Pages.RawQueueDetail;
using Mrq.Diagnostics;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;

namespace Mrq.Dashboard.Pages.AuditLog;

/// <summary>Where the target of an audit entry is looked at.</summary>
internal static class AuditLinks
{
    /// <summary>An address relative to the base; null: the target has no page.</summary>
    public static string? Of(AuditEntry entry) => entry.Action switch
    {
        // The id of an import is no job's.
        AuditActions.ImportBegin or AuditActions.ImportEnd => null,
        AuditActions.Enqueue => JobQuery.Link(path: entry.Target),
        var action when action.StartsWith("batch.", StringComparison.Ordinal) => IdAtEnd(entry.Target) is { } batch ? BatchPage.LinkTo(batch) : null,
        var action when action.StartsWith("queue.", StringComparison.Ordinal) => LinkToQueue(entry.Target),
        var action when action.StartsWith("schedule.", StringComparison.Ordinal) => "schedules",
        var action when action.StartsWith("worker.", StringComparison.Ordinal) => JobQuery.Link(worker: entry.Target),
        _ => IdAtEnd(entry.Target) is { } job ? $"jobs/{job}" : null,
    };

    private static string LinkToQueue(string name) =>
        QueueName.TryParse(name, out var queue, out _) && queue.RawKind is not null ? RawQueuePage.LinkTo(queue) : JobQuery.Link(queue: name);

    // Names and filters may have spaces: the id is what stands last, of a named thing in parentheses.
    private static JobId? IdAtEnd(string target) => JobId.TryParse(target.Split(' ')[^1].Trim('(', ')'), out var id) ? id : null;
}
