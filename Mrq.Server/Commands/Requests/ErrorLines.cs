using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Mrq.Server.Hosting;
using Mrq.Server.Output;

namespace Mrq.Server.Commands.Requests;

/// <summary>The file of <c>--errors</c>: a line of JSON for each line that was refused. When it cannot be written the intake goes on without it.</summary>
internal sealed class ErrorLines : IDisposable
{
    private readonly FileStream _file;

    private ErrorLines(FileStream file) => _file = file;

    /// <summary>Why lines are missing from it, as a sentence; null: none is.</summary>
    public string? Failure { get; private set; }

    /// <summary>Makes the file, or empties the one that is there.</summary>
    /// <exception cref="ServerStartException">It cannot be made.</exception>
    public static ErrorLines Create(string path)
    {
        try
        {
            // Without a buffer: what cannot be written is known with its line, not at the end.
            return new ErrorLines(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ServerStartException([$"--errors: '{SafeText.Line(path)}' cannot be written: {e.Message}"], e);
        }
    }

    public void Write(long line, string error)
    {
        if (Failure is not null)
        {
            return;
        }

        try
        {
            _file.Write(JsonOf(line, error));
        }
        catch (IOException e)
        {
            Failure = $"lines from {line:N0} on are missing from '{SafeText.Line(_file.Name)}': {e.Message} The jobs are queued all the same.";
        }
    }

    public void Dispose() => _file.Dispose();

    private static ReadOnlySpan<byte> JsonOf(long line, string error)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteNumber("line", line);
            json.WriteString("error", error);
            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan;
    }
}
