using System.Text;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Dashboard.Pages.JobDetail;

/// <summary>The last lines that a job logged, and those it logs while someone looks.</summary>
public sealed partial class LogTail
{
    private const int KeptLines = 1000;

    private readonly List<JobLogLine> _lines = [];
    private JobId? _of;
    private JobLogLevel _least = JobLogLevel.Trace;
    private bool _paused;
    private bool _wrap;

    [Inject] private IJobLogStore Logs { get; set; } = null!;

    [Inject] private IJSRuntime Js { get; set; } = null!;

    [Parameter, EditorRequired] public JobId Job { get; set; }

    /// <summary>True while the job may still log.</summary>
    [Parameter] public bool Waits { get; set; }

    protected override Changes Watches => Changes.Logs;

    // Lines are written in batches and a signal may be lost: a look now and then costs one small read.
    protected override TimeSpan? Every => Waits ? TimeSpan.FromSeconds(2) : null;

    protected override async Task<Action> ReadAsync(CancellationToken cancellationToken)
    {
        var job = Job;
        var first = _of != job;
        if (_paused && !first)
        {
            return () => { };
        }

        var read = first || _lines.Count == 0
            ? await Logs.TailAsync(job, KeptLines, cancellationToken)
            : await Logs.ReadAsync(job, _lines[^1].Number, KeptLines, cancellationToken);
        return () =>
        {
            if (first)
            {
                _lines.Clear();
                _of = job;
            }

            _lines.AddRange(read);
            _lines.RemoveRange(0, Math.Max(0, _lines.Count - KeptLines));
        };
    }

    private Task TogglePauseAsync()
    {
        _paused = !_paused;
        return RefreshAsync();
    }

    private async Task DownloadAsync()
    {
        var text = new StringBuilder();
        foreach (var line in _lines)
        {
            text.Append(Display.Iso(line.Time)).Append(' ').Append(Level(line.Level)).Append(' ').Append(line.Category).Append(": ").Append(line.Message).Append('\n');
        }

        await Js.InvokeVoidAsync("mrq.download", Gone, $"{Job}.log", text.ToString());
    }

    private static string Level(JobLogLevel level) => level switch
    {
        JobLogLevel.Trace => "TRC",
        JobLogLevel.Debug => "DBG",
        JobLogLevel.Information => "INF",
        JobLogLevel.Warning => "WRN",
        JobLogLevel.Error => "ERR",
        _ => "CRT",
    };
}
