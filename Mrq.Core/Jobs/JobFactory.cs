using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Mrq.Hosting;
using Mrq.Queues;
using Mrq.Tasks;

namespace Mrq.Jobs;

/// <summary>Makes the document of a new job from a request, or says everything that is wrong with the request.</summary>
public sealed class JobFactory(TaskRegistry tasks, KnownTasks known, IOptions<MrqOptions> options, TimeProvider time)
{
    private const int MaxKeyLength = 200;
    private const int MaxTags = 20;
    private const int MaxTagLength = 100;

    /// <summary>Begins the idempotency keys of jobs that are unique for a period.</summary>
    private const string ForAPeriod = "unique for a period: ";

    private static readonly TimeSpan Longest = TaskOptionTable.Longest;
    private static readonly TaskOptions None = new();

    /// <summary>Checks a request and makes its job; nothing is stored.</summary>
    /// <exception cref="InvalidJobException">Each wrong field is named.</exception>
    public async ValueTask<Job> MakeAsync(JobRequest request, CancellationToken cancellationToken)
    {
        if (tasks.Find(request.Path) is null && !options.Value.AcceptUnknownTasks && !await known.IsKnownAsync(request.Path, cancellationToken))
        {
            throw new InvalidJobException([new FieldError("path", await known.DescribeUnknownAsync(request.Path, cancellationToken))], unknownTask: true);
        }

        return Make(request);
    }

    /// <summary>Checks all of a request but whether its task is known, and makes its job; nothing is stored.</summary>
    /// <exception cref="InvalidJobException">Each wrong field is named.</exception>
    public Job Make(JobRequest request)
    {
        var task = tasks.Find(request.Path);
        var errors = new List<FieldError>();
        CheckParams(request.Params, task, "params", errors);
        CheckTimes(request, errors);
        CheckKeys(request, errors);
        CheckTags(request.Tags, errors);
        errors.AddRange(request.Options is null ? [] : TaskOptionTable.Check(request.Options));
        var effective = task is null ? request.Options ?? None : request.Options?.Over(task.Options) ?? task.Options;
        var queue = request.Queue ?? effective.Queue ?? new QueueName(options.Value.DefaultQueue);
        if (queue.NotForJobs is { } error)
        {
            errors.Add(new FieldError("queue", error));
        }

        var now = time.GetUtcNow();
        var runAt = request.RunAt ?? (request.Delay is { } delay && delay > TimeSpan.Zero && delay <= Longest ? now + delay : null);
        var expiresAt = now + effective.ExpiresIn;
        if (runAt >= expiresAt)
        {
            errors.Add(new FieldError("expires_in", "ends before run_at or delay lets the job begin: it could never run."));
        }

        if (errors.Count > 0)
        {
            throw new InvalidJobException(errors);
        }

        return new Job
        {
            Id = JobId.New(time),
            Path = request.Path,
            Params = request.Params,
            Queue = queue,
            Status = runAt > now ? JobStatus.Scheduled : JobStatus.Queued,
            DateQueued = now,
            DateUpdated = now,
            RunAt = runAt,
            ExpiresAt = expiresAt,
            Priority = effective.Priority ?? 0,
            UniqueKey = request.UniqueFor is null ? request.UniqueKey : null,
            IsUniqueWhileQueued = request.UniqueWhileQueued,
            UniqueUntil = now + request.UniqueFor,
            IdempotencyKey = request.UniqueFor is null ? request.IdempotencyKey : $"{ForAPeriod}{request.UniqueKey}",
            Tags = request.Tags,
            Timeout = request.Timeout ?? request.Options?.Timeout,
            MaxRetries = request.MaxRetries ?? request.Options?.MaxRetries,
            ResultTtl = request.ResultTtl ?? request.Options?.ResultTtl,
            Options = OwnOptions(request.Options),
        };
    }

    /// <summary>Checks params alone, as for an edit of a waiting job.</summary>
    /// <exception cref="InvalidJobException">Each wrong field is named.</exception>
    public void CheckParams(string path, string parameters)
    {
        var errors = new List<FieldError>();
        CheckParams(parameters, tasks.Find(path), "params", errors);
        if (errors.Count > 0)
        {
            throw new InvalidJobException(errors);
        }
    }

