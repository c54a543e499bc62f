using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Tasks;

namespace Mrq.Workers;

/// <summary>What an outcome means for the job: its new status and what is recorded with it.</summary>
internal static class JobOutcomes
{
    private const int MostMessage = 8_000;
    private const int MostTraceback = 64_000;
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3650);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromHours(1);
    private static readonly TimeSpan AwaitedFor = TimeSpan.FromHours(1);

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
            PreviousExceptionType = run.Job.ExceptionType,
            RetryCount = run.Job.RetryCount,
            TotalTime = took.TotalSeconds,
            Progress = run.Progress,
        };
        var end = outcome switch
        {
            JobOutcome.Success success => completion with
            {
                Status = JobStatus.Success,
                Result = success.Result,
                Progress = run.Progress is null ? null : 1,
                DateExpires = Latest(Later(now, run.Job.ResultTtl ?? task.ResultTtl ?? defaults.DefaultResultTtl), AwaitedUntil(run.Job, now)),
            },
            JobOutcome.Failure { IsOfTask: true } failure when task.RetryOnFailure == true =>
                Retried(completion, new JobOutcome.Retry(null, null, null, failure.Exception), run.Job, task, defaults),
            JobOutcome.Failure failure => Failed(completion, JobStatus.Failed, failure.Exception),
            JobOutcome.Retry retry => Retried(completion, retry, run.Job, task, defaults),
            JobOutcome.Abort abort => Failed(completion, JobStatus.Abort, abort.Exception) with { DateExpires = Later(now, AbortTtl(task, defaults)) },
            JobOutcome.Stopped { Cause: StopCause.Abort } stopped =>
                Stopped(completion, JobStatus.Abort, "abort", "A person asked for its end.", stopped) with { DateExpires = Later(now, AbortTtl(task, defaults)) },
            JobOutcome.Stopped { Cause: StopCause.Timeout } stopped when task.RetryOnFailure == true => RetriedTimeout(completion, stopped, run.Job, task, defaults),
            JobOutcome.Stopped { Cause: StopCause.Timeout } stopped => Stopped(
                completion, JobStatus.Timeout, "timeout", TimeoutMessage(run.Job, task, defaults), stopped),
            JobOutcome.Stopped stopped => Stopped(completion, JobStatus.Interrupt, "interrupt", "Its worker stopped before it ended; it runs again.", stopped),
            JobOutcome.NotBegun notBegun => completion with
            {
                Status = JobStatus.Interrupt,
                Failure = Entry(completion, JobStatus.Interrupt, "interrupt", "The store was away before the task could begin; it runs again.", Text(notBegun.Exception.ToString)),
            },
            JobOutcome.NoSlot full => completion with
            {
                Status = JobStatus.MaxConcurrency,
                Failure = Entry(completion, JobStatus.MaxConcurrency, JobLimitReasons.Concurrency, full.Message, null),
            },
            JobOutcome.Postponed postponed => completion with
            {
                Status = JobStatus.Retry,
                DateRetry = Later(now, postponed.Delay),
                Failure = Entry(completion, JobStatus.Retry, postponed.Type, postponed.Message, null),
                IsPostponed = true,
            },
            JobOutcome.BatchCancelled => completion with
            {
                Status = JobStatus.Cancel,
                DateExpires = Later(now, task.CancelTtl ?? defaults.DefaultCancelTtl),
                Failure = Entry(completion, JobStatus.Cancel, "batch", "Its batch was cancelled as a whole before it began.", null),
            },
            JobOutcome.Expired expired => completion with
            {
                Status = JobStatus.Cancel,
                DateExpires = Later(now, task.CancelTtl ?? defaults.DefaultCancelTtl),
                Failure = Entry(completion, JobStatus.Cancel, Job.Expired, Job.ExpiredMessage(expired.At), null),
            },
            _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
        };
        return end with { DateExpires = Latest(end.DateExpires, run.Job.UniqueUntil) };
    }

    public static TimeSpan TimeoutOf(Job job, TaskOptions task, MrqOptions defaults) => job.Timeout ?? task.Timeout ?? defaults.DefaultTimeout;

    private static string TimeoutMessage(Job job, TaskOptions task, MrqOptions defaults) =>
        $"It ran longer than its timeout of {TimeoutOf(job, task, defaults).TotalSeconds:0.###} s.";

    /// <summary>The later of both; what never comes stays so.</summary>
    private static DateTimeOffset? Latest(DateTimeOffset? one, DateTimeOffset? other) => other > one ? other : one;

    /// <summary>How long it is kept at least for the job that waits for its result, should this process die before it could give it to that.</summary>
    private static DateTimeOffset? AwaitedUntil(Job job, DateTimeOffset now) => job.Next is null ? null : now + AwaitedFor;

    private static TimeSpan AbortTtl(TaskOptions task, MrqOptions defaults) => task.AbortTtl ?? defaults.DefaultAbortTtl;

    /// <summary>A timeout that is retried: with what the task threw at last, and whether it goes on.</summary>
    private static JobCompletion RetriedTimeout(JobCompletion completion, JobOutcome.Stopped stopped, Job job, TaskOptions task, MrqOptions defaults)
    {
        var message = TimeoutMessage(job, task, defaults);
        var retried = Retried(completion, new JobOutcome.Retry(null, null, null, new TimeoutException(message)), job, task, defaults);
        return retried with { Failure = Stopped(completion, retried.Status, "timeout", message, stopped).Failure };
    }

    private static JobCompletion Retried(JobCompletion completion, JobOutcome.Retry retry, Job job, TaskOptions task, MrqOptions defaults)
    {
        var most = retry.MaxRetries ?? job.MaxRetries ?? task.MaxRetries ?? defaults.DefaultMaxRetries;
        var cause = retry.Exception is RetryRequestedException { InnerException: { } inner } ? inner : retry.Exception;
        if (job.RetryCount >= most)
        {
            return Failed(completion, JobStatus.MaxRetries, cause);
        }

        return Failed(completion, JobStatus.Retry, cause) with
        {
            RetryCount = job.RetryCount + 1,
            RetryQueue = retry.Queue,
            DateRetry = Later(completion.At, retry.Delay ?? DelayOf(job.RetryCount + 1, task, defaults)),
        };
    }

    /// <summary>The delay before a retry that names none.</summary>
    /// <param name="retry">1: the first.</param>
    private static TimeSpan DelayOf(int retry, TaskOptions task, MrqOptions defaults)
    {
        var first = task.RetryDelay ?? defaults.DefaultRetryDelay;
        var longest = task.RetryMaxDelay ?? LongestBackoff;
        var delay = task.RetryDelays?.Of(retry)
            ?? (first > TimeSpan.Zero && task.RetryBackoff is > 1 and var factor
                ? TimeSpan.FromSeconds(Math.Min(first.TotalSeconds * Math.Pow(factor, retry - 1), Math.Max(longest.TotalSeconds, first.TotalSeconds)))
                : first);
        // Chance only shortens: the longest delay stays the longest.
        return delay * (1 - ((task.RetryJitter ?? 0) * Random.Shared.NextDouble()));
    }

    private static JobCompletion Failed(JobCompletion completion, JobStatus status, Exception exception) => completion with
    {
        Status = status,
        Failure = Entry(completion, status, exception.GetType().FullName!, Text(() => exception.Message), Text(exception.ToString)),
    };

    private static JobCompletion Stopped(JobCompletion completion, JobStatus status, string type, string message, JobOutcome.Stopped stopped) => completion with
    {
        Status = status,
        Failure = Entry(
            completion, status, type,
            stopped.Overdue ? $"{message} The task did not end within its grace time; what it still does is ignored." : message,
            stopped.Exception is { } exception ? Text(exception.ToString) : null),
    };

    private static TracebackEntry Entry(JobCompletion completion, JobStatus status, string type, string? message, string? traceback) =>
        new(completion.At, status, type, Cut(message, MostMessage), CutInside(traceback, MostTraceback), completion.Worker);

    // A task may ask for any span; the calendar ends.
    private static DateTimeOffset Later(DateTimeOffset now, TimeSpan span) =>
        now + (span < TimeSpan.Zero ? TimeSpan.Zero : span > Longest ? Longest : span);

    // The text of an exception is the task's code, too, and may throw.
    private static string Text(Func<string> text)
    {
        try
        {
            return text() ?? "";
        }
        catch (Exception e)
        {
            return $"(Its text cannot be shown: {e.GetType().FullName})";
        }
    }

    private static string? Cut(string? text, int most) =>
        text?.Length > most ? $"{text[..most]}… ({text.Length - most:N0} more characters were cut)" : text;

    // The frames stand behind the message, which alone may be longer than the room for all; of a deep recursion the innermost stand first.
    private static string? CutInside(string? text, int most) =>
        text?.Length > most ? $"{text[..(most / 2)]}…\n… ({text.Length - most:N0} characters were cut here)\n…{text[^(most / 2)..]}" : text;
}
