using Mrq.Jobs;

namespace Mrq.Storage;

/// <summary>How grave a log line is; the numbers are those of Microsoft.Extensions.Logging.</summary>
public enum JobLogLevel
{
    Trace = 0,
    Debug = 1,
    Information = 2,
    Warning = 3,
    Error = 4,
    Critical = 5,
}

/// <summary>One line that a task, or code that it called, logged.</summary>
/// <param name="Number">Counts the lines of one job from 1; given by the store.</param>
/// <param name="Category">The logger's name.</param>
public sealed record JobLogLine(
    JobId Job, long Number, int Attempt, DateTimeOffset Time, JobLogLevel Level, string Category, string Message);

/// <summary>The log lines of jobs, in the order in which they were written.</summary>
public interface IJobLogStore
{
    /// <summary>Appends lines, in order; their <see cref="JobLogLine.Number"/> is given here. Lines of jobs that are gone may be dropped.</summary>
    Task AppendAsync(IReadOnlyList<JobLogLine> lines, CancellationToken cancellationToken);

    /// <summary>Lines of a job with a number above <paramref name="after"/> (0: from the first), at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<JobLogLine>> ReadAsync(JobId job, long after, int limit, CancellationToken cancellationToken);

    /// <summary>The last <paramref name="limit"/> lines of a job, oldest first.</summary>
    Task<IReadOnlyList<JobLogLine>> TailAsync(JobId job, int limit, CancellationToken cancellationToken);
}
