using System.Runtime.InteropServices;
using System.Text;

namespace Mrq.Server.Output;

/// <summary>Whoever read our stdout has closed it, as <c>head</c> does: there is nobody left to write for.</summary>
internal sealed class OutputClosedException() : IOException("Nobody reads the output any more.");

/// <summary>
/// Stdout or stderr as a stream that can tell when nobody reads it any more. .NET's own passes over that in silence, and a command that follows something would go on
/// for ever; before its first byte it also switches a terminal to another mode of keys (<c>ESC [?1h</c>), which only <c>mrq top</c> has a use for.
/// </summary>
internal sealed partial class StandardStream : Stream
{
    private const int Output = 1;
    private const int Errors = 2;

    // errno.h, the same on Linux, macOS and the BSDs.
    private const int Interrupted = 4;
    private const int BrokenPipe = 32;

    // poll.h, likewise.
    private const short CanBeWritten = 4;
    private const int WithoutEnd = -1;

    // Not the same.
    private static readonly int TryAgain = OperatingSystem.IsLinux() ? 11 : 35;

    private readonly int _file;
    private readonly bool _tells;

    private StandardStream(int file, bool tells) => (_file, _tells) = (file, tells);

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Stdout; when nobody reads it, <see cref="Write(ReadOnlySpan{byte})"/> throws.</summary>
    public static Stream OpenOutput() => OperatingSystem.IsWindows() ? Console.OpenStandardOutput() : new StandardStream(Output, tells: true);

    /// <summary>Has <see cref="Console.Out"/> and <see cref="Console.Error"/> write to such streams, where what nobody reads is passed over, as ever. Before either is used.</summary>
    public static void TakeConsole()
    {
        if (!OperatingSystem.IsWindows())
        {
            Console.SetOut(WriterTo(Output));
            Console.SetError(WriterTo(Errors));
        }
    }

    /// <exception cref="OutputClosedException">Nobody reads it.</exception>
    /// <exception cref="IOException">It cannot be written, as on a full disk.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var written = WriteTo(_file, buffer, buffer.Length);
            if (written >= 0)
            {
                buffer = buffer[(int)written..];
                continue;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted:
                    break;
                case var error when error == TryAgain:
                    // Another program that has the same terminal or pipe has told it not to wait.
                    var wanted = new Wanted { File = _file, Events = CanBeWritten };
                    _ = Poll(ref wanted, 1, WithoutEnd);
                    break;
                case BrokenPipe when _tells:
                    throw new OutputClosedException();
                case BrokenPipe:
                    return;
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

    private static StreamWriter WriterTo(int file) => new(new StandardStream(file, tells: false), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 4096) { AutoFlush = true };

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint WriteTo(int file, ReadOnlySpan<byte> buffer, nint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Poll(ref Wanted files, nuint count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct Wanted
    {
        public int File;
        public short Events;
        public short Come;
    }
}
