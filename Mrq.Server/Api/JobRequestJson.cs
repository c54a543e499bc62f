using System.Text.Json;
using Mrq.Jobs;

namespace Mrq.Server.Api;

/// <summary>The body of <c>POST /api/jobs</c>, also as one line of a bulk.</summary>
internal static class JobRequestJson
{
    public static readonly IReadOnlyList<ApiField> Fields =
    [
        new("path", "string", "Path of the task, as GET /api/tasks lists it.", Required: true),
        new("params", "object", "What the task binds its params from. Default {}."),
        new("queue", "string", "Queue; default: the task's own, else `default`."),
        new("run_at", "string", "Not before this time: ISO 8601 or unix seconds. At most one of run_at and delay."),
        new("delay", "number", "Not before this many seconds from now."),
        new("unique_key", "string", "While a live job has this key, the request answers that job's id instead of making another."),
        new("idempotency_key", "string", "A repeated request with the same key answers the id of the first. The same as the header Idempotency-Key."),
        new("timeout", "number", "Longest run of one attempt, in seconds."),
        new("max_retries", "integer", "Most retries."),
        new("result_ttl", "number", "How many seconds the job is kept after success."),
        new("tags", "array", "Labels to find it by: at most 20."),
    ];

    private static readonly string[] Names = [.. Fields.Select(f => f.Name)];

    /// <summary>The request; null: <paramref name="errors"/> has what is wrong.</summary>
    public static JobRequest? Read(JsonElement body, List<FieldError> errors)
    {
        var fields = new JsonFields(body, Names, errors);
        var request = body.ValueKind != JsonValueKind.Object ? null : new JobRequest
        {
            Path = fields.Required("path") ?? "",
            Params = fields.Object("params") ?? "{}",
            Queue = fields.Queue("queue"),
            RunAt = fields.Time("run_at"),
            Delay = fields.Seconds("delay"),
            UniqueKey = fields.Text("unique_key"),
            IdempotencyKey = fields.Text("idempotency_key"),
            Timeout = fields.Seconds("timeout"),
            MaxRetries = fields.Whole("max_retries"),
            ResultTtl = fields.Seconds("result_ttl"),
            Tags = fields.Texts("tags"),
        };
        return errors.Count > 0 ? null : request;
    }
}
