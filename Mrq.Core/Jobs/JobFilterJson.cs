using System.Text.Json;
using System.Text.Json.Serialization;
using Mrq.Workers;

namespace Mrq.Jobs;

/// <summary>A <see cref="JobFilter"/> as it travels in JSON and in the query string; the names are those of the job's fields.</summary>
public sealed record JobFilterJson
{
    /// <summary>Names of statuses or groups, separated by commas.</summary>
    public string? Status { get; init; }

    public string? Queue { get; init; }

    public string? Path { get; init; }

    public string? Worker { get; init; }

    [JsonPropertyName("exceptiontype")]
    public string? ExceptionType { get; init; }

    /// <summary>A JSON object whose keys the params must have with equal values.</summary>
    public JsonElement? Params { get; init; }

    public string? Tag { get; init; }

    public string? Q { get; init; }

    public DateTimeOffset? Since { get; init; }

    public DateTimeOffset? Until { get; init; }

    public string? NotAfter { get; init; }

    /// <summary>Only these ids.</summary>
    public IReadOnlyList<string>? Ids { get; init; }

    public static JobFilterJson Of(JobFilter filter) => new()
    {
        Status = filter.Statuses?.ToString(),
        Queue = filter.Queue,
        Path = filter.Path,
        Worker = filter.Worker?.Value,
        ExceptionType = filter.ExceptionType,
        Params = filter.Params is null ? null : JsonSerializer.Deserialize<JsonElement>(filter.Params),
        Tag = filter.Tag,
        Q = filter.Search,
        Since = filter.Since,
        Until = filter.Until,
        NotAfter = filter.NotAfter?.ToString(),
        Ids = filter.Ids is null ? null : [.. filter.Ids.Select(id => id.ToString())],
    };

    /// <summary>The filter, or everything that is wrong with it.</summary>
    public JobFilter? ToFilter(out IReadOnlyList<FieldError> errors)
    {
        var found = new List<FieldError>();
        JobStatuses? statuses = null;
        if (Present(Status) is { } names)
        {
            if (JobStatuses.TryParse(names, out var parsed, out var unknown))
            {
                statuses = parsed;
            }
            else
            {
                found.Add(new FieldError("status", $"'{unknown}' is not a status. Known: {string.Join(", ", JobStatuses.AllNames)}; groups: {string.Join(", ", JobStatuses.GroupNames)}."));
            }
        }

        if (Params is { ValueKind: not (JsonValueKind.Object or JsonValueKind.Null) })
        {
            found.Add(new FieldError("params", "must be a JSON object, for example {\"a\": 1}."));
        }
        else if (Params is { ValueKind: JsonValueKind.Object } wanted && !JsonEscapes.AreWhole(wanted.GetRawText()))
        {
            found.Add(new FieldError("params", JsonEscapes.Broken));
        }

        var notAfter = ReadId("not_after", NotAfter, found);
        var ids = Ids?.Select(id => ReadId("ids", id, found) ?? default).ToList();
        errors = found;
        return found.Count > 0 ? null : new JobFilter
        {
            Statuses = statuses,
            Queue = Present(Queue),
            Path = Present(Path),
            Worker = Present(Worker) is { } worker ? new WorkerId(worker) : null,
            ExceptionType = Present(ExceptionType),
            Params = Params is { ValueKind: JsonValueKind.Object } parameters ? parameters.GetRawText() : null,
            Tag = Present(Tag),
            Search = Present(Q),
            Since = Since,
            Until = Until,
            NotAfter = notAfter,
            Ids = ids,
        };
    }

    private static string? Present(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private static JobId? ReadId(string field, string? text, List<FieldError> errors)
    {
        if (Present(text) is not { } given)
        {
            return null;
        }

        if (JobId.TryParse(given, out var id))
        {
            return id;
        }

        errors.Add(new FieldError(field, $"'{given}' is not a job id: 24 hexadecimal digits are."));
        return null;
    }
}
