using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Mrq.Dashboard.Api;

/// <summary>Writes JSON answers whole: an error in the middle of one never leaves half of it behind.</summary>
internal static class JsonAnswer
{
    // Answers are data, never put into a page as markup: text stays readable.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task WriteAsync(HttpContext context, int status, string contentType, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        await using (var json = new Utf8JsonWriter(buffer, Options))
        {
            write(json);
        }

        // Whoever calls from a shell has his prompt in a line of its own.
        buffer.Write("\n"u8);
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = buffer.WrittenCount;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.BodyWriter.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
        }
    }
}
