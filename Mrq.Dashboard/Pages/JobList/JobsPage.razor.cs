using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using Mrq.Dashboard.Actions;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;

namespace Mrq.Dashboard.Pages.JobList;

/// <summary>
/// The list of jobs, newest first. It follows every change; while someone is at its rows (scrolled, pointing, selecting, paused)
/// the rows keep their places, are brought up to date where they stand, and what is new is only counted.
/// </summary>
public sealed partial class JobsPage
{
    private const int PageSize = 50;
    private const long CountedAtMost = 1000;
    private static readonly TimeSpan LongestCount = TimeSpan.FromSeconds(2);

    private readonly HashSet<JobId> _selected = [];
    private readonly Dictionary<int, JobQuery> _trail = [];
    private JobQuery _query = new();
    private JobQuery? _shown;
    private JobFilter _filter = new();
    private IReadOnlyList<FieldError> _errors = [];
    private IReadOnlyList<JobRow> _rows = [];
    private IReadOnlyList<JobCount> _counts = [];
    private JobId? _next;
    private JobId? _lastToggled;
    private long? _total;
    private bool _isMore;
    private int _newer;
    private bool _held;
    private bool _fresh = true;
    private string? _tab;
    private bool _allMatching;
    private JobRow? _menuRow;
    private bool _openMenu;
    private Job? _copy;
    private (JobAction Action, JobFilter Filter, string Description)? _confirm;
    private ElementReference _list;
    private ElementReference _menu;
    private DotNetObjectReference<JobsPage>? _self;
    private IJSObjectReference? _watcher;

    [Inject] private IJobQueries Queries { get; set; } = null!;

    [Inject] private TaskRegistry Registry { get; set; } = null!;

