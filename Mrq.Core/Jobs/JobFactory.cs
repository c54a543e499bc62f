using Microsoft.Extensions.Options;
using Mrq.Batches;
using Mrq.Hosting;
using Mrq.Queues;
using Mrq.Tasks;

namespace Mrq.Jobs;

/// <summary>Makes the document of a new job from a request, or says everything that is wrong with the request.</summary>
public sealed class JobFactory(TaskRegistry tasks, KnownTasks known, IOptions<MrqOptions> options, TimeProvider time)
{
    private static readonly TimeSpan Longest = TaskOptionTable.Longest;
    private static readonly TaskOptions None = new();

    /// <summary>Checks a request and makes its job; nothing is stored. For one that others may follow: <see cref="ChainFactory"/>.</summary>
    /// <exception cref="InvalidJobException">Each wrong field is named.</exception>
    public async ValueTask<Job> MakeAsync(JobRequest request, CancellationToken cancellationToken)
    {
        await RequireKnownAsync(request, cancellationToken);
        return Make(request);
    }

    /// <summary>Checks a request and makes its job, which waits for another; nothing is stored.</summary>
    /// <exception cref="InvalidJobException">Each wrong field is named.</exception>
    internal async ValueTask<Job> MakeDeferredAsync(JobRequest request, CancellationToken cancellationToken)
    {
        await RequireKnownAsync(request, cancellationToken);
        return Make(request, isDeferred: true);
    }

    private async ValueTask RequireKnownAsync(JobRequest request, CancellationToken cancellationToken)
    {
        if (tasks.Find(request.Path) is null && !options.Value.AcceptUnknownTasks && !await known.IsKnownAsync(request.Path, cancellationToken))
        {
            throw new InvalidJobException([new FieldError("path", await known.DescribeUnknownAsync(request.Path, cancellationToken))], unknownTask: true);
        }
    }

    /// <summary>Checks all of a request but whether its task is known, and makes its job; nothing is stored.</summary>
    /// <exception cref="InvalidJobException">Each wrong field is named.</exception>
    public Job Make(JobRequest request) => Make(request, isDeferred: false);

    private Job Make(JobRequest request, bool isDeferred)
    {
        var task = tasks.Find(request.Path);
        var errors = new List<FieldError>();
        RequestChecks.Run(request, task, isDeferred, options.Value.MaxParamsSize, errors);
        var effective = task is null ? request.Options ?? None : request.Options?.Over(task.Options) ?? task.Options;
        var queue = request.Queue ?? effective.Queue ?? new QueueName(options.Value.DefaultQueue);
        if (queue.NotForJobs is { } error)
        {
            errors.Add(new FieldError("queue", error));
        }

        var now = time.GetUtcNow();
        var runAt = request.RunAt ?? (request.Delay is { } delay && delay > TimeSpan.Zero && delay <= Longest ? now + delay : null);
        // Of one that waits for another it counts from the end of that.
        var expiresAt = isDeferred || effective.ExpiresIn > Longest ? null : now + effective.ExpiresIn;
        if (runAt >= expiresAt)
        {
            errors.Add(new FieldError("expires_in", "ends before run_at or delay lets the job begin: it could never run."));
        }

        Require(errors);
        return new Job
        {
            Id = JobId.New(time),
            Path = request.Path,
            Params = request.Params,
            Queue = queue,
            Status = isDeferred ? JobStatus.Deferred : runAt > now ? JobStatus.Scheduled : JobStatus.Queued,
            DateQueued = now,
            DateUpdated = now,
            RunAt = runAt,
            ExpiresAt = expiresAt,
            Priority = effective.Priority ?? 0,
            UniqueKey = request.UniqueFor is null ? request.UniqueKey : null,
            IsUniqueWhileQueued = request.UniqueWhileQueued,
            UniqueUntil = now + request.UniqueFor,
            IdempotencyKey = request.UniqueFor is null ? request.IdempotencyKey : $"{RequestChecks.ForAPeriod}{request.UniqueKey}",
            Tags = request.Batch is { } batch ? [.. request.Tags, Batch.TagOf(batch)] : request.Tags,
            Timeout = request.Timeout ?? request.Options?.Timeout,
            MaxRetries = request.MaxRetries ?? request.Options?.MaxRetries,
            ResultTtl = request.ResultTtl ?? request.Options?.ResultTtl,
            Options = OwnOptions(request.Options, isDeferred ? effective.ExpiresIn : null),
            ResultAs = isDeferred ? request.ResultAs : null,
        };
    }

    /// <summary>Checks new params of a job that waits; answers what it gets: these, and what the job before has given it, unless they have another value for that.</summary>
    /// <exception cref="InvalidJobException">Each wrong field is named.</exception>
    internal string CheckEdited(Job job, string parameters)
    {
        var errors = new List<FieldError>();
        RequestChecks.CheckParams(parameters, task: null, options.Value.MaxParamsSize, errors);
        Require(errors);
        var given = job.ResultAs is null ? null : ParamsText.Find(job.Params, job.ResultAs);
        // Once it has left that status it is a param as others, which a person may replace.
        var isLeftOut = job.Status == JobStatus.Deferred || (given is not null && ParamsText.Find(parameters, job.ResultAs!) is null);
        RequestChecks.CheckParams(parameters, tasks.Find(job.Path), options.Value.MaxParamsSize, errors, isLeftOut ? job.ResultAs : null);
        Require(errors);
        return isLeftOut && given is not null ? ParamsText.With(parameters, job.ResultAs!, given) : parameters;
    }

    private static void Require(List<FieldError> errors)
    {
        if (errors.Count > 0)
        {
            throw new InvalidJobException(errors);
        }
    }

    /// <summary>The options that a job has no field of its own for; null: none is set.</summary>
    /// <param name="expiresIn">Of a job that waits for another: it has no <see cref="Job.ExpiresAt"/> yet.</param>
    private static TaskOptions? OwnOptions(TaskOptions? given, TimeSpan? expiresIn)
    {
        var own = (given ?? None) with { Queue = null, Priority = null, ExpiresIn = expiresIn, Timeout = null, MaxRetries = null, ResultTtl = null };
        return own == None ? null : own;
    }
}
