using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Mrq.Jobs;

namespace Mrq.Dashboard.Api;

/// <summary>Reads a request's JSON body within a bound, and says of one that is not JSON where it breaks.</summary>
internal static class JsonBody
{
    private static readonly byte[] ByteOrderMark = [0xEF, 0xBB, 0xBF];

    /// <summary>True: the request carries a body.</summary>
    public static bool IsThere(HttpContext context) =>
        context.Request.ContentLength > 0 || context.Request.Headers.TransferEncoding.Count > 0;

    /// <summary>Reads the whole body and hands its root to <paramref name="read"/>; the element lives only during that call.</summary>
    /// <exception cref="ApiException">415, 413 or 400.</exception>
    /// <param name="depth">How deep arrays and objects may lie in each other.</param>
    public static async Task<T> ReadAsync<T>(HttpContext context, int atMost, Func<JsonElement, T> read, int depth = JsonDepth.Usual)
    {
        RequireType(context, "application/json");
        LiftServerLimit(context);
        if (context.Request.ContentLength > atMost)
        {
            throw TooLarge(atMost);
        }

        var reader = context.Request.BodyReader;
        while (true)
        {
            var result = await reader.ReadAsync(context.RequestAborted);
            if (result.Buffer.Length > atMost)
            {
                reader.AdvanceTo(result.Buffer.End);
                throw TooLarge(atMost);
            }

            if (result.IsCompleted)
            {
                try
                {
                    return Parse(result.Buffer, read, depth);
                }
                finally
                {
                    reader.AdvanceTo(result.Buffer.End);
                }
            }

            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    /// <summary>Parses one JSON text and hands its root to <paramref name="read"/>.</summary>
    /// <exception cref="ApiException">400 with line and position.</exception>
    /// <param name="depth">How deep arrays and objects may lie in each other.</param>
    public static T Parse<T>(ReadOnlySequence<byte> utf8, Func<JsonElement, T> read, int depth = JsonDepth.Usual)
    {
        // One piece: the parser would join the pieces anyway. Text that is not UTF-8 would only surface later, as another error.
        var text = utf8.IsSingleSegment ? utf8.First : utf8.ToArray();
        text = text.Span.StartsWith(ByteOrderMark) ? text[ByteOrderMark.Length..] : text;
        if (text.Span.IsEmpty)
        {
            throw NotJson("The body is empty; a JSON object is expected.");
        }

        if (!Utf8.IsValid(text.Span))
        {
            throw NotJson("The body is not UTF-8 text.");
        }

        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = depth });
            return read(document.RootElement);
        }
        catch (JsonException e)
        {
            throw NotJson(Explain(e));
        }
    }

    /// <summary>What is wrong with a JSON text, and where, counted from 1 as editors do.</summary>
    public static string Explain(JsonException exception) => $"Not JSON {JsonFault.Of(exception)}";

    /// <summary>The server's own limit gives way to ours, which depends on the endpoint.</summary>
    public static void LiftServerLimit(HttpContext context)
    {
        if (context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }
    }

    /// <exception cref="ApiException">415.</exception>
    public static void RequireType(HttpContext context, params ReadOnlySpan<string> types)
    {
        var given = context.Request.ContentType;
        var end = given?.IndexOf(';', StringComparison.Ordinal) ?? -1;
        var mediaType = (end < 0 ? given : given![..end])?.Trim();
        foreach (var type in types)
        {
            if (string.Equals(mediaType, type, StringComparison.OrdinalIgnoreCase) &&
                (end < 0 || !given!.Contains("charset=", StringComparison.OrdinalIgnoreCase) || given.Contains("utf-8", StringComparison.OrdinalIgnoreCase)))
            {
                return;
            }
        }

        throw new ApiException(
            StatusCodes.Status415UnsupportedMediaType, "Unsupported media type",
            $"Content-Type is {(string.IsNullOrEmpty(given) ? "missing" : $"'{ApiCall.Shown(given)}'")}; send {string.Join(" or ", types.ToArray())} in UTF-8.");
    }

    private static ApiException NotJson(string detail) =>
        new(StatusCodes.Status400BadRequest, "Not JSON", detail, [new FieldError("body", detail)]);

    private static ApiException TooLarge(int atMost) => new(
        StatusCodes.Status413PayloadTooLarge, "Body too large",
        $"The body is longer than {atMost:N0} bytes. Pass a reference to the data instead, or raise max_params_size.");
}
