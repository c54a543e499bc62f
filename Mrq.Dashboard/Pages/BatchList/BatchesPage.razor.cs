using Microsoft.AspNetCore.Components;
using Mrq.Batches;
using Mrq.Jobs;
using Mrq.Storage;
using Mrq.Tasks;

namespace Mrq.Dashboard.Pages.BatchList;

/// <summary>The batches, newest first, and how far each is.</summary>
public sealed partial class BatchesPage
{
    private const int PageSize = 25;

    private List<BatchView> _batches = [];
    private bool _hasMore;

    [Inject] private BatchControl Control { get; set; } = null!;

    [Inject] private TaskRegistry Registry { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    /// <summary>Only batches older than this id; null: from the newest.</summary>
    [SupplyParameterFromQuery(Name = "before")] public string? Before { get; set; }

    protected override Changes Watches => Changes.Jobs;

    // It counts the jobs of each batch.
    protected override bool Scans => true;

    protected override async Task<Action> ReadAsync(CancellationToken cancellationToken)
    {
        // One more than shown tells whether there are older ones.
        var found = await Control.ListAsync(JobId.TryParse(Before, out var before) ? before : null, PageSize + 1, cancellationToken);
        return () => (_batches, _hasMore) = ([.. found.Take(PageSize)], found.Count > PageSize);
    }
}
