using Microsoft.AspNetCore.Components;
using Mrq.Batches;
using Mrq.Dashboard.Actions;
using Mrq.Dashboard.Pages.JobList;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Dashboard.Pages.BatchDetail;

/// <summary>One batch: how far it is, what its jobs are, what runs at its end.</summary>
public sealed partial class BatchPage
{
    private BatchView? _view;
    private IReadOnlyList<Job> _waiting = [];
    private bool _closing;
    private bool _cancelling;
    private bool _deleting;

    [Inject] private BatchControl Control { get; set; } = null!;

    [Inject] private IJobQueries Queries { get; set; } = null!;

    [Inject] private BatchActions Actions { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    /// <summary>24 hexadecimal digits.</summary>
    [Parameter] public string Id { get; set; } = "";

    protected override Changes Watches => Changes.Jobs;

    /// <summary>The address of a batch's page.</summary>
    public static string LinkTo(JobId id) => $"batches/{id}";

    protected override async Task<Action> ReadAsync(CancellationToken cancellationToken)
    {
        var view = JobId.TryParse(Id, out var id) ? await Control.FindAsync(id, cancellationToken) : null;
        List<JobId> waiting = [.. new[] { view?.Batch.OnComplete, view?.Batch.OnSuccess }.OfType<JobId>()];
        var found = await Queries.GetAsync(waiting, withPayload: false, cancellationToken);
        return () => (_view, _waiting) = (view, found);
    }

    private Job? Waiting(JobId? id) => _waiting.FirstOrDefault(job => job.Id == id);

    private string FailedLink => new JobQuery { Tag = _view?.Batch.Tag, Status = "error" }.Address;

    private string LinkOf(JobStatus? status) =>
        new JobQuery { Tag = _view?.Batch.Tag, Status = status is { } one ? JobStatuses.NameOf(one) : null }.Address;

    private async Task DeleteAsync()
    {
        if (_view is { } view && await Actions.DeleteAsync(view.Batch))
        {
            Navigation.NavigateTo("batches");
        }
    }
}
