using System.Text.Json;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Dashboard.Api;

/// <summary>Every error of the API leaves as <c>application/problem+json</c>: what was wrong, where, what to do.</summary>
internal sealed partial class ApiErrors(ILogger<ApiErrors> logger)
{
    private const int ClientClosedRequest = 499;

    /// <summary>Answers a request, and with the error when that fails.</summary>
    public async Task GuardAsync(HttpContext context, RequestDelegate answer)
    {
        try
        {
            await answer(context);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read an answer.
            context.Response.StatusCode = ClientClosedRequest;
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, ProblemOf(e, context));
        }
    }

    private ApiException ProblemOf(Exception exception, HttpContext context)
    {
        switch (exception)
        {
            case ApiException problem:
                return problem;
            case InvalidJobException invalid:
                return ApiException.BadFields(invalid.UnknownTask ? "Unknown task" : "The request cannot be accepted", invalid.Errors);
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } bad:
                return new ApiException(bad.StatusCode, "Body too large", bad.Message);
            case BadHttpRequestException bad:
                return new ApiException(bad.StatusCode, "Bad request", bad.Message);
            case StorageUnavailableException away:
                context.Response.Headers.RetryAfter = "1";
                LogStorageAway(context.Request.Method, context.Request.Path, away);
                return new ApiException(StatusCodes.Status503ServiceUnavailable, "Storage unavailable", away.Message);
            default:
                LogUnexpected(context.Request.Method, context.Request.Path, exception);
                return new ApiException(
                    StatusCodes.Status500InternalServerError, "Unexpected error",
                    $"The server failed on this request; its log has the cause under {context.TraceIdentifier}.");
        }
    }

    internal static Task WriteAsync(HttpContext context, ApiException problem)
    {
        context.Response.Headers.CacheControl = "no-store";
        return JsonAnswer.WriteAsync(context, problem.Status, "application/problem+json", json => Write(json, problem));
    }

    private static void Write(Utf8JsonWriter json, ApiException problem)
    {
        json.WriteStartObject();
        json.WriteString("title", problem.Title);
        json.WriteNumber("status", problem.Status);
        json.WriteString("detail", problem.Message);
        if (problem.Errors.Count > 0)
        {
            json.WriteStartObject("errors");
            foreach (var field in problem.Errors.GroupBy(e => e.Field, StringComparer.Ordinal))
            {
                json.WriteStartArray(field.Key);
                foreach (var error in field)
                {
                    json.WriteStringValue(error.Error);
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    [LoggerMessage(4001, LogLevel.Warning, "{Method} {Path} was answered with 503: the storage is away")]
    private partial void LogStorageAway(string method, string path, Exception exception);

    [LoggerMessage(4002, LogLevel.Error, "{Method} {Path} was answered with 500")]
    private partial void LogUnexpected(string method, string path, Exception exception);
}
