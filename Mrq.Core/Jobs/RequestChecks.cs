using System.Text;
using System.Text.Json;
using Mrq.Batches;
using Mrq.Tasks;

namespace Mrq.Jobs;

/// <summary>What can be wrong with a request, apart from a task that nobody knows: each field is named.</summary>
internal static class RequestChecks
{
    private const int MaxKeyLength = 200;
    private const int MaxTags = 20;
    private const int MaxTagLength = 100;

    /// <summary>Begins the idempotency keys of jobs that are unique for a period.</summary>
    public const string ForAPeriod = "unique for a period: ";

    private static readonly TimeSpan Longest = TaskOptionTable.Longest;

    /// <param name="task">Null: this process does not have it, and its params are not looked into.</param>
    /// <param name="isDeferred">True: the job waits for another.</param>
    /// <param name="longestParams">Bytes.</param>
    public static void Run(JobRequest request, TaskDefinition? task, bool isDeferred, int longestParams, List<FieldError> errors)
    {
        CheckParams(request.Params, task, longestParams, errors, isDeferred ? request.ResultAs : null);
        CheckTimes(request, errors);
        CheckKeys(request, errors);
        CheckTags(request.Tags, errors);
        errors.AddRange(request.Options is null ? [] : TaskOptionTable.Check(request.Options));
        errors.AddRange(request.Options is null || task is null ? [] : task.CheckKeys(request.Options));
        CheckPlaceInChain(request, isDeferred, errors);
    }

    /// <param name="longest">Bytes.</param>
    /// <param name="later">The param that is given later; null: none is.</param>
    public static void CheckParams(string parameters, TaskDefinition? task, int longest, List<FieldError> errors, string? later = null)
    {
        const string field = "params";
        var size = Encoding.UTF8.GetByteCount(parameters);
        if (size > longest)
        {
            errors.Add(new FieldError(field, $"{size:N0} bytes are more than max_params_size ({longest:N0}). Pass a reference to the data instead."));
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
            else if (later is not null && ParamsText.Find(parameters, later) is not null)
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
            errors.Add(new FieldError(field, $"is not JSON {JsonFault.Of(e)}"));
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
