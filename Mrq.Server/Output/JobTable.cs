using Mrq.Dashboard;
using Mrq.Jobs;

namespace Mrq.Server.Output;

/// <summary>Jobs for people, a line each.</summary>
internal static class JobTable
{
    private const int MostText = 400;

    private static readonly IReadOnlyList<TextColumn> Columns =
    [
        new("id"), new("status"), new("path", Fit: ColumnFit.Cut), new("queue", Fit: ColumnFit.Cut, Weight: 3), new("queued", IsRight: true, Weight: 4),
        new("ran", IsRight: true, Weight: 2), new("params, error", Fit: ColumnFit.Cut, Weight: 1),
    ];

    public static TextTable Of(IReadOnlyList<Job> jobs, DateTimeOffset now) => new(Columns, [.. jobs.Select(job => Row(job, now))]);

    /// <summary>How many jobs are in each status.</summary>
    public static TextTable Of(IReadOnlyDictionary<JobStatus, long> counts) => new(
        [new TextColumn("status"), new TextColumn("jobs", IsRight: true)],
        [.. counts.OrderBy(count => count.Key).Select(count => new TextCell[]
        {
            new(JobStatuses.NameOf(count.Key), StyleOf(count.Key)), new($"{count.Value:N0}", TextStyle.Plain, $"{count.Value}"),
        })]);

    public static TextStyle StyleOf(JobStatus status) => Display.Kind(status) switch
    {
        "ok" => TextStyle.Good,
        "run" => TextStyle.Busy,
        "que" or "sch" => TextStyle.Waiting,
        "warn" => TextStyle.Warning,
        "dim" => TextStyle.Dim,
        _ => TextStyle.Bad,
    };

    private static IReadOnlyList<TextCell> Row(Job job, DateTimeOffset now) =>
    [
        job.Id.ToString(),
        new(JobStatuses.NameOf(job.Status), StyleOf(job.Status)),
        job.Path,
        job.Queue.Value,
        new($"{Display.Since(job.DateQueued, now)} ago", TextStyle.Dim, Display.Iso(job.DateQueued)),
        new(Ran(job, now), TextStyle.Plain, job.TotalTime is { } took ? $"{took:0.######}" : ""),
        job.ExceptionType is { } type
            ? new($"{Display.ShortType(type)}{(job.ExceptionMessage is { Length: > 0 } message ? $": {Display.Cut(message, MostText)}" : "")}", TextStyle.Bad, job.Params)
            : new(Display.Preview(job.Params, MostText), TextStyle.Dim, job.Params),
    ];

    private static string Ran(Job job, DateTimeOffset now) => job switch
    {
        { Status: JobStatus.Started, Progress: { } progress } => $"{progress:0%}",
        { Status: JobStatus.Started, DateStarted: { } started } => Display.Since(started, now),
        { TotalTime: { } took } => Display.Duration(took),
        _ => "-",
    };
}
