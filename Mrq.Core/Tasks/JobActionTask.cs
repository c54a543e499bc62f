using System.Text.Json.Serialization;
using Mrq.Diagnostics;
using Mrq.Jobs;
using Mrq.Queues;

namespace Mrq.Tasks;

/// <summary>Params of <see cref="JobActionTask"/>.</summary>
public sealed record JobActionParams
{
    public required JobAction Action { get; init; }

    public required JobFilterJson Filter { get; init; }

    /// <summary>Where requeued or retried jobs go; null: where they were.</summary>
    public string? DestinationQueue { get; init; }
}

/// <param name="Done">Jobs that it changed.</param>
/// <param name="Refused">Jobs that had moved on in the meantime.</param>
public sealed record JobActionResult([property: JsonPropertyName("done")] long Done, [property: JsonPropertyName("refused")] long Refused);

/// <summary>Carries out a bulk action: page by page, with progress, and stops between pages when it is aborted. The original's JobAction.</summary>
[MrqTask(Path, Queue = "mrq", MaxRetries = 0)]
public sealed class JobActionTask(BulkActions bulk, JobControl control, Audit audit) : IJobTask<JobActionParams, JobActionResult>
{
    /// <summary>The task's path.</summary>
    public const string Path = "mrq.job_action";

    /// <inheritdoc/>
    public async Task<JobActionResult> RunAsync(JobActionParams parameters, JobContext context, CancellationToken cancellationToken)
    {
        var filter = parameters.Filter.ToFilter(out var errors) ?? throw new InvalidJobException(errors);
        var queue = parameters.DestinationQueue is { } name ? new QueueName(name) : (QueueName?)null;
        // It never touches itself or what was queued after it.
        filter = filter with { NotAfter = filter.NotAfter is { } bound && bound < context.Id ? bound : context.Id };
        var total = await bulk.CountAsync(parameters.Action, filter, cancellationToken);
        long done = 0, refused = 0;
        try
        {
            await foreach (var page in bulk.PagesAsync(parameters.Action, filter, cancellationToken))
            {
                var ids = page.Where(id => id != context.Id).ToList();
                var outcome = await control.ApplyAsync(parameters.Action, ids, queue, cancellationToken);
                done += outcome.Done.Count;
                refused += outcome.Refused.Count;
                context.SetProgress(total == 0 ? 1 : (double)(done + refused) / total, $"{done:N0} of {total:N0} jobs");
            }
        }
        finally
        {
            // Also when it is aborted half way. Who asked for it stands in the entry at its begin, under the same job: params could be forged.
            await audit.RecordAsync(Path, AuditActions.BulkEnd(parameters.Action), context.Id.ToString(), done, CancellationToken.None);
        }

        return new JobActionResult(done, refused);
    }
}
