using System.Buffers;
using System.Text;

namespace Mrq.Server.Processes;

/// <summary>
/// Writes lines of several processes to one place: whole, one after the other, each with who said it. What cannot be written, on a full disk, is lost, and the next line that can
/// says so: a process that nobody reads would stand still.
/// </summary>
internal sealed class PrefixedLines(TextWriter target) : IDisposable
{
    // A line without an end must not grow for ever: longer ones are written in parts.
    private const int LongestLine = 64 * 1024;

    // Only one waits for a slow reader of the target, and not a thread of the pool for each process.
    private readonly SemaphoreSlim _turn = new(1);

    private string? _lostBecause;

    /// <summary>Copies until the source ends, its last line too when it has no end.</summary>
    public async Task CopyAsync(Stream source, string prefix, CancellationToken cancellationToken)
    {
        using var line = new MemoryStream();
        var buffer = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            while (await source.ReadAsync(buffer, cancellationToken) is > 0 and var read)
            {
                await WriteAsync(Cut(buffer.AsSpan(0, read), line, prefix));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // A program that the process had started holds the other end open, and has had its time.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (line.Length > 0)
        {
            await WriteAsync(prefix + TextOf(line) + '\n');
        }
    }

    public void Dispose() => _turn.Dispose();

    /// <summary>The lines that end in these bytes, as one text; what has no end yet waits in <paramref name="rest"/>.</summary>
    private static string Cut(ReadOnlySpan<byte> bytes, MemoryStream rest, string prefix)
    {
        var lines = new StringBuilder();
        while (!bytes.IsEmpty)
        {
            var end = bytes.IndexOf((byte)'\n');
            var part = Math.Min(end < 0 ? bytes.Length : end, LongestLine - (int)rest.Length);
            rest.Write(bytes[..part]);
            if (part == end || rest.Length == LongestLine)
            {
                lines.Append(prefix).Append(TextOf(rest).TrimEnd('\r')).Append('\n');
                rest.SetLength(0);
            }

            bytes = bytes[(part == end ? part + 1 : part)..];
        }

        return lines.ToString();
    }

    private static string TextOf(MemoryStream line) => Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length);

    private async Task WriteAsync(string lines)
    {
        if (lines.Length == 0)
        {
            return;
        }

        await _turn.WaitAsync(CancellationToken.None);
        try
        {
            await target.WriteAsync(_lostBecause is null ? lines : $"mrq: lines are missing here, which could not be written: {_lostBecause}\n{lines}");
            await target.FlushAsync(CancellationToken.None);
            _lostBecause = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _lostBecause = e.Message;
        }
        finally
        {
            _turn.Release();
        }
    }
}
