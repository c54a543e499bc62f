using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Mrq.Batches;
using Mrq.Diagnostics;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Storage;
using Mrq.Tasks;

namespace Mrq.Workers;

/// <summary>Runs one attempt of a job: start → run → classify → report. Nothing that a task does escapes from here.</summary>
internal sealed partial class JobExecutor(
    WorkerId worker, TaskRegistry tasks, JobClient client, BatchClient batches, ICoordination coordination, JobLogWriter logs, IJobLogStore storedLogs,
    CompletionWriter completions, ProgressWriter progress, JobLimits limits, CancelledBatches cancelled, IServiceScopeFactory scopes, ILoggerFactory loggers, IoTimes? io,
    AttemptTrace trace, MrqOptions options, TimeProvider time)
{
    private readonly ILogger _logger = loggers.CreateLogger<JobExecutor>();
    private int _overdue;

    /// <summary>Tasks that went on after their job was recorded.</summary>
    public int Overdue => Volatile.Read(ref _overdue);

    /// <summary>Runs the attempt to its end and hands its completion on to be recorded.</summary>
    public async Task ExecuteAsync(JobRun run)
    {
        var started = time.GetTimestamp();
        JobMetrics.Became(JobStatus.Started, run.Job.Queue);
        var definition = tasks.Find(run.Job.Path);
        var task = tasks.OptionsOf(run.Job);
        var slots = new List<string>();

        var outcome = await StartAsync(run, definition, task, slots);
        var took = time.GetElapsedTime(started);
        var completion = Classify(outcome, run, task, took) with { Usage = run.Usage };

        await completions.WriteAsync(new EndedRun(run, completion, slots));
    }

    private JobCompletion Classify(JobOutcome outcome, JobRun run, TaskOptions task, TimeSpan took)
    {
        try
        {
            return JobOutcomes.Classify(outcome, run, worker, task, options, time.GetUtcNow(), took);
        }
        catch (Exception e)
        {
            // Ours, not the task's: whatever options a job has, it must not take its slot along.
            LogEngineError(run.Job.Id, run.Job.Path, e);
            return JobOutcomes.Classify(new JobOutcome.Failure(e), run, worker, new TaskOptions(), options, time.GetUtcNow(), took);
        }
    }

    private async Task<JobOutcome> StartAsync(JobRun run, TaskDefinition? definition, TaskOptions task, List<string> slots)
    {
        if (run.Cause != StopCause.None)
        {
            return new JobOutcome.Stopped(run.Cause, Overdue: false, null);
        }

        if (definition is null)
        {
            return new JobOutcome.Failure(new InvalidOperationException(
                $"This worker has no task '{run.Job.Path}'. Register it here, or send the job to a queue whose workers have it."));
        }

        try
        {
            var timeout = JobOutcomes.TimeoutOf(run.Job, task, options);
            if (run.Job.ExpiresAt is { } expires && expires <= time.GetUtcNow())
            {
                return new JobOutcome.Expired(expires);
            }

            if (run.Job.Batch is { } batch && await cancelled.ContainsAsync(batch))
            {
                return new JobOutcome.BatchCancelled();
            }

            if (await limits.PassAsync(run.Job, task, timeout + options.AbortGrace, slots) is { } barred)
            {
                return barred;
            }

            run.StartTimeout(timeout, options.AbortGrace);
            return await RunAsync(run, definition, task);
        }
        catch (StorageUnavailableException e)
        {
            return new JobOutcome.NotBegun(e);
        }
        catch (Exception e)
        {
            // Ours, not the task's: the job is told, the worker lives on.
            LogEngineError(run.Job.Id, run.Job.Path, e);
            return new JobOutcome.Failure(e);
        }
    }

    private async Task<JobOutcome> RunAsync(JobRun run, TaskDefinition definition, TaskOptions task)
    {
        var sink = new JobLogSink(run.Job, await CountLinesAsync(run.Job), run.IsInFlight, logs, options, time);
        run.HeldLog = run.IsInFlight ? sink : null;
        run.Io = io?.Begin(run.Job.Path);
        // On the pool, or on a thread of its own: code before the task's first await must not hold up this worker's slot loop.
        var running = task.Cpu == true
            ? Task.Factory.StartNew(() => InvokeOnOwnThread(run, definition, sink), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()
            : Task.Run(() => InvokeAsync(run, definition, sink), CancellationToken.None);

        var overdue = await Task.WhenAny(running, run.Overdue) != running;
        var outcome = overdue
            ? new JobOutcome.Stopped(run.Cause, Overdue: true, null)
            : await OutcomeOfAsync(running, run);
        if (overdue)
        {
            Forsake(run, running);
        }

        sink.Close();
        run.Io?.Close();
        // A person who sees the job final finds its log whole.
        await logs.WaitWrittenAsync(sink);
        return outcome;
    }

    /// <summary>The lines that earlier attempts have logged: the limit is the job's.</summary>
    private async Task<long> CountLinesAsync(Job job) =>
        job.Attempt > 1 && await storedLogs.TailAsync(job.Id, 1, CancellationToken.None) is [var last] ? last.Number : 0;

    private Task<string?> InvokeOnOwnThread(JobRun run, TaskDefinition definition, JobLogSink sink)
    {
        var before = ThreadCpuTime.Now();
        var running = InvokeAsync(run, definition, sink);
        // What goes on after an await goes on elsewhere: its time is not this thread's.
        run.Usage ??= running.IsCompleted ? JobUsage.Of(ThreadCpuTime.Now() - before, null, null, null) : null;
        return running;
    }

    private async Task<string?> InvokeAsync(JobRun run, TaskDefinition definition, JobLogSink sink)
    {
        JobFlow.Current = new JobFlow(sink, run.Io);
        var log = loggers.CreateLogger(run.Job.Path);
        return trace.IsOn ? await trace.MeasureAsync(run.Job, () => InvokeAsync(run, definition, log), log, used => run.Usage = used) : await InvokeAsync(run, definition, log);
    }

    private async Task<string?> InvokeAsync(JobRun run, TaskDefinition definition, ILogger log)
    {
        await using var scope = scopes.CreateAsyncScope();
        var context = new JobContext(
            run.Job, log, client, batches, (value, text) => progress.Report(run, value, text),
            (key, limit, per, stop) => coordination.UseRateAsync($"task:{key}", limit, per, time.GetUtcNow(), stop));
        return await definition.Run(scope.ServiceProvider, run.Job, context, run.Token);
    }

    private async Task<JobOutcome> OutcomeOfAsync(Task<string?> running, JobRun run)
    {
        try
        {
            var result = await running;
            // A task that swallows its cancellation and returns was stopped all the same; one that finished while its worker
            // stops has simply finished.
            return run.Cause is StopCause.Timeout or StopCause.Abort
                ? new JobOutcome.Stopped(run.Cause, Overdue: false, null)
                : CheckResult(result);
        }
        catch (RetryRequestedException e) when (run.Cause is not (StopCause.Abort or StopCause.Timeout))
        {
            return new JobOutcome.Retry(e.Delay, e.Queue, e.MaxRetries, e);
        }
        catch (AbortRequestedException e) when (run.Cause is not StopCause.Timeout)
        {
            return new JobOutcome.Abort(e.InnerException ?? e);
        }
        catch (Exception e) when (run.Cause is StopCause.Timeout or StopCause.Abort || (run.Cause is StopCause.Interrupt && e is OperationCanceledException))
        {
            return new JobOutcome.Stopped(run.Cause, Overdue: false, e);
        }
        catch (Exception e)
        {
            return new JobOutcome.Failure(e, IsOfTask: true);
        }
    }

    private JobOutcome CheckResult(string? result) =>
        result is not null && System.Text.Encoding.UTF8.GetByteCount(result) is var size && size > options.MaxResultSize
            ? new JobOutcome.Failure(new InvalidOperationException(
                $"The result is {size:N0} bytes long; max_result_size is {options.MaxResultSize:N0}. Store the data elsewhere and return where it is."))
            : new JobOutcome.Success(result);

    /// <summary>Nobody waits for the task any more: it is counted until it ends, and what it throws is observed.</summary>
    private void Forsake(JobRun run, Task running)
    {
        Interlocked.Increment(ref _overdue);
        LogOverdue(run.Job.Id, run.Job.Path, run.Cause);
        _ = running.ContinueWith(
            ended =>
            {
                Interlocked.Decrement(ref _overdue);
                _ = ended.Exception;
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    [LoggerMessage(2101, LogLevel.Error, "Job {JobId} of {Path} could not be run by this worker; it is recorded as failed")]
    private partial void LogEngineError(JobId jobId, string path, Exception exception);

    [LoggerMessage(2102, LogLevel.Warning, "Job {JobId} of {Path} did not end after its {Cause}; it is recorded and its late result will be refused")]
    private partial void LogOverdue(JobId jobId, string path, StopCause cause);
}
