using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Mrq.Workers;

/// <summary>
/// Keeps what the workers of this process last reported in a file, for programs that watch over the process and have no other way to it. Nobody waits for
/// the disk: a file system that hangs must not keep a worker from reporting to the others, who would take it for dead.
/// </summary>
/// <param name="path">Null: there is no file.</param>
internal sealed partial class ReportFile(string? path, SupervisedProcess supervised, ILogger<ReportFile> logger, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<WorkerId, WorkerReport> _reports = [];
    private Task _writing = Task.CompletedTask;
    private bool _isWriting;
    private bool _hasNewer;

    /// <summary>
    /// Has the file written anew with this report among the others. Those that come while a write is under way are written together after it. A disk that
    /// does not take it is logged.
    /// </summary>
    public void Write(WorkerReport report)
    {
        if (path is null || report.IsSystem)
        {
            return;
        }

        lock (_gate)
        {
            _reports[report.Id] = report;
            _hasNewer = true;
            if (!_isWriting)
            {
                _isWriting = true;
                _writing = Task.Run(() => WriteNewer(PathOfThisProcess(path)));
            }
        }
    }

    /// <summary>Waits until all that was to be written is, but not longer than <paramref name="atMost"/>.</summary>
    public async Task SettleAsync(TimeSpan atMost)
    {
        Task writing;
        lock (_gate)
        {
            writing = _writing;
        }

        await writing.WaitAsync(atMost, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void WriteNewer(string target)
    {
        while (TakeNewer() is { } reports)
        {
            try
            {
                Replace(target, reports);
            }
            catch (Exception e)
            {
                LogNotWritten(target, e);
            }
        }
    }

    private IReadOnlyList<WorkerReport>? TakeNewer()
    {
        lock (_gate)
        {
            _isWriting = _hasNewer;
            _hasNewer = false;
            return _isWriting ? [.. _reports.Values] : null;
        }
    }

    // Beside it, then in its place: a reader, and a crash, find the old one or the new one, never half of one.
    private void Replace(string target, IReadOnlyList<WorkerReport> reports)
    {
        var beside = $"{target}.tmp";
        using (var stream = new FileStream(beside, FileMode.Create, FileAccess.Write))
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            WorkerJson.Write(json, reports, time.GetUtcNow());
        }

        File.Move(beside, target, overwrite: true);
    }

    private string PathOfThisProcess(string path) =>
        supervised.Supervision is { } supervision ? Path.ChangeExtension(path, $"{supervision.Index}{Path.GetExtension(path)}") : path;

    [LoggerMessage(2511, LogLevel.Warning, "The report could not be written to {Path}; the next one is tried again")]
    private partial void LogNotWritten(string path, Exception exception);
}
