using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Mrq.Batches;
using Mrq.Diagnostics;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Storage;
using Mrq.Workers;

namespace Mrq.Tasks;

/// <summary>
/// Runs a task here and now, as a call: nothing is queued and no document is stored. The task has its context all the same, and what it enqueues is enqueued; what
/// it logs goes to the loggers of this process.
/// </summary>
public sealed class TaskCall(
    TaskRegistry tasks, KnownTasks known, JobFactory factory, JobClient client, BatchClient batches, ICoordination coordination, IServiceScopeFactory scopes,
    ILoggerFactory loggers, CallTracing tracing, IOptions<MrqOptions> options, TimeProvider time)
{
    // A timer of .NET waits for 49 days at most; who asks for more never means to wait for its end.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(48);

    /// <summary>Checks a request and makes the job that the task will see; nothing is stored.</summary>
    /// <param name="request">Its path, params and timeout are heeded.</param>
    /// <exception cref="InvalidJobException">This process has no such task, or the params do not bind: each wrong field is named.</exception>
    public async Task<Job> MakeAsync(JobRequest request, CancellationToken cancellationToken) => tasks.Find(request.Path) is null
        ? throw await UnknownAsync(request.Path, cancellationToken)
        : factory.Make(request) with { Status = JobStatus.Started, Attempt = 1, DateStarted = time.GetUtcNow() };

    /// <summary>Runs the task of a job to its end and answers its result as JSON text; null: it returns nothing. What the task throws is thrown.</summary>
    /// <param name="job">As <see cref="MakeAsync"/> made it.</param>
    /// <param name="progress">Told of each progress, on any thread; null: nobody cares.</param>
    /// <param name="cancellationToken">Tells the task to end.</param>
    /// <exception cref="TimeoutException">It ran longer than the request allows: it was told to end, and given the grace time to do so.</exception>
    public Task<string?> RunAsync(Job job, Action<double, string?>? progress, CancellationToken cancellationToken) => RunAsync(job, progress, seen: null, cancellationToken);

    /// <summary>The same, with what it used and waited for, as far as the options ask for it (<see cref="MrqOptions.TraceUsage"/>, <see cref="MrqOptions.TraceIo"/>).</summary>
    /// <param name="seen">Told once, before this returns or throws; never where the options ask for nothing, nor of a task that goes on after its grace. Null: nobody cares.</param>
    public async Task<string?> RunAsync(Job job, Action<double, string?>? progress, Action<CallFigures>? seen, CancellationToken cancellationToken)
    {
        var task = tasks.Find(job.Path) ?? throw new ArgumentException($"This process has no task '{job.Path}'.", nameof(job));
        var log = loggers.CreateLogger(job.Path);
        var context = new JobContext(
            job, log, client, batches, progress ?? ((_, _) => { }),
            (key, limit, per, stop) => coordination.UseRateAsync($"task:{key}", limit, per, time.GetUtcNow(), stop));
        var limit = job.Timeout is { } given && given < LongestTimer ? given : Timeout.InfiniteTimeSpan;
        using var timeout = new CancellationTokenSource(limit, time);
        // Left to the collector: a task that does not end when it is told to may look at its token yet.
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        CallFigures? figures = null;
        var running = Task.Run(() => tracing.RunAsync(job, () => InvokeAsync(task, job, context, stop.Token), log, found => figures = found), CancellationToken.None);
        try
        {
            var result = await running.WaitAsync(limit == Timeout.InfiniteTimeSpan ? limit : limit + options.Value.AbortGrace, time, CancellationToken.None);
            // One that swallows its cancellation and returns has run too long all the same.
            timeout.Token.ThrowIfCancellationRequested();
            return result;
        }
        catch (Exception e) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The task ran longer than {limit.TotalSeconds:0.###} s, which is its timeout.", e);
        }
        finally
        {
            // One that goes on after its grace has its figures when nobody asks for them any more.
            if (running.IsCompleted && figures is not null)
            {
                seen?.Invoke(figures);
            }
        }
    }

    private async Task<string?> InvokeAsync(TaskDefinition task, Job job, JobContext context, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await task.Run(scope.ServiceProvider, job, context, cancellationToken);
    }

    private async Task<InvalidJobException> UnknownAsync(string path, CancellationToken cancellationToken)
    {
        var error = await known.IsKnownAsync(path, cancellationToken)
            ? $"the code of '{path}' is not in this process: workers elsewhere have it. Queue it instead."
            : await known.DescribeUnknownAsync(path, cancellationToken);
        return new InvalidJobException([new FieldError("path", error)], unknownTask: true);
    }
}
