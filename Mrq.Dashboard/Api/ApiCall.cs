using System.Globalization;
using System.Text.Json;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Tasks;

namespace Mrq.Dashboard.Api;

/// <summary>One request to the API: its parts are read and checked here, its answer is written here.</summary>
internal readonly struct ApiCall(HttpContext http, ApiDoc doc)
{
    public HttpContext Http => http;

    public CancellationToken Aborted => http.RequestAborted;

    /// <summary>Refuses query parameters that this endpoint does not know: a mistyped filter must not match everything.</summary>
    public void RefuseUnknownParameters()
    {
        if (!http.Request.QueryString.HasValue)
        {
            return;
        }

        var known = doc.Parameters.Where(p => p.In == "query").Select(p => p.Name).ToList();
        var errors = http.Request.Query.Keys.Where(name => !known.Contains(name, StringComparer.Ordinal)).Select(name => new FieldError(
            name,
            known.Count == 0 ? "is not a parameter of this route: it takes none."
            : Suggestion.Closest(name, known) is { } closest ? $"is not a parameter of this route. Did you mean '{closest}'? Known: {string.Join(", ", known)}."
            : $"is not a parameter of this route. Known: {string.Join(", ", known)}.")).ToList();
        if (errors.Count > 0)
        {
            throw ApiException.BadParameters(errors);
        }
    }

    /// <summary>A query parameter; null: not given or empty.</summary>
    public string? Query(string name)
    {
        var values = http.Request.Query[name];
        return values.Count > 1 ? throw ApiException.BadParameter(name, "is given more than once.")
            : string.IsNullOrWhiteSpace(values) ? null : values.ToString();
    }

    public long WholeQuery(string name, long least, long most, long otherwise) =>
        Query(name) is not { } text ? otherwise
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most ? value
        : throw ApiException.BadParameter(name, $"'{Shown(text)}' must be a whole number from {least:N0} to {(most == long.MaxValue ? "any" : most.ToString("N0", CultureInfo.InvariantCulture))}.");

    public bool FlagQuery(string name, bool otherwise) => Query(name) switch
    {
        null => otherwise,
        "true" or "1" => true,
        "false" or "0" => false,
        var text => throw ApiException.BadParameter(name, $"'{Shown(text)}' must be true or false."),
    };

    /// <summary>The job id in the path.</summary>
    public JobId JobId()
    {
        var text = Route("id");
        return Mrq.Jobs.JobId.TryParse(text, out var id) ? id
            : throw ApiException.BadParameter("id", $"'{Shown(text)}' is not a job id: 24 hexadecimal digits are.");
    }

    /// <summary>A part of the path, decoded: routing leaves an encoded slash as it is.</summary>
    public string Route(string name) => Uri.UnescapeDataString(http.Request.RouteValues[name] as string ?? "");

    public static QueueName QueueOf(string text) =>
        QueueName.TryParse(text, out var queue, out var error) ? queue : throw ApiException.BadParameter("queue", error);

    public Task<T> ReadBodyAsync<T>(int atMost, Func<JsonElement, T> read) => JsonBody.ReadAsync(http, atMost, read);

    /// <summary>A body that holds jobs.</summary>
    public Task<T> ReadJobsBodyAsync<T>(int atMost, Func<JsonElement, T> read) => JsonBody.ReadAsync(http, atMost, read, JsonDepth.OfJobs);

    public Task AnswerAsync(Action<Utf8JsonWriter> write) => AnswerAsync(StatusCodes.Status200OK, write);

    public Task AnswerAsync(int status, Action<Utf8JsonWriter> write)
    {
        http.Response.Headers.CacheControl = "no-store";
        return JsonAnswer.WriteAsync(http, status, "application/json", write);
    }

    internal static string Shown(string text) => text.Length <= 60 ? text : $"{text[..57]}...";
}
