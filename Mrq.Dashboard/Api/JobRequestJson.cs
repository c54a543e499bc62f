using System.Text.Json;
using Mrq.Jobs;
using Mrq.Tasks;

namespace Mrq.Dashboard.Api;

/// <summary>The body of <c>POST /api/jobs</c>, also as one line of a bulk.</summary>
internal static class JobRequestJson
{
    public static readonly IReadOnlyList<ApiField> Fields =
    [
        new("path", "string", "Path of the task, as GET /api/tasks lists it.", Required: true),
        new("params", "object", "What the task binds its params from. Default {}."),
        new("queue", "string", "Queue; default: the task's own, else `default`."),
        new("run_at", "string", "Not before this time: ISO 8601 or unix seconds. At most one of run_at and delay."),
        new("delay", "number", "Not before this many seconds from now.", IsSpan: true),
        new("unique_key", "string", "While a live job has this key, the request answers that job's id instead of making another."),
        new("unique_while_queued", "boolean", "true: unique_key is free again when the job starts, not when it has ended."),
        new("unique_for", "number", "unique_key is held for so many seconds from now, whatever becomes of the job.", IsSpan: true),
        new("idempotency_key", "string", "A repeated request with the same key answers the id of the first. The same as the header Idempotency-Key."),
        new("timeout", "number", "Longest run of one attempt, in seconds.", IsSpan: true),
        new("max_retries", "integer", "Most retries."),
        new("result_ttl", "number", "How many seconds the job is kept after success.", IsSpan: true),
        new("tags", "array", "Labels to find it by: at most 20."),
        new("batch", "string", "Id of a batch that has not ended, to which the job is added. Not in the lines of a bulk."),
        new("then", "object", "The job that runs when this one has succeeded, in the same form; it may have a `then` itself. A chain has at most 100 jobs."),
        new("result_as", "string", "Within `then`: the param that gets the result of the job before."),
        .. Options.Select(option => new ApiField(option.Name, option.Type, option.Description, IsSpan: option.IsSpan)),
    ];

    /// <summary>Those of a task that have no field of their own above. Whether it computes is its code's affair.</summary>
    private static IEnumerable<TaskOption> Options => TaskOptionTable.All.Where(option => option.Name is not ("queue" or "timeout" or "max_retries" or "result_ttl" or "cpu"));

    private static readonly string[] Names = [.. Fields.Select(f => f.Name)];

    /// <summary>The request; null: <paramref name="errors"/> has what is wrong.</summary>
    /// <param name="prefix">What stands before the names of fields in errors.</param>
    public static JobRequest? Read(JsonElement body, List<FieldError> errors, string prefix = "")
    {
        var fields = new JsonFields(body, Names, errors, prefix);
        var request = body.ValueKind != JsonValueKind.Object ? null : new JobRequest
        {
            Path = fields.Required("path") ?? "",
            Params = fields.Object("params") ?? "{}",
            Queue = fields.Queue("queue"),
            RunAt = fields.Time("run_at"),
            Delay = fields.Seconds("delay"),
            UniqueKey = fields.Text("unique_key"),
            UniqueWhileQueued = fields.Flag("unique_while_queued") == true,
            UniqueFor = fields.Seconds("unique_for"),
            IdempotencyKey = fields.Text("idempotency_key"),
            Timeout = fields.Seconds("timeout"),
            MaxRetries = fields.Whole("max_retries"),
            ResultTtl = fields.Seconds("result_ttl"),
            Tags = fields.Texts("tags"),
            Options = ReadOptions(fields),
            Batch = ReadBatch(fields),
            Then = fields.Has("then") ? Read(fields.Value("then"), errors, $"{prefix}then.") : null,
            ResultAs = fields.Text("result_as"),
        };
        return errors.Count > 0 ? null : request;
    }

    private static JobId? ReadBatch(JsonFields fields)
    {
        if (fields.Text("batch") is not { } text)
        {
            return null;
        }

        if (JobId.TryParse(text, out var id))
        {
            return id;
        }

        fields.Refuse("batch", $"'{ApiCall.Shown(text)}' is not a batch id: 24 hexadecimal digits are.");
        return null;
    }

    private static TaskOptions? ReadOptions(JsonFields fields)
    {
        var given = Options.Where(option => fields.Has(option.Name)).ToList();
        return given.Count == 0 ? null : given.Aggregate(new TaskOptions(), (options, option) => Set(options, option.Name, fields));
    }

    private static TaskOptions Set(TaskOptions options, string name, JsonFields fields)
    {
        var set = TaskOptionsJson.TrySet(options, name, fields.Value(name), out var error);
        if (error is not null)
        {
            fields.Refuse(name, error);
        }

        return set;
    }
}
