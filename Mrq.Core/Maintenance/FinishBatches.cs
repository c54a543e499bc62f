using Microsoft.Extensions.Options;
using Mrq.Batches;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Maintenance;

/// <summary>
/// Does for batches what others could not: ends those whose last job ended where nobody could look, stops the rest of cancelled ones, and deletes ended ones that have no job left, when they
/// are as old as a result may be.
/// </summary>
internal sealed class FinishBatches(
    IBatchStore batches, IJobQueries queries, BatchControl control, BatchEnds ends, ICoordination coordination, IOptions<MrqOptions> options, TimeProvider time) : IMaintenanceTask
{
    private const int PageSize = 100;

    private readonly LookRest _rest = new(time);
    private int _changed;
    private bool _isFinished;
    private JobId? _after;

    public string Name => nameof(FinishBatches);

    public TimeSpan Interval => options.Value.MaintenanceInterval;

    public async Task<MaintenanceRun> RunAsync(CancellationToken cancellationToken)
    {
        if (!_rest.IsOver)
        {
            return default;
        }

        if (!_isFinished && _after is null)
        {
            _rest.Begin();
            _changed = 0;
        }

        var page = await batches.FindAsync(_isFinished, _after, PageSize, cancellationToken);
        var changed = 0;
        foreach (var batch in page)
        {
            changed += _isFinished ? await DeleteAsync(batch, cancellationToken) : await EndAsync(batch, cancellationToken);
        }

        _rest.Page();
        _changed += changed;
        if (page.Count == PageSize)
        {
            _after = page[^1].Id;
            return new MaintenanceRun(changed, IsMore: true);
        }

        (_after, _isFinished) = (null, !_isFinished);
        if (_isFinished)
        {
            return new MaintenanceRun(changed, IsMore: true);
        }

        // What was stopped was work, and there may be more of it.
        _rest.End(_changed > 0 ? 0 : LookRest.Long);
        return new MaintenanceRun(changed, IsMore: _changed > 0);
    }

    private async Task<int> EndAsync(Batch batch, CancellationToken cancellationToken)
    {
        var stopped = batch.CancelledAt is null ? 0 : await control.StopJobsAsync(batch.Id, batch.AbortsRunning, cancellationToken);
        return stopped + await ends.SettleAsync([batch.Id], cancellationToken);
    }

    private async Task<int> DeleteAsync(Batch batch, CancellationToken cancellationToken)
    {
        if (batch.FinishedAt >= time.GetUtcNow() - options.Value.DefaultResultTtl ||
            (await queries.FindIdsAsync(new JobFilter { Tag = batch.Tag }, before: null, 1, cancellationToken)).Count > 0)
        {
            return 0;
        }

        if (!await batches.DeleteAsync(batch.Id, cancellationToken))
        {
            return 0;
        }

        coordination.Publish(Changes.Jobs);
        return 1;
    }
}