    private void CheckParams(string parameters, TaskDefinition? task, string field, List<FieldError> errors)
    {
        var size = Encoding.UTF8.GetByteCount(parameters);
        if (size > options.Value.MaxParamsSize)
        {
            errors.Add(new FieldError(field, $"{size:N0} bytes are more than max_params_size ({options.Value.MaxParamsSize:N0}). Pass a reference to the data instead."));
            return;
        }

        try
        {
            using var document = JsonDocument.Parse(parameters);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                errors.Add(new FieldError(field, "must be a JSON object, for example {\"a\": 1}."));
            }
            else if (!JsonEscapes.AreWhole(parameters))
            {
                // Before anyone looks at a name: reading such a one throws.
                errors.Add(new FieldError(field, JsonEscapes.Broken));
            }
            else if (task is not null)
            {
                errors.AddRange(task.Check(document.RootElement).Select(e => e with { Field = $"{field}.{e.Field}" }));
            }
        }
        catch (JsonException e)
        {
            errors.Add(new FieldError(field, $"is not JSON: {e.Message}"));
        }
    }

    private static void CheckTimes(JobRequest request, List<FieldError> errors)
    {
        if (request.RunAt is not null && request.Delay is not null)
        {
            errors.Add(new FieldError("delay", "give run_at or delay, not both."));
        }

        Check(request.Delay, "delay", TimeSpan.Zero);
        Check(request.Timeout, "timeout", TimeSpan.FromMilliseconds(1));
        Check(request.ResultTtl, "result_ttl", TimeSpan.Zero);
        Check(request.UniqueFor, "unique_for", TimeSpan.FromMilliseconds(1));
        if (request.MaxRetries is < 0 or > 1_000_000)
        {
            errors.Add(new FieldError("max_retries", "must be 0 to 1,000,000."));
        }

        void Check(TimeSpan? value, string field, TimeSpan least)
        {
            if (value < least || value > Longest)
            {
                errors.Add(new FieldError(field, $"must be {(least > TimeSpan.Zero ? "above 0" : "0 or more")} and at most {Longest.TotalSeconds:N0} seconds (10 years)."));
            }
        }
    }

    /// <summary>The options that a job has no field of its own for; null: none is set.</summary>
    private static TaskOptions? OwnOptions(TaskOptions? given)
    {
        var own = given is null ? null : given with { Queue = null, Priority = null, ExpiresIn = null, Timeout = null, MaxRetries = null, ResultTtl = null };
        return own == None ? null : own;
    }

    private static void CheckKeys(JobRequest request, List<FieldError> errors)
    {
        CheckKey(request.UniqueKey, "unique_key");
        CheckKey(request.IdempotencyKey, "Idempotency-Key");
        if (request is { UniqueKey: null, UniqueFor: not null } or { UniqueKey: null, UniqueWhileQueued: true })
        {
            errors.Add(new FieldError(request.UniqueFor is null ? "unique_while_queued" : "unique_for", "says how long unique_key holds: give that, too."));
        }

        if (request is { UniqueFor: not null, UniqueWhileQueued: true })
        {
            errors.Add(new FieldError("unique_for", "give unique_for or unique_while_queued, not both."));
        }

        if (request is { UniqueFor: not null, IdempotencyKey: not null })
        {
            errors.Add(new FieldError("unique_for", "holds the key as an idempotency key does: give one of both."));
        }

        void CheckKey(string? key, string field)
        {
            if (key is { Length: 0 or > MaxKeyLength })
            {
                errors.Add(new FieldError(field, $"must have 1 to {MaxKeyLength} characters."));
            }
        }
    }

    private static void CheckTags(IReadOnlyList<string> tags, List<FieldError> errors)
    {
        if (tags.Count > MaxTags)
        {
            errors.Add(new FieldError("tags", $"{tags.Count} tags; {MaxTags} is the most."));
        }

        if (tags.FirstOrDefault(t => t.Length is 0 or > MaxTagLength) is { } tag)
        {
            errors.Add(new FieldError("tags", $"each must have 1 to {MaxTagLength} characters; one has {tag.Length}."));
        }
    }
}
