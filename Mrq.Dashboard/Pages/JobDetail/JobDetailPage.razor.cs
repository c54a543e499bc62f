using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Options;
using Mrq.Batches;
using Mrq.Dashboard.Actions;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Storage;
using Mrq.Tasks;
using Mrq.Workers;

namespace Mrq.Dashboard.Pages.JobDetail;

/// <summary>Everything about one job, as it happens.</summary>
public sealed partial class JobDetailPage
{
    private Job? _job;
    private Job? _before;
    private Job? _next;
    private Batch? _awaited;
    private string? _curl;
    private bool _gone;
    private bool _unserved;
    private OpenIo? _io;
    private bool _copy;
    private bool _edit;
    private JobAction? _confirm;

    [Inject] private IJobQueries Queries { get; set; } = null!;

    [Inject] private IBatchStore Batches { get; set; } = null!;

    [Inject] private WorkerControl Workers { get; set; } = null!;

    [Inject] private TaskRegistry Registry { get; set; } = null!;

    [Inject] private IOptions<MrqOptions> Options { get; set; } = null!;

    [Inject] private UserActions Actions { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    /// <summary>24 hexadecimal digits.</summary>
    [Parameter] public string Id { get; set; } = "";

    protected override Changes Watches => Changes.Jobs | Changes.Workers;

    // What the last attempt left is shown on its own; the others were before it.
    private IReadOnlyList<TracebackEntry> Earlier =>
        _job is null ? [] : [.. _job.TracebackHistory.SkipLast(_job.ExceptionType is not null && JobStatuses.Final.Contains(_job.Status) ? 1 : 0).Reverse()];

    private IEnumerable<(string Name, string Value)> OwnOptions =>
        _job?.Options is not { } options ? [] : TaskOptionTable.All.Where(o => o.Get(options) is not null).Select(o => (o.Name.Replace('_', ' '), o.Get(options)!));

    private int? MaxRetries => _job?.MaxRetries ?? Registry.Find(_job!.Path)?.Options.MaxRetries ?? Options.Value.DefaultMaxRetries;

    private TimeSpan Timeout => _job?.Timeout ?? Registry.Find(_job!.Path)?.Options.Timeout ?? Options.Value.DefaultTimeout;

    protected override async Task<Action> ReadAsync(CancellationToken cancellationToken)
    {
        var found = JobId.TryParse(Id, out var id) && await Queries.GetAsync([id], withPayload: true, cancellationToken) is [var job] ? job : null;
        var unserved = found is { Status: JobStatus.Queued } && Unserved.Is(found.Queue, await Workers.ListAsync(cancellationToken), Time.GetUtcNow());
        var io = found is { Status: JobStatus.Started, Worker: { } worker } && await Workers.FindAsync(worker, cancellationToken) is { } report
            ? report.Jobs.FirstOrDefault(one => one.Id == found.Id)?.Io : null;
        var around = found is null ? [] : await Queries.GetAsync([.. new[] { found.After, found.Next }.OfType<JobId>()], withPayload: false, cancellationToken);
        var before = around.FirstOrDefault(one => one.Id == found?.After);
        var awaited = found?.After is { } after && before is null && await Batches.GetAsync([after], cancellationToken) is [var batch] ? batch : null;
        var curl = found is null || IsSaid(found) ? _curl : Curl.Enqueue(Navigation.BaseUri, found, await FollowersAsync(found, cancellationToken));
        return () =>
        {
            (_unserved, _io) = (unserved, io);
            (_before, _next, _awaited) = (before, around.FirstOrDefault(one => one.Id == found?.Next), awaited);
            _curl = curl;

            // A job that is deleted while someone reads it stays on their page.
            _gone = found is null && _job?.Id.ToString() == Id;
            _job = found ?? (_gone ? _job : null);
        };
    }

    // The line for the shell says the request, which changes seldom: the rest of a chain is not read at each sign of life.
    private bool IsSaid(Job job) => _job?.Id == job.Id && _job.Params == job.Params && _job.Queue == job.Queue;

    private async Task<IReadOnlyList<Job>> FollowersAsync(Job job, CancellationToken cancellationToken)
    {
        List<Job> followers = [];
        while ((followers.Count == 0 ? job : followers[^1]).Next is { } next && await Queries.GetAsync([next], withPayload: false, cancellationToken) is [var follower])
        {
            followers.Add(follower);
        }

        return followers;
    }

    private async Task ActAsync(JobAction action)
    {
        if (action == JobAction.Abort)
        {
            _confirm = action;
            return;
        }

        await Actions.ApplyAsync(action, _job!.Id);
        await RefreshAsync();
    }
}
