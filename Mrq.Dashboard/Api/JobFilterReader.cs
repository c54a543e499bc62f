using System.Text.Json;
using Mrq.Jobs;

namespace Mrq.Dashboard.Api;

/// <summary>A <see cref="JobFilter"/> out of a query string or out of a JSON body; both know the same fields.</summary>
internal static class JobFilterReader
{
    public static readonly IReadOnlyList<ApiField> Fields =
    [
        new("status", "string", $"Statuses or groups, separated by commas: {string.Join(", ", JobStatuses.AllNames)}; {string.Join(", ", JobStatuses.GroupNames)}."),
        new("queue", "string", "Queue; * stands for any text, a trailing / takes the sub-queues along."),
        new("path", "string", "Task path; * stands for any text."),
        new("worker", "string", "Id of the last worker."),
        new("exceptiontype", "string", "Exception type; * stands for any text."),
        new("params", "object", "A JSON object: the job's params must have each of its keys with an equal value."),
        new("tag", "string", "One of the job's tags."),
        new("q", "string", "Free text: a job id, or a part of path, queue or exception type."),
        new("since", "string", "Accepted at or after this time: ISO 8601 or unix seconds."),
        new("until", "string", "Accepted before this time."),
    ];

    /// <summary>The same fields as query parameters.</summary>
    public static readonly IReadOnlyList<ApiParameter> Parameters =
        [.. Fields.Select(f => ApiParameter.Query(f.Name, f.Description, f.Type == "object" ? "string" : f.Type))];

    private static readonly string[] Names = [.. Fields.Select(f => f.Name), "not_after", "ids"];

    /// <exception cref="ApiException">400: every wrong parameter is named.</exception>
    public static JobFilter Read(ApiCall call)
    {
        var errors = new List<FieldError>();
        // status=failed&status=timeout means both.
        var filter = Read(name => name == "status" ? call.Http.Request.Query["status"].ToString() : call.Query(name), errors);
        return filter is not null && errors.Count == 0 ? filter : throw ApiException.BadParameters(errors);
    }

    /// <summary>The filter that these texts make, by the names of <see cref="Fields"/>; null: <paramref name="errors"/> has what is wrong.</summary>
    /// <param name="given">The text of a field; null: it was not given.</param>
    public static JobFilter? Read(Func<string, string?> given, List<FieldError> errors)
    {
        var filter = new JobFilterJson
        {
            Status = given("status"),
            Queue = given("queue"),
            Path = given("path"),
            Worker = given("worker"),
            ExceptionType = given("exceptiontype"),
            Params = Params(given("params"), errors),
            Tag = given("tag"),
            Q = given("q"),
            Since = Time("since", given("since"), errors),
            Until = Time("until", given("until"), errors),
        }.ToFilter(out var more);
        errors.AddRange(more);
        return errors.Count == 0 ? filter : null;
    }

    /// <summary>The filter; null: <paramref name="errors"/> has what is wrong.</summary>
    public static JobFilter? Read(JsonElement body, List<FieldError> errors)
    {
        var fields = new JsonFields(body, Names, errors, "filter.");
        if (body.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var filter = new JobFilterJson
        {
            Status = fields.Text("status"),
            Queue = fields.Text("queue"),
            Path = fields.Text("path"),
            Worker = fields.Text("worker"),
            ExceptionType = fields.Text("exceptiontype"),
            Params = fields.Object("params") is null ? null : fields.Value("params").Clone(),
            Tag = fields.Text("tag"),
            Q = fields.Text("q"),
            Since = fields.Time("since"),
            Until = fields.Time("until"),
            NotAfter = fields.Text("not_after"),
            Ids = fields.Has("ids") ? fields.Texts("ids") : null,
        }.ToFilter(out var more);
        errors.AddRange(more.Select(e => e with { Field = $"filter.{e.Field}" }));
        return errors.Count > 0 ? null : filter;
    }

    private static DateTimeOffset? Time(string name, string? text, List<FieldError> errors)
    {
        if (text is null)
        {
            return null;
        }

        // A plus sign that was not encoded arrives as a space.
        var time = text.Length > 19 && text[^6] == ' ' ? $"{text[..^6]}+{text[^5..]}" : text;
        if (JsonFields.TryReadTime(time, out var read, out var error))
        {
            return read;
        }

        errors.Add(new FieldError(name, error));
        return null;
    }

    private static JsonElement? Params(string? text, List<FieldError> errors)
    {
        if (text is null)
        {
            return null;
        }

        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException e)
        {
            errors.Add(new FieldError("params", JsonBody.Explain(e)));
            return null;
        }
    }
}