    [Inject] private UserActions Actions { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Inject] private IJSRuntime Js { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "status")] public string? Status { get; set; }

    [SupplyParameterFromQuery(Name = "path")] public string? Path { get; set; }

    [SupplyParameterFromQuery(Name = "queue")] public string? Queue { get; set; }

    [SupplyParameterFromQuery(Name = "worker")] public string? Worker { get; set; }

    [SupplyParameterFromQuery(Name = "exceptiontype")] public string? ExceptionType { get; set; }

    [SupplyParameterFromQuery(Name = "params")] public string? Params { get; set; }

    [SupplyParameterFromQuery(Name = "tag")] public string? Tag { get; set; }

    [SupplyParameterFromQuery(Name = "q")] public string? Q { get; set; }

    [SupplyParameterFromQuery(Name = "before")] public string? Before { get; set; }

    [SupplyParameterFromQuery(Name = "page")] public int? Page { get; set; }

    protected override Changes Watches => Changes.Jobs;

    protected override bool ReadsWhilePaused => true;

    protected override bool Scans => _query.Scans;

    private bool HoldsStill => !_fresh && (_held || Live.Paused || _selected.Count > 0);

    private bool HasMore => _next is not null || _query.Before is not null;

    private string TotalText => _total switch
    {
        null => "",
        { } total when _isMore => $"{total:N0}+ jobs",
        { } total => Display.Jobs(total),
    };

    private string? Older => _next is { } next ? (_query with { Before = next.ToString(), Page = _query.Page + 1 }).Address : null;

    // A page by key knows only its older neighbour; the newer ones are those that this tab came by.
    private string? Newer => _query.Page == 2 ? (_query with { Before = null, Page = 1 }).Address
        : _trail.TryGetValue(_query.Page - 1, out var newer) && newer with { Before = null, Page = 1 } == _query with { Before = null, Page = 1 } ? newer.Address
        : null;

    protected override async Task OnParametersSetAsync()
    {
        _query = new JobQuery
        {
            Status = Status,
            Path = Path,
            Queue = Queue,
            Worker = Worker,
            ExceptionType = ExceptionType,
            Params = Params,
            Tag = Tag,
            Q = Q,
            Before = Before,
            Page = Math.Max(1, Page ?? 1),
        };
        _trail[_query.Page] = _query;
        if (_shown != _query)
        {
            _fresh = true;
            ClearSelection();
        }

        await RefreshAsync();
    }

    protected override async Task<Action> ReadAsync(CancellationToken cancellationToken)
    {
        var query = _query;
        if (query.ToFilter(out var errors) is not { } filter)
        {
            return () => (_errors, _rows, _total) = (errors, [], null);
        }

        var before = JobId.TryParse(query.Before, out var id) ? id : (JobId?)null;
        var page = await FindAsync(query, filter, new JobPageRequest(before, PageSize), cancellationToken);
        var counts = await Queries.CountsAsync(cancellationToken);
        var (total, isMore) = query.CountsByTotals ? (Total(counts, query, filter.Statuses ?? JobStatuses.All), false)
            : before is null && page.Next is null ? (page.Jobs.Count, false)
            : await CountAsync(filter, page, cancellationToken);
        var left = HoldsStill && !Live.Paused ? await LeftAsync(page, cancellationToken) : [];
        return () =>
        {
            (_errors, _filter, _counts, _total, _isMore) = ([], filter, counts, total, isMore);
            if (HoldsStill)
            {
                HoldRows(page, left);
            }
            else
            {
                _rows = [.. page.Jobs.Select(JobRow.Of)];
                _selected.IntersectWith(_rows.Select(r => r.Id));
                (_next, _newer, _shown, _fresh) = (page.Next, 0, query, false);
            }
        };
    }

    // A scan takes as long as it takes, and a store may do it on the thread that asks: never on the renderer's.
    private Task<JobPage> FindAsync(JobQuery query, JobFilter filter, JobPageRequest page, CancellationToken cancellationToken) => query.Scans
        ? Task.Run(() => Queries.FindAsync(filter, page, cancellationToken), cancellationToken)
        : Queries.FindAsync(filter, page, cancellationToken);

    /// <summary>How many match, or how many at least: it is not worth more than two seconds.</summary>
    private async Task<(long Total, bool IsMore)> CountAsync(JobFilter filter, JobPage page, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(LongestCount, Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            var total = await Task.Run(() => Queries.CountAsync(filter, CountedAtMost, either.Token), either.Token);
            return (total, total >= CountedAtMost);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (page.Jobs.Count, true);
        }
    }

    // Rows that stand on the page and are not in what the store would show now.
    private async Task<IReadOnlyList<Job>> LeftAsync(JobPage page, CancellationToken cancellationToken)
    {
        var there = page.Jobs.Select(j => j.Id).ToHashSet();
        var left = _rows.Select(r => r.Id).Where(id => !there.Contains(id)).ToList();
        return left.Count == 0 ? [] : await Queries.GetAsync(left, withPayload: false, cancellationToken);
    }

    private void HoldRows(JobPage page, IReadOnlyList<Job> left)
    {
        var first = _rows.Count > 0 ? _rows[0].Id : default;
        _newer = _query.Before is null ? page.Jobs.Count(j => j.Id > first) : 0;
        if (!Live.Paused)
        {
            var now = page.Jobs.Concat(left).DistinctBy(j => j.Id).ToDictionary(j => j.Id);
            _rows = [.. _rows.Select(r => now.TryGetValue(r.Id, out var job) ? JobRow.Of(job) : r with { Gone = true })];
        }
    }

    private static long Total(IReadOnlyList<JobCount> counts, JobQuery query, JobStatuses statuses) => counts
        .Where(c => statuses.Contains(c.Status))
        .Where(c => query.Queue is null || QueuePattern.Matches(query.Queue, c.Queue))
        .Where(c => query.Path is null || Wildcard.Matches(query.Path, c.Path))
        .Where(c => query.ExceptionType is null || (c.ExceptionType is not null && Wildcard.Matches(query.ExceptionType, c.ExceptionType)))
        .Sum(c => c.Count);

    private long? CountOf(JobStatuses statuses) => _query.CountsByTotals && Loaded ? Total(_counts, _query, statuses) : null;

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            _self = DotNetObjectReference.Create(this);
            _watcher = await Js.InvokeAsync<IJSObjectReference>("mrq.watchList", Gone, _list, _self);
        }

        if (Loaded && _tab != (_query.Status ?? ""))
        {
            _tab = _query.Status ?? "";
            await Js.InvokeVoidAsync("mrq.showTab", Gone);
        }

        if (_openMenu)
        {
            _openMenu = false;
            await Js.InvokeVoidAsync("mrq.openMenu", Gone, _menu, $"m{_menuRow!.Id}");
        }
    }

    /// <summary>The browser says whether someone is at the rows.</summary>
    [JSInvokable]
    public Task HoldAsync(bool held)
    {
        _held = held;
        return held ? Task.CompletedTask : RefreshAsync();
    }

    private async Task ShowNewestAsync()
    {
        _fresh = true;
        ClearSelection();
        await Js.InvokeVoidAsync("mrq.toTop");
        await RefreshAsync();
    }

    private void Toggle(JobRow row, bool range)
    {
        if (_allMatching)
        {
            // From "everything that matches" back to the rows of this page but this one.
            _allMatching = false;
            _selected.UnionWith(_rows.Select(r => r.Id));
        }

        var on = !_selected.Contains(row.Id);
        var rows = range && _lastToggled is { } last ? Between(last, row.Id) : [row.Id];
        foreach (var id in rows)
        {
            _ = on ? _selected.Add(id) : _selected.Remove(id);
        }

        _lastToggled = row.Id;
    }

    private List<JobId> Between(JobId one, JobId other)
    {
        var ids = _rows.Select(r => r.Id).ToList();
        var (a, b) = (ids.IndexOf(one), ids.IndexOf(other));
        return a < 0 || b < 0 ? [other] : ids.GetRange(Math.Min(a, b), Math.Abs(a - b) + 1);
    }

    private void TogglePage()
    {
        if (_rows.All(r => _selected.Contains(r.Id)))
        {
            ClearSelection();
        }
        else
        {
            _selected.UnionWith(_rows.Select(r => r.Id));
        }
    }

    private void ClearSelection()
    {
        _selected.Clear();
        _allMatching = false;
        _lastToggled = null;
    }

    private void OpenMenu(JobRow row) => (_menuRow, _openMenu) = (row, true);

    // How many are selected; null: more than were counted.
    private long? Chosen => !_allMatching ? _selected.Count : _isMore ? null : _total;

    // How many of the selected jobs an action is offered for; null: nobody has counted them.
    private long? TakersOf(JobAction action)
    {
        var offered = BulkAction.OfferedFor(action);
        var asked = (_filter.Statuses ?? JobStatuses.All) & offered;
        return !_allMatching ? _rows.Count(row => IsTaker(row, offered)) : asked.Count == 0 ? 0 : CountOf(asked);
    }

    private bool IsTaker(JobRow row, JobStatuses offered) => !row.Gone && _selected.Contains(row.Id) && offered.Contains(row.Status);

    private void Confirm(JobAction action)
    {
        var offered = BulkAction.OfferedFor(action);
        if (_allMatching)
        {
            var notAfter = _rows.Count > 0 && _query.Before is null ? _rows[0].Id : (JobId?)null;
            _confirm = (action, _filter with { Statuses = (_filter.Statuses ?? JobStatuses.All) & offered, NotAfter = notAfter }, _query.Description);
            return;
        }

        List<JobId> takers = [.. _rows.Where(row => IsTaker(row, offered)).Select(row => row.Id)];
        _confirm = (action, new JobFilter { Ids = takers }, $"{takers.Count} selected jobs");
    }

    private async Task ActAsync(JobAction action, JobRow row)
    {
        if (action is JobAction.Delete or JobAction.Abort)
        {
            _confirm = (action, new JobFilter { Ids = [row.Id] }, row.Id.ToString());
            return;
        }

        await Actions.ApplyAsync(action, row.Id);
        await RefreshAsync();
    }

    private async Task CopyAsync(JobRow row)
    {
        try
        {
            _copy = await Queries.GetAsync([row.Id], withPayload: false, Gone) is [var job] ? job : null;
        }
        catch (Exception e) when (!Gone.IsCancellationRequested)
        {
            Health.Failed(this, e);
        }
    }

    protected override async ValueTask DisposingAsync()
    {
        _self?.Dispose();
        if (_watcher is not null)
        {
            try
            {
                await _watcher.InvokeVoidAsync("stop");
                await _watcher.DisposeAsync();
            }
            catch (JSDisconnectedException)
            {
                // The browser is gone, and its listeners with it.
            }
        }
    }
}
