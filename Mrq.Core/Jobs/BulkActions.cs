using System.Text.Json;
using Mrq.Queues;
using Mrq.Storage;
using Mrq.Tasks;

namespace Mrq.Jobs;

/// <summary>What a bulk action would touch.</summary>
/// <param name="Count">Jobs that match the filter and are in a status that allows the action.</param>
/// <param name="Sample">The newest of them.</param>
public sealed record BulkPreview(long Count, IReadOnlyDictionary<QueueName, long> ByQueue, IReadOnlyList<Job> Sample);

/// <summary>Actions on everything that matches a filter: previewed at once, carried out as a job with progress that can be aborted.</summary>
public sealed class BulkActions(IJobQueries queries, JobClient client, TimeProvider time)
{
    private const int SampleSize = 5;
    private const int PageSize = 1000;

    /// <summary>Counts what the action would touch now; changes nothing.</summary>
    public async Task<BulkPreview> PreviewAsync(JobAction action, JobFilter filter, CancellationToken cancellationToken)
    {
        var touched = Narrow(action, filter);
        var sample = (await queries.FindAsync(touched, new JobPageRequest(Limit: SampleSize), cancellationToken)).Jobs;
        var byQueue = new SortedDictionary<QueueName, long>();
        foreach (var queue in (await queries.CountsAsync(cancellationToken)).Select(c => c.Queue).Distinct())
        {
            if (touched.Queue is null || QueuePattern.Matches(touched.Queue, queue))
            {
                var count = await queries.CountAsync(touched with { Queue = queue.Value }, long.MaxValue, cancellationToken);
                if (count > 0)
                {
                    byQueue[queue] = count;
                }
            }
        }

        return new BulkPreview(byQueue.Values.Sum(), byQueue, sample);
    }

    /// <summary>Queues the job that carries the action out. It touches only jobs that exist now.</summary>
    /// <param name="queue">Where requeued or retried jobs go; null: where they were.</param>
    /// <exception cref="InvalidJobException">The queue stands for sub-queues.</exception>
    public async Task<JobId> StartAsync(JobAction action, JobFilter filter, QueueName? queue, CancellationToken cancellationToken) =>
        (await client.EnqueueAsync(RequestOf(action, filter, queue), cancellationToken)).Id;

    /// <summary>The request of the job that carries the action out, for who runs it himself (<see cref="TaskCall"/>). It touches only jobs that exist now.</summary>
    /// <param name="queue">Where requeued or retried jobs go; null: where they were.</param>
    /// <exception cref="InvalidJobException">The queue stands for sub-queues.</exception>
    public JobRequest RequestOf(JobAction action, JobFilter filter, QueueName? queue)
    {
        if (queue?.NotForJobs is { } error)
        {
            throw new InvalidJobException([new FieldError("destination_queue", error)]);
        }

        var bounded = filter with { NotAfter = filter.NotAfter ?? JobId.New(time) };
        var parameters = new JobActionParams { Action = action, Filter = JobFilterJson.Of(bounded), DestinationQueue = queue?.Value };
        return new JobRequest { Path = JobActionTask.Path, Params = JsonSerializer.Serialize(parameters, ParamsBinder.Json) };
    }

    /// <summary>Pages through the jobs that the action may touch, newest first.</summary>
    internal async IAsyncEnumerable<IReadOnlyList<JobId>> PagesAsync(
        JobAction action, JobFilter filter, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var touched = Narrow(action, filter);
        JobId? before = null;
        while (true)
        {
            var page = await queries.FindIdsAsync(touched, before, PageSize, cancellationToken);
            if (page.Count > 0)
            {
                yield return page;
            }

            if (page.Count < PageSize)
            {
                yield break;
            }

            before = page[^1];
        }
    }

    internal Task<long> CountAsync(JobAction action, JobFilter filter, CancellationToken cancellationToken) =>
        queries.CountAsync(Narrow(action, filter), long.MaxValue, cancellationToken);

    private static JobFilter Narrow(JobAction action, JobFilter filter) =>
        filter with { Statuses = (filter.Statuses ?? JobStatuses.All) & JobTransitions.AllowedFor(action) };
}
