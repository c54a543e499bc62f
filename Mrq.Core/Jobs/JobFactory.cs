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
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

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
        CheckLabels(request, errors);
        var queue = request.Queue ?? task?.Options.Queue ?? new QueueName(options.Value.DefaultQueue);
        if (queue.NotForJobs is { } error)
        {
            errors.Add(new FieldError("queue", error));
        }

        if (errors.Count > 0)
        {
            throw new InvalidJobException(errors);
        }

        var now = time.GetUtcNow();
        var runAt = request.RunAt ?? (request.Delay is { } delay && delay > TimeSpan.Zero ? now + delay : null);
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
            UniqueKey = request.UniqueKey,
            IdempotencyKey = request.IdempotencyKey,
            Tags = request.Tags,
            Timeout = request.Timeout,
            MaxRetries = request.MaxRetries,
            ResultTtl = request.ResultTtl,
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

    private static void CheckLabels(JobRequest request, List<FieldError> errors)
    {
        CheckKey(request.UniqueKey, "unique_key");
        CheckKey(request.IdempotencyKey, "Idempotency-Key");
        if (request.Tags.Count > MaxTags)
        {
            errors.Add(new FieldError("tags", $"{request.Tags.Count} tags; {MaxTags} is the most."));
        }

        if (request.Tags.FirstOrDefault(t => t.Length is 0 or > MaxTagLength) is { } tag)
        {
            errors.Add(new FieldError("tags", $"each must have 1 to {MaxTagLength} characters; one has {tag.Length}."));
        }

        void CheckKey(string? key, string field)
        {
            if (key is { Length: 0 or > MaxKeyLength })
            {
                errors.Add(new FieldError(field, $"must have 1 to {MaxKeyLength} characters."));
            }
        }
    }
}
