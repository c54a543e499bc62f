using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Mrq.Batches;
using Mrq.Jobs;
using Mrq.Queues;

namespace Mrq.Tasks;

/// <summary>The job that a task runs for, and what the task can ask of MRQ while it runs.</summary>
public sealed class JobContext
{
    private readonly JobClient _client;
    private readonly BatchClient _batches;
    private readonly Action<double, string?> _setProgress;
    private readonly RateLimit _useRate;

    internal JobContext(Job job, ILogger logger, JobClient client, BatchClient batches, Action<double, string?> setProgress, RateLimit useRate)
    {
        Job = job;
        Logger = logger;
        _client = client;
        _batches = batches;
        _setProgress = setProgress;
        _useRate = useRate;
    }

    internal delegate Task<int> RateLimit(string key, int limit, TimeSpan per, CancellationToken cancellationToken);

    public JobId Id => Job.Id;

    /// <summary>The document as it was when this attempt started.</summary>
    public Job Job { get; }

    /// <summary>Logs to the job. So does every other <see cref="ILogger"/> in the same asynchronous flow.</summary>
    public ILogger Logger { get; }

    /// <summary>Reports progress; cheap, stored several times a second at most.</summary>
    /// <param name="progress">0 to 1; values outside are cut.</param>
    /// <param name="text">What is being done now, for people; null: nothing to say.</param>
    public void SetProgress(double progress, string? text = null) =>
        _setProgress(double.IsNaN(progress) ? 0 : Math.Clamp(progress, 0, 1), text);

    /// <summary>
    /// Uses a name that all jobs of the cluster share, for example of a service that bears only so many calls. Of its uses only <paramref name="limit"/> count
    /// within any span of <paramref name="per"/>; the same name with another span counts apart.
    /// </summary>
    /// <param name="limit">From 1.</param>
    /// <returns>How many uses were left, this one among them: <paramref name="limit"/> down to 1. 0: none; wait, or <see cref="Retry"/> later.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The limit is below 1, or the span below a millisecond.</exception>
    public Task<int> UseRateAsync(string key, int limit, TimeSpan per, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(per, TimeSpan.FromMilliseconds(1));
        return _useRate(key, limit, per, cancellationToken);
    }

    /// <summary>Queues another job. It is stored when the call returns, whatever becomes of this one.</summary>
    /// <exception cref="InvalidJobException">The request cannot be accepted; the message names each field.</exception>
    public Task<EnqueuedJob> EnqueueAsync(JobRequest request, CancellationToken cancellationToken) =>
        _client.EnqueueAsync(request, cancellationToken);

    /// <summary>Queues many jobs at once.</summary>
    /// <exception cref="InvalidJobException">One of them cannot be accepted; none was queued.</exception>
    public Task<IReadOnlyList<EnqueuedJob>> EnqueueManyAsync(IReadOnlyList<JobRequest> requests, CancellationToken cancellationToken) =>
        _client.EnqueueManyAsync(requests, cancellationToken);

    /// <summary>Queues jobs as one batch. To add jobs to the batch of this one, enqueue them with <see cref="JobRequest.Batch"/>: it cannot end before this job has.</summary>
    /// <exception cref="InvalidJobException">Something of it cannot be accepted; nothing was queued.</exception>
    public Task<EnqueuedBatch> EnqueueBatchAsync(BatchRequest request, CancellationToken cancellationToken) => _batches.EnqueueAsync(request, cancellationToken);

    /// <summary>Ends this attempt and runs the job again later; past its most retries the job ends as <c>maxretries</c>. Does not return.</summary>
    /// <param name="delay">Wait before the next attempt; zero: at once; null: the task's retry delay.</param>
    /// <param name="queue">Queue of the next attempt; null: the same.</param>
    /// <param name="maxRetries">Most retries; null: the job's own limit.</param>
    /// <param name="cause">Kept in the traceback history; null: only the place of this call.</param>
    [DoesNotReturn]
    [SuppressMessage("Performance", "CA1822", Justification = "A wish about this job reads as a call on it.")]
    public void Retry(TimeSpan? delay = null, QueueName? queue = null, int? maxRetries = null, Exception? cause = null) =>
        throw new RetryRequestedException(delay, queue, maxRetries, cause);

    /// <summary>Ends this attempt; the job ends as <c>abort</c> and is not run again. Does not return.</summary>
    /// <param name="cause">Kept in the traceback history; null: only the place of this call.</param>
    [DoesNotReturn]
    [SuppressMessage("Performance", "CA1822", Justification = "A wish about this job reads as a call on it.")]
    public void Abort(Exception? cause = null) => throw new AbortRequestedException(cause);
}

/// <summary>Carries a task's wish for a retry to the executor; a task may let it pass or catch and rethrow it.</summary>
public sealed class RetryRequestedException(TimeSpan? delay, QueueName? queue, int? maxRetries, Exception? cause)
    : Exception("The task asked for a retry.", cause)
{
    public TimeSpan? Delay { get; } = delay;

    public QueueName? Queue { get; } = queue;

    public int? MaxRetries { get; } = maxRetries;
}

/// <summary>Carries a task's wish to be aborted to the executor.</summary>
public sealed class AbortRequestedException(Exception? cause) : Exception("The task aborted itself.", cause);
