using System.Globalization;
using Mrq.Hosting;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Diagnostics;

/// <summary>Takes what is logged in the asynchronous flow of one attempt, up to the job's limit.</summary>
/// <param name="linesBefore">Lines that earlier attempts of the job have logged.</param>
/// <param name="holds">True: its job has no document, and lines without one would stay for ever. They are kept here until <see cref="WriteHeld"/>.</param>
internal sealed class JobLogSink(Job job, long linesBefore, bool holds, JobLogWriter writer, MrqOptions options, TimeProvider time)
{
    private readonly List<JobLogLine>? _held = holds ? [] : null;
    private long _lines = linesBefore;
    private bool _closed;

    /// <summary>Number of the last line handed to the writer, in its count; 0: none yet.</summary>
    public long LastWritten { get; private set; }

    public void Write(JobLogLevel level, string category, string message)
    {
        var number = Interlocked.Increment(ref _lines);
        if (Volatile.Read(ref _closed) || number > options.MaxLogLinesPerJob + 1 || options.MaxLogLinesPerJob == 0)
        {
            return;
        }

        if (number == options.MaxLogLinesPerJob + 1)
        {
            (level, category, message) = (JobLogLevel.Warning, "mrq", string.Create(
                CultureInfo.InvariantCulture, $"The log is cut here: {options.MaxLogLinesPerJob:N0} lines are kept for one job (max_log_lines_per_job)."));
        }
        else if (message.Length > options.MaxLogLineLength)
        {
            message = $"{message[..options.MaxLogLineLength]}… ({message.Length - options.MaxLogLineLength:N0} more characters were cut)";
        }

        var line = new JobLogLine(job.Id, 0, job.Attempt, time.GetUtcNow(), level, category, message);
        if (_held is null)
        {
            LastWritten = writer.Write(line);
            return;
        }

        // A forsaken task may still log while the lines are handed over.
        lock (_held)
        {
            if (!Volatile.Read(ref _closed))
            {
                _held.Add(line);
            }
        }
    }

    /// <summary>Its job gets a document: hands the lines that it holds over. Called after <see cref="Close"/>.</summary>
    public void WriteHeld()
    {
        foreach (var line in _held ?? [])
        {
            LastWritten = writer.Write(line);
        }
    }

    /// <summary>The attempt is over; what a forsaken task still logs is dropped.</summary>
    public void Close()
    {
        Volatile.Write(ref _closed, true);
        if (_held is not null)
        {
            lock (_held)
            {
                // Whoever was adding a line has done so.
            }
        }
    }
}
