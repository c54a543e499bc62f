using Microsoft.Extensions.Options;
using Mrq.Batches;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Maintenance;

/// <summary>
/// Does for jobs that wait for another, or for a batch, what the worker of that could not: it died, or the job was ended or deleted by someone else. Deletes what was cancelled with its chain when the
/// job before it has been gone for as long as cancelled jobs are kept.
/// </summary>
internal sealed class ReleaseDeferred(
    IJobStore jobs, IJobQueries queries, IBatchStore batches, JobChains chains, BatchEnds ends, IOptions<MrqOptions> options, TimeProvider time) : IMaintenanceTask
{
    private const int PageSize = 1000;

    /// <summary>What a page of one look is taken from, one after the other.</summary>
    private static readonly JobFilter[] Filters =
    [
        new() { Statuses = JobStatuses.Of(JobStatus.Deferred) },
        new() { Statuses = JobStatuses.Of(JobStatus.Cancel), ExceptionType = Job.ChainBroken },
    ];

    private readonly LookRest _rest = new(time);
    private int _changed;
    private int _filter;
    private JobId? _before;

    public string Name => nameof(ReleaseDeferred);

    public TimeSpan Interval => options.Value.MaintenanceInterval;

    public async Task<MaintenanceRun> RunAsync(CancellationToken cancellationToken)
    {
        if (!_rest.IsOver)
        {
            return default;
        }

        if (_filter == 0 && _before is null)
        {
            _rest.Begin();
            _changed = 0;
        }

        var page = await queries.FindIdsAsync(Filters[_filter], _before, PageSize, cancellationToken);
        var changed = await SettleAsync(page, cancellationToken);
        _rest.Page();
        _changed += changed;
        if (page.Count == PageSize)
        {
            _before = page[^1];
            return new MaintenanceRun(changed, IsMore: true);
        }

        (_before, _filter) = (null, (_filter + 1) % Filters.Length);
        if (_filter > 0)
        {
            return new MaintenanceRun(changed, IsMore: true);
        }

        // What they wait for may have ended in the middle of the look: then those that it had passed wait for the next. Half of the time at most goes into that, also where something is found each time.
        _rest.End(_changed > 0 ? LookRest.Short : LookRest.Long);
        return new MaintenanceRun(changed, IsMore: false);
    }

    private async Task<int> SettleAsync(IReadOnlyList<JobId> page, CancellationToken cancellationToken)
    {
        List<Job> waiting = [.. (await queries.GetAsync(page, withPayload: false, cancellationToken)).Where(JobChains.Waits)];
        if (waiting.Count == 0)
        {
            return 0;
        }

        List<JobId> awaited = [.. waiting.Select(job => job.After).OfType<JobId>().Distinct()];
        var before = (await queries.GetAsync(awaited, withPayload: false, cancellationToken)).ToDictionary(job => job.Id);
        var noJobs = awaited.FindAll(id => !before.ContainsKey(id));
        var known = await batches.GetAsync(noJobs, cancellationToken);
        var gone = noJobs.Except(known.Select(batch => batch.Id)).ToHashSet();
        var ended = await FindEndedAsync(waiting, before, gone, cancellationToken);
        return await chains.SettleAsync(waiting, ended, cancellationToken)
            + await ends.SettleAsync([.. known.Where(batch => batch.FinishedAt is not null).Select(batch => batch.Id)], cancellationToken)
            + await DeleteAsync(waiting, gone, cancellationToken);
    }

    /// <param name="before">What they wait for, by id, as far as it is there.</param>
    /// <param name="gone">What is not there.</param>
    private async Task<Dictionary<JobId, Ending>> FindEndedAsync(
        List<Job> waiting, Dictionary<JobId, Job> before, HashSet<JobId> gone, CancellationToken cancellationToken)
    {
        var withResult = waiting.Where(job => job.ResultAs is not null).Select(job => job.After).OfType<JobId>()
            .Where(id => before.GetValueOrDefault(id)?.Status == JobStatus.Success).Distinct().ToList();
        var results = (await queries.GetAsync(withResult, withPayload: true, cancellationToken)).ToDictionary(job => job.Id, job => job.Result);
        // The first of a chain is stored last: of a young one it may still be on its way.
        var grace = time.GetUtcNow() - options.Value.LostJobGrace;
        var ended = new Dictionary<JobId, Ending>();
        foreach (var job in waiting)
        {
            var awaited = job.After ?? default;
            if (before.TryGetValue(awaited, out var found) && JobStatuses.Final.Contains(found.Status))
            {
                ended[job.Id] = new Ending(found.Status, results.GetValueOrDefault(awaited));
            }
            else if (gone.Contains(awaited) && job.DateQueued < grace)
            {
                ended[job.Id] = default;
            }
        }

        return ended;
    }

    private async Task<int> DeleteAsync(List<Job> waiting, HashSet<JobId> gone, CancellationToken cancellationToken)
    {
        var old = time.GetUtcNow() - options.Value.DefaultCancelTtl;
        List<JobId> forsaken =
        [
            .. waiting.Where(job => job.Status == JobStatus.Cancel && job.DateUpdated < old && job.After is { } before && gone.Contains(before)).Select(job => job.Id),
        ];
        return forsaken.Count == 0 ? 0 : (await jobs.DeleteAsync(forsaken, cancellationToken)).Count;
    }
}
