using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Mrq.Workers;

/// <summary>Keeps what the workers of this process last reported in a file, for programs that watch over the process and have no other way to it.</summary>
/// <param name="path">Null: there is no file.</param>
internal sealed partial class ReportFile(string? path, SupervisedProcess supervised, ILogger<ReportFile> logger, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Dictionary<WorkerId, WorkerReport> _reports = [];

    /// <summary>Writes the file anew with this report among the others. A disk that does not take it is logged.</summary>
    public async Task WriteAsync(WorkerReport report)
    {
        if (path is null || report.IsSystem)
        {
            return;
        }

        await _writing.WaitAsync(CancellationToken.None);
        try
        {
            _reports[report.Id] = report;
            await ReplaceAsync(PathOfThisProcess(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotWritten(path, e);
        }
        finally
        {
            _writing.Release();
        }
    }

    public void Dispose() => _writing.Dispose();

    // Beside it, then in its place: a reader, and a crash, find the old one or the new one, never half of one.
    private async Task ReplaceAsync(string target)
    {
        var beside = $"{target}.tmp";
        await using (var stream = File.Create(beside))
        await using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            WorkerJson.Write(json, _reports.Values, time.GetUtcNow());
        }

        File.Move(beside, target, overwrite: true);
    }

    private string PathOfThisProcess(string path) =>
        supervised.Supervision is { } supervision ? Path.ChangeExtension(path, $"{supervision.Index}{Path.GetExtension(path)}") : path;

    [LoggerMessage(2511, LogLevel.Warning, "The report could not be written to {Path}; the next one is tried again")]
    private partial void LogNotWritten(string path, Exception exception);
}
