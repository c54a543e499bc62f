using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Mrq.Batches;
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
        CheckParams(request.Params, task, "params", errors, isDeferred ? request.ResultAs : null);
        CheckTimes(request, errors);
        CheckKeys(request, errors);
        CheckTags(request.Tags, errors);
        errors.AddRange(request.Options is null ? [] : TaskOptionTable.Check(request.Options));
        CheckPlaceInChain(request, isDeferred, errors);
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
            Status = isDeferred ? JobStatus.Deferred : runAt > now ? JobStatus.Scheduled : JobStatus.Queued,
            DateQueued = now,
            DateUpdated = now,
            RunAt = runAt,
            ExpiresAt = expiresAt,
            Priority = effective.Priority ?? 0,
            UniqueKey = request.UniqueFor is null ? request.UniqueKey : null,
            IsUniqueWhileQueued = request.UniqueWhileQueued,
            UniqueUntil = now + request.UniqueFor,
            IdempotencyKey = request.UniqueFor is null ? request.IdempotencyKey : $"{ForAPeriod}{request.UniqueKey}",
            Tags = request.Batch is { } batch ? [.. request.Tags, Batch.TagOf(batch)] : request.Tags,
            Timeout = request.Timeout ?? request.Options?.Timeout,
            MaxRetries = request.MaxRetries ?? request.Options?.MaxRetries,
            ResultTtl = request.ResultTtl ?? request.Options?.ResultTtl,
            Options = OwnOptions(request.Options, isDeferred ? effective.ExpiresIn : null),
            ResultAs = isDeferred ? request.ResultAs : null,
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

    /// <param name="later">The param that is given later; null: none is.</param>
    private void CheckParams(string parameters, TaskDefinition? task, string field, List<FieldError> errors, string? later = null)
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
            else if (later is not null && document.RootElement.TryGetProperty(later, out _))
            {
                errors.Add(new FieldError($"{field}.{later}", "is given by result_as: leave it out here."));
            }
            else if (task is not null)
            {
                var wrong = later is null ? task.Check(document.RootElement) : CheckWithout(parameters, task, later);
                errors.AddRange(wrong.Select(e => e with { Field = $"{field}.{e.Field}" }));
            }
        }
        catch (JsonException e)
        {
            errors.Add(new FieldError(field, $"is not JSON: {e.Message}"));
        }
    }

    /// <summary>What is wrong with params to which one is added later: that there is no such param, but not what it may be.</summary>
    private static IEnumerable<FieldError> CheckWithout(string parameters, TaskDefinition task, string later)
    {
        using var document = JsonDocument.Parse(ParamsText.With(parameters, later, value: null));
        var isParam = task.Params.Any(param => string.Equals(param.Name, later, StringComparison.OrdinalIgnoreCase));
        return [.. task.Check(document.RootElement).Where(e => !isParam || !string.Equals(e.Field, later, StringComparison.OrdinalIgnoreCase))];
    }

    private static void CheckPlaceInChain(JobRequest request, bool isDeferred, List<FieldError> errors)
    {
        if (request.Then is not null)
        {
            errors.Add(new FieldError("then", "is not possible here: no job can follow this one."));
        }

        if (request.ResultAs is not null && !isDeferred)
        {
            errors.Add(new FieldError("result_as", "names the param that gets the result of the job before, and there is none: it belongs into then."));
        }

        if (request.ResultAs is { Length: 0 or > MaxTagLength })
        {
            errors.Add(new FieldError("result_as", $"must have 1 to {MaxTagLength} characters."));
        }

        if (!isDeferred)
        {
            return;
        }

        // A key would have to be taken while nobody knows whether the job will ever run.
        Refuse(request.UniqueKey, "unique_key", "give it to the first job of the chain.");
        Refuse(request.IdempotencyKey, "idempotency_key", "give it to the first job of the chain.");
        Refuse(request.RunAt, "run_at", "it begins when the one before has succeeded.");
        Refuse(request.Delay, "delay", "it begins when the one before has succeeded.");

        void Refuse(object? given, string field, string instead)
        {
            if (given is not null)
            {
                errors.Add(new FieldError(field, $"is not possible for a job that waits for another: {instead}"));
            }
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
    /// <param name="expiresIn">Of a job that waits for another: it has no <see cref="Job.ExpiresAt"/> yet.</param>
    private static TaskOptions? OwnOptions(TaskOptions? given, TimeSpan? expiresIn)
    {
        var own = (given ?? None) with { Queue = null, Priority = null, ExpiresIn = expiresIn, Timeout = null, MaxRetries = null, ResultTtl = null };
        return own == None ? null : own;
    }

    private static void CheckKeys(JobRequest request, List<FieldError> errors)
    {
        CheckKey(request.UniqueKey, "unique_key");
        CheckKey(request.IdempotencyKey, "Idempotency-Key");
        if (request.IdempotencyKey?.StartsWith(ForAPeriod, StringComparison.Ordinal) == true)
        {
            errors.Add(new FieldError("Idempotency-Key", $"must not begin with '{ForAPeriod}': so do those of unique_for."));
        }

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

        if (tags.FirstOrDefault(Batch.IsTag) is { } reserved)
        {
            errors.Add(new FieldError("tags", $"'{(reserved.Length <= 60 ? reserved : $"{reserved[..57]}...")}' is kept for the jobs of a batch: say batch instead."));
        }

        if (tags.FirstOrDefault(t => t.Length is 0 or > MaxTagLength) is { } tag)
        {
            errors.Add(new FieldError("tags", $"each must have 1 to {MaxTagLength} characters; one has {tag.Length}."));
        }
    }
}
