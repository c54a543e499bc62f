using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Tasks;

namespace Mrq.Workers;

/// <summary>What an outcome means for the job: its new status and what is recorded with it.</summary>
internal static class JobOutcomes
{
    /// <summary>The one place that decides the status after an attempt.</summary>
    public static JobCompletion Classify(
        JobOutcome outcome, JobRun run, WorkerId worker, TaskOptions task, MrqOptions defaults, DateTimeOffset now, TimeSpan took)
    {
        var completion = new JobCompletion
        {
            Id = run.Job.Id,
            Worker = worker,
            Attempt = run.Job.Attempt,
            Status = JobStatus.Failed,
            At = now,
            Path = run.Job.Path,
            Queue = run.Job.Queue,
            RetryCount = run.Job.RetryCount,
            TotalTime = took.TotalSeconds,
            Progress = run.Progress,
        };
        return outcome switch
        {
            JobOutcome.Success success => completion with
            {
                Status = JobStatus.Success,
                Result = success.Result,
                Progress = run.Progress is null ? null : 1,
                DateExpires = now + (run.Job.ResultTtl ?? task.ResultTtl ?? defaults.DefaultResultTtl),
            },
            JobOutcome.Failure failure => Failed(completion, JobStatus.Failed, failure.Exception),
            JobOutcome.Retry retry => Retried(completion, retry, run.Job, task, defaults),
            JobOutcome.Abort abort => Failed(completion, JobStatus.Abort, abort.Exception) with { DateExpires = now + AbortTtl(task, defaults) },
            JobOutcome.Stopped { Cause: StopCause.Abort } stopped =>
                Stopped(completion, JobStatus.Abort, "abort", "A person asked for its end.", stopped) with { DateExpires = now + AbortTtl(task, defaults) },
            JobOutcome.Stopped { Cause: StopCause.Timeout } stopped => Stopped(
                completion, JobStatus.Timeout, "timeout", $"It ran longer than its timeout of {TimeoutOf(run.Job, task, defaults).TotalSeconds:0.###} s.", stopped),
            JobOutcome.Stopped stopped => Stopped(completion, JobStatus.Interrupt, "interrupt", "Its worker stopped before it ended; it runs again.", stopped),
            JobOutcome.NoSlot full => completion with
            {
                Status = JobStatus.MaxConcurrency,
                Failure = Entry(completion, JobStatus.MaxConcurrency, "maxconcurrency", $"{full.Limit:N0} jobs of this task were running: its limit.", null),
            },
            _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
        };
    }

    public static TimeSpan TimeoutOf(Job job, TaskOptions task, MrqOptions defaults) => job.Timeout ?? task.Timeout ?? defaults.DefaultTimeout;

    private static TimeSpan AbortTtl(TaskOptions task, MrqOptions defaults) => task.AbortTtl ?? defaults.DefaultAbortTtl;

    private static JobCompletion Retried(JobCompletion completion, JobOutcome.Retry retry, Job job, TaskOptions task, MrqOptions defaults)
    {
        var most = retry.MaxRetries ?? job.MaxRetries ?? task.MaxRetries ?? defaults.DefaultMaxRetries;
        var cause = retry.Exception.InnerException ?? retry.Exception;
        if (job.RetryCount >= most)
        {
            return Failed(completion, JobStatus.MaxRetries, cause);
        }

        return Failed(completion, JobStatus.Retry, cause) with
        {
            RetryCount = job.RetryCount + 1,
            RetryQueue = retry.Queue,
            DateRetry = completion.At + (retry.Delay ?? task.RetryDelay ?? defaults.DefaultRetryDelay),
        };
    }

    private static JobCompletion Failed(JobCompletion completion, JobStatus status, Exception exception) => completion with
    {
        Status = status,
        Failure = Entry(completion, status, exception.GetType().FullName!, exception.Message, exception.ToString()),
    };

    private static JobCompletion Stopped(JobCompletion completion, JobStatus status, string type, string message, JobOutcome.Stopped stopped) => completion with
    {
        Status = status,
        Failure = Entry(
            completion, status, type,
            stopped.Overdue ? $"{message} The task did not end within its grace time; what it still does is ignored." : message,
            stopped.Exception?.ToString()),
    };

    private static TracebackEntry Entry(JobCompletion completion, JobStatus status, string type, string? message, string? traceback) =>
        new(completion.At, status, type, message, traceback, completion.Worker);
}
