using System.Text.Json;
using Mrq.Dashboard.Api;
using Mrq.Jobs;

namespace Mrq.Server.Commands.Requests;

/// <summary>Makes the request of a line of a file.</summary>
/// <param name="pattern">What each request is but for its params, which the line has; null: the line is a whole request.</param>
/// <param name="keyPrefix">With the line's number behind it the idempotency key of each; null: they have none, or their own.</param>
/// <param name="uniqueParam">The param whose value is the unique key; null: none is.</param>
internal sealed class LineReader(JobRequest? pattern, string? keyPrefix, string? uniqueParam)
{
    /// <summary>The request; null: <paramref name="errors"/> has what is wrong.</summary>
    public JobRequest? Read(long line, JsonElement json, List<FieldError> errors)
    {
        var request = pattern is null ? JobRequestJson.Read(json, errors) : WithParams(pattern, json, errors);
        return request is null || keyPrefix is null ? request
            : request.IdempotencyKey is null || pattern is not null ? request with { IdempotencyKey = $"{keyPrefix}{line}" }
            : request;
    }

    private JobRequest? WithParams(JobRequest pattern, JsonElement json, List<FieldError> errors)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            errors.Add(new FieldError("params", $"must be a JSON object, for example {{\"a\": 1}}, not {ApiCall.Shown(json.GetRawText())}."));
            return null;
        }

        var request = pattern with { Params = json.GetRawText() };
        if (uniqueParam is null)
        {
            return request;
        }

        try
        {
            if (json.TryGetProperty(uniqueParam, out var value))
            {
                return request with { UniqueKey = value.ToString() };
            }
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair in a name or a value.
            errors.Add(new FieldError("params", "holds a broken escape: half of a surrogate pair, as \\ud800 alone is."));
            return null;
        }

        errors.Add(new FieldError($"params.{uniqueParam}", "is missing: --unique_key_from takes the key from it."));
        return null;
    }
}
