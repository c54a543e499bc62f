using Mrq.Jobs;
using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>
/// Log lines of jobs in <c>mrq_logs</c>, a capped collection: <c>job</c>, <c>number</c>, <c>attempt</c>, <c>time</c>, <c>level</c>, <c>category</c>,
/// <c>message</c>. How many lines a job has had stands in its own document as <c>log_lines</c>.
/// </summary>
public sealed class MongoJobLogStore(MongoDatabase database, TimeProvider time) : IJobLogStore
{
    /// <inheritdoc/>
    public async Task AppendAsync(IReadOnlyList<JobLogLine> lines, CancellationToken cancellationToken)
    {
        // First the numbers, then the lines: dying in between leaves a gap, never a number given twice.
        var groups = lines.GroupBy(line => line.Job).ToList();
        var last = await Task.WhenAll(groups.Select(group => TakeNumbersAsync(group.Key, group.Count(), cancellationToken)));
        var next = groups.Zip(last).Where(taken => taken.Second is not null)
            .ToDictionary(taken => taken.First.Key, taken => taken.Second.GetValueOrDefault() - taken.First.Count() + 1);
        var writer = new BsonWriter(lines.Count * 256);
        foreach (var line in lines)
        {
            if (next.TryGetValue(line.Job, out var number))
            {
                Write(writer, line, number);
                next[line.Job] = number + 1;
            }
        }

        var result = await database.RunAsync(client => client.InsertManyAsync(database.Collections.Logs, writer.Written, isOrdered: true, cancellationToken));
        result.OrThrow();
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<JobLogLine>> ReadAsync(JobId job, long after, int limit, CancellationToken cancellationToken) =>
        await FindAsync(job, after, limit, direction: 1, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<JobLogLine>> TailAsync(JobId job, int limit, CancellationToken cancellationToken)
    {
        var lines = await FindAsync(job, after: 0, limit, direction: -1, cancellationToken);
        lines.Reverse();
        return lines;
    }

    /// <summary>Takes numbers for lines of a job. Returns the last of them; null: the job is gone, and nobody will ask for its lines.</summary>
    private async Task<long?> TakeNumbersAsync(JobId job, int count, CancellationToken cancellationToken)
    {
        var command = BsonWriter.Document(w => w
            .String("findAndModify"u8, database.Collections.Jobs.Collection).BeginDocument("query"u8).ObjectId("_id"u8, job).End()
            .BeginDocument("update"u8).BeginDocument("$inc"u8).Int64("log_lines"u8, count).End().End()
            .BeginDocument("fields"u8).Int32("log_lines"u8, 1).End().Boolean("new"u8, true));
        var reply = await database.RunAsync(client => client.WriteCommandAsync(database.Collections.Database, command, cancellationToken));
        return BsonReader.TryFind(reply, "value"u8, out var document) && !document.IsNull
            && BsonReader.TryFind(document.Value, "log_lines"u8, out var lines)
                ? lines.GetInt64()
                : null;
    }

    /// <summary>Lines of a job that is there: those of a deleted one lie in the collection until newer ones take their place.</summary>
    private async Task<List<JobLogLine>> FindAsync(JobId job, long after, int limit, int direction, CancellationToken cancellationToken)
    {
        var filter = BsonWriter.Document(w => w.ObjectId("job"u8, job).BeginDocument("number"u8).Int64("$gt"u8, after).End());
        var options = BsonWriter.Document(w => w.BeginDocument("sort"u8).Int32("number"u8, direction).End().Int64("limit"u8, limit));
        var lines = await database.RunAsync(client =>
            client.FindAsync(database.Collections.Logs, filter, options, document => Read(job, document), cancellationToken));
        return lines.Count == 0 || await ExistsAsync(job, cancellationToken) ? lines : [];
    }

    private async Task<bool> ExistsAsync(JobId job, CancellationToken cancellationToken)
    {
        var filter = BsonWriter.Document(w => w.ObjectId("_id"u8, job));
        return await database.RunAsync(client => client.FindAsync(
            database.Collections.Jobs, filter, MongoJobQueries.OnlyId, MongoJobQueries.ReadId, cancellationToken)) is [_];
    }

    private void Write(BsonWriter writer, JobLogLine line, long number) => writer.BeginDocument()
        .ObjectId("_id"u8, JobId.New(time)).ObjectId("job"u8, line.Job).Int64("number"u8, number).Int32("attempt"u8, line.Attempt)
        .Date("time"u8, line.Time).Int32("level"u8, (int)line.Level).String("category"u8, line.Category).String("message"u8, line.Message)
        .End();

    private static JobLogLine Read(JobId job, ReadOnlySpan<byte> document)
    {
        var line = new JobLogLine(job, 0, 0, default, JobLogLevel.Information, "", "");
        var field = new BsonReader(document);
        while (field.Next())
        {
            line = field.NameText switch
            {
                "number" => line with { Number = field.GetInt64() },
                "attempt" => line with { Attempt = field.GetInt32() },
                "time" => line with { Time = field.GetDate() },
                "level" => line with { Level = (JobLogLevel)field.GetInt32() },
                "category" => line with { Category = field.GetString() },
                "message" => line with { Message = field.GetString() },
                _ => line,
            };
        }

        return line;
    }
}
