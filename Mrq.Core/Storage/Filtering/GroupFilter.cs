using Mrq.Jobs;
using Mrq.Queues;

namespace Mrq.Storage.Filtering;

/// <summary>The part of a filter that path, queue, status and exception type answer.</summary>
internal sealed class GroupFilter
{
    private readonly JobStatuses _statuses;
    private readonly string? _search;
    private readonly Func<string, bool>? _path;
    private readonly string? _queue;
    private readonly Func<string, bool>? _exceptionType;

    private GroupFilter(JobFilter filter)
    {
        _statuses = filter.Statuses ?? JobStatuses.All;
        _search = string.IsNullOrWhiteSpace(filter.Search) ? null : filter.Search.Trim();
        _path = Pattern(filter.Path);
        _queue = string.IsNullOrEmpty(filter.Queue) ? null : filter.Queue;
        _exceptionType = Pattern(filter.ExceptionType);
    }

    /// <summary>Null: the filter asks for nothing of this.</summary>
    public static GroupFilter? Of(JobFilter filter)
    {
        var groups = new GroupFilter(filter);
        return filter.Statuses is null && groups is { _search: null, _path: null, _queue: null, _exceptionType: null } ? null : groups;
    }

    public bool Accepts(JobGroupKey group) =>
        _statuses.Contains(group.Status)
        && _path?.Invoke(group.Path) != false
        && (_queue is null || QueuePattern.Matches(_queue, group.Queue))
        && _exceptionType?.Invoke(group.ExceptionType ?? "") != false
        && (_search is null || Has(group.Path) || Has(group.Queue.Value) || Has(group.ExceptionType ?? ""));

    private bool Has(string text) => _search is null || text.Contains(_search, StringComparison.OrdinalIgnoreCase);

    /// <summary>A comparison with a text in which <c>*</c> stands for any text; null: none is asked for.</summary>
    private static Func<string, bool>? Pattern(string? pattern) =>
        string.IsNullOrEmpty(pattern) ? null : text => Wildcard.Matches(pattern, text);
}
