using Mrq.Dashboard;
using Mrq.Jobs;
using Mrq.Storage;

namespace Mrq.Server.Output;

/// <summary>One job with everything that is known of it.</summary>
internal static class JobDetails
{
    /// <param name="lines">The last lines of its log.</param>
    public static void Write(CommandOutput output, Job job, IReadOnlyList<JobLogLine> lines)
    {
        output.Table(new TextTable([new TextColumn("job"), new TextColumn("", Fit: ColumnFit.Wrapped)], [.. Facts(job)]));
        Section(output, "Params", Display.Pretty(job.Params));
        Section(output, "Result", job.Result is null ? null : Display.Pretty(job.Result));
        Section(output, "Error", job.ExceptionType is { } type ? $"{type}: {job.ExceptionMessage}\n{job.Traceback}".TrimEnd() : null);
        if (job.TracebackHistory.Count > 1)
        {
            Section(output, "Earlier failures", string.Join('\n', job.TracebackHistory.SkipLast(1).Select(
                entry => $"{Display.Iso(entry.Date)} {JobStatuses.NameOf(entry.Status)} {entry.ExceptionType}: {entry.Message}")));
        }

        if (lines.Count > 0)
        {
            output.Line("");
            output.Line(lines[0].Number > 1 ? $"Log, the last {lines.Count} of {lines[^1].Number:N0} lines (--log prints all):" : "Log:");
            foreach (var line in lines)
            {
                Write(output, line);
            }
        }
    }

    /// <summary>One line of a log.</summary>
    public static void Write(CommandOutput output, JobLogLine line) =>
        output.Line($"{Display.Iso(line.Time)} {line.Level.ToString().ToLowerInvariant(),-11} {SafeText.Line(line.Category)}: {SafeText.Block(line.Message)}");

    private static IEnumerable<IReadOnlyList<TextCell>> Facts(Job job)
    {
        yield return ["id", job.Id.ToString()];
        yield return ["status", new(JobStatuses.NameOf(job.Status), JobTable.StyleOf(job.Status))];
        yield return ["path", job.Path];
        yield return ["queue", job.RawQueue is { } raw ? $"{job.Queue} (made of an entry of {raw})" : job.Queue.Value];
        foreach (var (name, value) in Others(job))
        {
            if (!string.IsNullOrEmpty(value))
            {
                yield return [name, value];
            }
        }
    }

    private static IEnumerable<(string Name, string? Value)> Others(Job job)
    {
        yield return ("queued", Display.Iso(job.DateQueued));
        yield return ("due", Display.Iso(job.RunAt));
        yield return ("started", job.DateStarted is { } started
            ? $"{Display.Iso(started)}{(started > job.DateQueued ? $", after {Display.Duration(started - job.DateQueued)}" : "")}"
            : null);
        yield return ("updated", Display.Iso(job.DateUpdated));
        yield return ("ran", Display.Ran(job)?["ran ".Length..]);
        yield return ("progress", job.Progress is { } progress ? $"{progress:0%} {job.ProgressText}".TrimEnd() : null);
        yield return ("next try", Display.Iso(job.DateRetry));
        yield return ("attempts", job.RetryCount > 0 ? $"{job.Attempt}, {job.RetryCount} of them retries" : $"{job.Attempt}");
        yield return ("worker", job.Worker?.Value);
        yield return ("priority", job.Priority == 0 ? null : $"{job.Priority}");
        yield return ("tags", string.Join(", ", job.OwnTags));
        yield return ("batch", job.Batch?.ToString());
        yield return ("after", job.After?.ToString());
        yield return ("next", job.Next?.ToString());
        yield return ("unique key", job.UniqueKey);
        yield return ("idempotency key", job.IdempotencyKey);
        yield return ("begins before", Display.Iso(job.ExpiresAt));
        yield return ("abort asked for", Display.Iso(job.AbortRequested));
        yield return ("deleted", Display.Iso(job.DateExpires));
    }

    private static void Section(CommandOutput output, string title, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            output.Line("");
            output.Line($"{title}:");
            output.Line(SafeText.Block(text));
        }
    }
}
