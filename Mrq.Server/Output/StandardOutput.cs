using System.Runtime.InteropServices;

namespace Mrq.Server.Output;

/// <summary>Whoever read our stdout has closed it, as <c>head</c> does: there is nobody left to write for.</summary>
internal sealed class OutputClosedException() : IOException("Nobody reads the output any more.");

/// <summary>
/// Stdout as a stream that tells when nobody reads it any more. .NET's own passes over that in silence, and a command that follows something would go on for ever.
/// </summary>
internal sealed partial class StandardOutput : Stream
{
    private const int Output = 1;

    // errno.h, the same on Linux, macOS and the BSDs.
    private const int Interrupted = 4;
    private const int BrokenPipe = 32;

    private StandardOutput()
    {
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public static Stream Open() => OperatingSystem.IsWindows() ? Console.OpenStandardOutput() : new StandardOutput();

    /// <exception cref="OutputClosedException">Nobody reads it.</exception>
    /// <exception cref="IOException">It cannot be written, as on a full disk.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var written = WriteTo(Output, buffer, buffer.Length);
            if (written >= 0)
            {
                buffer = buffer[(int)written..];
                continue;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted:
                    break;
                case BrokenPipe:
                    throw new OutputClosedException();
                case var error when Marshal.GetPInvokeErrorMessage(error) is var reason:
                    throw new IOException($"The output cannot be written: {reason}.");
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        // Nothing is held back here.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint WriteTo(int file, ReadOnlySpan<byte> buffer, nint count);
}
