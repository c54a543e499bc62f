using Mrq.Jobs;

namespace Mrq.Storage.Sqlite;

/// <summary>Log lines of jobs in SQLite. They are deleted with their job.</summary>
public sealed class SqliteJobLogStore(SqliteDatabase database) : IJobLogStore
{
    /* ?1 job. Returns the number of its last line, 0 when it has none; no row when the job is gone. */
    private const string LastNumber = """
        SELECT coalesce((SELECT max(number) FROM job_logs WHERE job = ?1), 0) FROM jobs WHERE id = ?1
        """;

    /* ?1 job, ?2 number, ?3 attempt, ?4 time (unix ms), ?5 level, ?6 category, ?7 message. */
    private const string Append =
        "INSERT INTO job_logs (job, number, attempt, time, level, category, message) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

    /* ?1 job, ?2 number, ?3 how many. Both return number, attempt, time, level, category, message: lines behind the number, oldest first; the last lines, newest first. */
    private const string Read = """
        SELECT number, attempt, time, level, category, message FROM job_logs WHERE job = ?1 AND number > ?2
        ORDER BY number LIMIT ?3
        """;

    private const string Tail = """
        SELECT number, attempt, time, level, category, message FROM job_logs WHERE job = ?1 AND number > ?2
        ORDER BY number DESC LIMIT ?3
        """;

    /// <inheritdoc/>
    public Task AppendAsync(IReadOnlyList<JobLogLine> lines, CancellationToken cancellationToken) =>
        lines.Count == 0
            ? Task.CompletedTask
            : database.WriteAsync(
                lines.Count,
                transaction =>
                {
                    AppendLines(transaction, lines);
                    return true;
                },
                cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<JobLogLine>> ReadAsync(JobId job, long after, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<JobLogLine>>(session => ReadLines(session.Prepare(Read), job, after, limit), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<JobLogLine>> TailAsync(JobId job, int limit, CancellationToken cancellationToken) =>
        database.ReadAsync<IReadOnlyList<JobLogLine>>(
            session =>
            {
                var lines = ReadLines(session.Prepare(Tail), job, after: 0, limit);
                lines.Reverse();
                return lines;
            },
            cancellationToken);

    private static void AppendLines(WriteTransaction transaction, IReadOnlyList<JobLogLine> lines)
    {
        var numbers = new Dictionary<JobId, long?>();
        var append = transaction.Prepare(Append);
        foreach (var line in lines)
        {
            if (!numbers.TryGetValue(line.Job, out var last))
            {
                last = transaction.Prepare(LastNumber).Bind(1, line.Job).Scalar();
            }

            // Without a document nothing would ever delete its lines.
            numbers[line.Job] = ++last;
            if (last is { } number)
            {
                append.Bind(1, line.Job).Bind(2, number).Bind(3, line.Attempt).Bind(4, line.Time).Bind(5, (long)line.Level)
                    .Bind(6, line.Category).Bind(7, line.Message).Execute();
            }
        }
    }

    private static List<JobLogLine> ReadLines(SqliteStatement read, JobId job, long after, int limit)
    {
        read.Bind(1, job).Bind(2, after).Bind(3, limit);
        var lines = new List<JobLogLine>();
        while (read.Step())
        {
            lines.Add(new JobLogLine(
                job, read.Number(0), (int)read.Number(1), read.Time(2), (JobLogLevel)read.Number(3), read.Text(4), read.Text(5)));
        }

        return lines;
    }
}
