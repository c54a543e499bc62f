using Mrq.Dashboard;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Server.Output;
using Mrq.Workers;

namespace Mrq.Server.Commands.Acting;

/// <summary>A job that a person waits for, in one line that changes: where it waits, how long and among how many, who runs it and how far it is.</summary>
internal sealed class WaitedJob(ProgressLine line, QueueControl queues, WorkerControl workers, TimeProvider time)
{
    private JobStatus? _shown;

    /// <summary>Shows the job as it was read just now.</summary>
    public async Task ShowAsync(Job job, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var text = job.Status switch
        {
            JobStatus.Queued => await QueuedAsync(job, now, cancellationToken),
            JobStatus.Started => await StartedAsync(job, now, cancellationToken),
            _ => $"{JobStatuses.NameOf(job.Status)}{((job.DateRetry ?? job.RunAt) is { } due && due > now ? $", due in {Display.Duration(due - now)}" : "")}",
        };
        line.Show(() => $"job {job.Id}: {text}", isNews: job.Status != _shown);
        _shown = job.Status;
    }

    private async Task<string> QueuedAsync(Job job, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var queue = await queues.FindAsync(job.Queue, cancellationToken);
        var isHeard = (await workers.ListAsync(cancellationToken)).Any(worker => worker.IsAlive(now) && worker.Listens(job.Queue));
        var why = queue is { Paused: true } ? ", which is paused" : isHeard ? "" : ", to which no worker listens";
        return $"queued for {Display.Since(job.DateQueued, now)} in {job.Queue}{why}{(queue is { Waiting: > 1 } ? $", {queue.Waiting:N0} wait there" : "")}";
    }

    private async Task<string> StartedAsync(Job job, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var report = (await workers.ListAsync(cancellationToken)).FirstOrDefault(worker => worker.Id == job.Worker);
        var name = report?.Name ?? (job.Worker is { } id ? Display.Worker(id.Value) : "a worker");
        return $"runs on {name} for {Display.Since(job.DateStarted ?? now, now)}{(job.Progress is { } done ? $", {done:0%} {job.ProgressText}".TrimEnd() : "")}";
    }
}
