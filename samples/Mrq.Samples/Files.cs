using System.ComponentModel;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Mrq.Tasks;

namespace Mrq.Samples;

/// <param name="Path">A file or folder that the server can read.</param>
public sealed record PathParams(string Path);

public sealed record WordCount(int Files, long Lines, long Words, long Bytes);

/// <summary>Counts lines and words of a text file, or of every file under a folder.</summary>
[MrqTask("samples.count_words", Timeout = 600)]
[Description("Counts lines and words of a text file, or of every file under a folder.")]
public sealed partial class CountWords(ILogger<CountWords> logger) : IJobTask<PathParams, WordCount>
{
    public async Task<WordCount> RunAsync(PathParams parameters, JobContext context, CancellationToken cancellationToken)
    {
        var files = SampleFiles.Under(parameters.Path);
        long lines = 0, words = 0, bytes = 0;
        for (var i = 0; i < files.Count; i++)
        {
            var (fileLines, fileWords) = await CountAsync(files[i], cancellationToken);
            LogCounted(files[i], fileLines, fileWords);
            lines += fileLines;
            words += fileWords;
            bytes += new FileInfo(files[i]).Length;
            context.SetProgress((i + 1.0) / files.Count, $"{i + 1:N0} of {files.Count:N0} files");
        }

        return new WordCount(files.Count, lines, words, bytes);
    }

    private static async Task<(long Lines, long Words)> CountAsync(string file, CancellationToken cancellationToken)
    {
        long lines = 0, words = 0;
        await foreach (var line in File.ReadLinesAsync(file, cancellationToken))
        {
            lines++;
            words += line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
        }

        return (lines, words);
    }

    [LoggerMessage(LogLevel.Information, "{File}: {Lines} lines, {Words} words")]
    private partial void LogCounted(string file, long lines, long words);
}

public sealed record FileHash(string File, long Bytes, string Sha256);

/// <summary>SHA-256 of a file, or of every file under a folder.</summary>
[MrqTask("samples.hash_files", Timeout = 600)]
[Description("SHA-256 of a file, or of every file under a folder.")]
public sealed partial class HashFiles(ILogger<HashFiles> logger) : IJobTask<PathParams, IReadOnlyList<FileHash>>
{
    public async Task<IReadOnlyList<FileHash>> RunAsync(PathParams parameters, JobContext context, CancellationToken cancellationToken)
    {
        var files = SampleFiles.Under(parameters.Path);
        var hashes = new List<FileHash>(files.Count);
        foreach (var file in files)
        {
            await using var stream = File.OpenRead(file);
            var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken));
            LogHashed(file, hash);
            hashes.Add(new FileHash(file, stream.Length, hash));
            context.SetProgress((double)hashes.Count / files.Count, $"{hashes.Count:N0} of {files.Count:N0} files");
        }

        return hashes;
    }

    [LoggerMessage(LogLevel.Information, "{File} {Hash}")]
    private partial void LogHashed(string file, string hash);
}

public sealed record GzipResult(long Bytes, long CompressedBytes, double Ratio);

/// <summary>Compresses a file in memory and tells how small it would be; writes nothing.</summary>
[MrqTask("samples.gzip", Timeout = 600)]
[Description("Compresses a file in memory and tells how small it would be; writes nothing.")]
public sealed class Gzip : IJobTask<PathParams, GzipResult>
{
    public async Task<GzipResult> RunAsync(PathParams parameters, JobContext context, CancellationToken cancellationToken)
    {
        await using var source = File.OpenRead(parameters.Path);
        await using var counter = new CountingStream();
        await using (var gzip = new GZipStream(counter, CompressionLevel.Optimal, leaveOpen: true))
        {
            var buffer = new byte[81920];
            int read;
            while ((read = await source.ReadAsync(buffer, cancellationToken)) > 0)
            {
                await gzip.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                context.SetProgress((double)source.Position / source.Length);
            }
        }

        return new GzipResult(source.Length, counter.Length, source.Length == 0 ? 1 : Math.Round((double)counter.Length / source.Length, 3));
    }

    /// <summary>Counts what is written and keeps none of it.</summary>
    private sealed class CountingStream : Stream
    {
        private long _length;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => _length;

        public override long Position
        {
            get => _length;
            set => throw new NotSupportedException();
        }

        public override void Write(byte[] buffer, int offset, int count) => _length += count;

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}

/// <summary>The files that a sample works on.</summary>
internal static class SampleFiles
{
    private const int Most = 10_000;

    /// <exception cref="FileNotFoundException">There is neither a file nor a folder of that name.</exception>
    public static List<string> Under(string path) =>
        File.Exists(path) ? [path]
        : Directory.Exists(path) ? [.. Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Take(Most)]
        : throw new FileNotFoundException($"There is no file or folder '{path}' on this server.", path);
}
