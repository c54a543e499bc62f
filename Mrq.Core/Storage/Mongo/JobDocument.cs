using System.Buffers;
using System.Text;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage.Mongo.Driver;
using Mrq.Tasks;
using Mrq.Workers;

namespace Mrq.Storage.Mongo;

/// <summary>
/// A job as a document in <c>mrq_jobs</c>; <see cref="JobDocumentReader"/> reads it. Names are the original's. Ours are, beside those that <see cref="Job"/> names:
/// <c>revisions</c> (the writes that changed the document last, the newest first), <c>deleting</c> (the write that is about to delete it), <c>unique_live</c> (the unique key as long
/// as the job is live), <c>log_lines</c>, and <c>params_json</c> and <c>result_json</c> (the text where a document cannot give it back as it came: spaces, <c>1e3</c>, names with a dot).
/// </summary>
internal static class JobDocument
{
    /// <summary>The field that holds a job's status, by number of status, as UTF-8.</summary>
    private static readonly byte[][] StatusNames = [.. JobStatuses.AllNames.Select(Encoding.UTF8.GetBytes)];

    /// <summary>What lists do not show.</summary>
    private static readonly byte[] WithoutPayload = BsonWriter.Document(w => w
        .BeginDocument("projection"u8).Int32("result"u8, 0).Int32("result_json"u8, 0).Int32("traceback"u8, 0).Int32("traceback_history"u8, 0).End());

    /// <summary>Options of a find that reads jobs.</summary>
    public static ReadOnlyMemory<byte> Options(bool withPayload) => withPayload ? default : WithoutPayload;

    public static BsonWriter Status(this BsonWriter writer, ReadOnlySpan<byte> name, JobStatus status) => writer.Utf8(name, StatusNames[(int)status]);

    /// <summary>A condition: one of these.</summary>
    public static BsonWriter Statuses(this BsonWriter writer, ReadOnlySpan<byte> name, JobStatuses statuses)
    {
        writer.BeginDocument(name).BeginArray("$in"u8);
        foreach (var status in statuses)
        {
            writer.Status(default, status);
        }

        return writer.End().End();
    }

    /// <summary>A new job's document.</summary>
    public static void Write(BsonWriter writer, Job job, JobId revision)
    {
        writer.BeginDocument().ObjectId("_id"u8, job.Id).String("path"u8, job.Path);
        WriteJson(writer, "params"u8, "params_json"u8, job.Params);
        writer.String("queue"u8, job.Queue.Value).Status("status"u8, job.Status)
            .Date("datequeued"u8, job.DateQueued).Date("dateupdated"u8, job.DateUpdated)
            .Int32("attempt"u8, job.Attempt).Int32("retry_count"u8, job.RetryCount)
            .BeginArray("revisions"u8).ObjectId(default, revision).End();
        WriteDate(writer, "datestarted"u8, job.DateStarted);
        WriteDate(writer, "dateexpires"u8, job.DateExpires);
        WriteDate(writer, "dateretry"u8, job.DateRetry);
        WriteDate(writer, "run_at"u8, job.RunAt);
        WriteDate(writer, "abort_requested"u8, job.AbortRequested);
        WriteText(writer, "worker"u8, job.Worker?.Value);
        WriteText(writer, "raw_queue"u8, job.RawQueue?.Value);
        WriteText(writer, "exceptiontype"u8, job.ExceptionType);
        WriteText(writer, "exceptionmessage"u8, job.ExceptionMessage);
        WriteText(writer, "traceback"u8, job.Traceback);
        WriteText(writer, "progress_text"u8, job.ProgressText);
        WriteText(writer, "unique_key"u8, job.UniqueKey);
        WriteText(writer, "unique_live"u8, JobStatuses.Live.Contains(job.Status) ? job.UniqueKey : null);
        WriteText(writer, "idempotency_key"u8, job.IdempotencyKey);
        WriteReal(writer, "progress"u8, job.Progress);
        WriteReal(writer, "totaltime"u8, job.TotalTime);
        WriteReal(writer, "time"u8, job.Usage?.CpuTime);
        WriteWhole(writer, "switches"u8, job.Usage?.Switches);
        WriteWhole(writer, "allocated"u8, job.Usage?.Allocated);
        WriteWhole(writer, "memory_diff"u8, job.Usage?.MemoryDiff);
        WriteReal(writer, "timeout"u8, job.Timeout?.TotalSeconds);
        WriteReal(writer, "result_ttl"u8, job.ResultTtl?.TotalSeconds);
        WriteDate(writer, "expires_at"u8, job.ExpiresAt);
        WriteDate(writer, "unique_until"u8, job.UniqueUntil);
        WriteId(writer, "after"u8, job.After);
        WriteId(writer, "next"u8, job.Next);
        WriteText(writer, "result_as"u8, job.ResultAs);
        if (job.IsUniqueWhileQueued)
        {
            writer.Boolean("unique_while_queued"u8, true);
        }

        if (job.Postponed != 0)
        {
            writer.Int32("postponed"u8, job.Postponed);
        }

        if (job.Priority != 0)
        {
            writer.Int32("priority"u8, job.Priority);
        }

        if (job.Options is not null)
        {
            BsonJson.TryWrite(writer, "options"u8, Encoding.UTF8.GetBytes(TaskOptionsJson.Write(job.Options)));
        }

        if (job.MaxRetries is { } retries)
        {
            writer.Int32("max_retries"u8, retries);
        }

        if (job.Result is not null)
        {
            WriteJson(writer, "result"u8, "result_json"u8, job.Result);
        }

        if (job.Tags.Count > 0)
        {
            writer.BeginArray("tags"u8);
            foreach (var tag in job.Tags)
            {
                writer.String(default, tag);
            }

            writer.End();
        }

        if (job.TracebackHistory.Count > 0)
        {
            writer.BeginArray("traceback_history"u8);
            foreach (var entry in job.TracebackHistory)
            {
                WriteFailure(writer, entry);
            }

            writer.End();
        }

        writer.End();
    }

    /// <summary>A JSON text as a field, and as text beside it where the field does not give it back as it came.</summary>
    /// <returns>Which of both were written.</returns>
    public static (bool IsField, bool IsText) WriteJson(BsonWriter writer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> textName, string json)
    {
        var most = Encoding.UTF8.GetMaxByteCount(json.Length);
        var bytes = ArrayPool<byte>.Shared.Rent(most);
        try
        {
            ReadOnlySpan<byte> utf8 = bytes.AsSpan(0, Encoding.UTF8.GetBytes(json, bytes));
            var start = writer.Written.Length;
            var isField = BsonJson.TryWrite(writer, name, utf8);
            var isText = !isField || !GivesBack(writer.Written.Span[start..], name.Length, utf8);
            if (isText)
            {
                writer.Utf8(textName, utf8);
            }

            return (isField, isText);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>A failure, as an entry of <c>traceback_history</c>.</summary>
    public static void WriteFailure(BsonWriter writer, TracebackEntry entry)
    {
        writer.BeginDocument(default).Date("date"u8, entry.Date).Status("status"u8, entry.Status).String("exceptiontype"u8, entry.ExceptionType);
        WriteText(writer, "message"u8, entry.Message);
        WriteText(writer, "traceback"u8, entry.Traceback);
        WriteText(writer, "worker"u8, entry.Worker?.Value);
        writer.End();
    }

    private static void WriteDate(BsonWriter writer, ReadOnlySpan<byte> name, DateTimeOffset? value)
    {
        if (value is { } date)
        {
            writer.Date(name, date);
        }
    }

    private static void WriteId(BsonWriter writer, ReadOnlySpan<byte> name, JobId? value)
    {
        if (value is { } id)
        {
            writer.ObjectId(name, id);
        }
    }

    private static void WriteText(BsonWriter writer, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            writer.String(name, value);
        }
    }

    private static void WriteWhole(BsonWriter writer, ReadOnlySpan<byte> name, long? value)
    {
        if (value is { } number)
        {
            writer.Int64(name, number);
        }
    }

    private static void WriteReal(BsonWriter writer, ReadOnlySpan<byte> name, double? value)
    {
        if (value is { } number)
        {
            writer.Double(name, number);
        }
    }

    /// <summary>Whether a field that was just written reads as this JSON, to the byte.</summary>
    private static bool GivesBack(ReadOnlySpan<byte> field, int nameLength, ReadOnlySpan<byte> json)
    {
        var text = new ArrayBufferWriter<byte>(json.Length + 64);
        BsonJson.Append(text, BsonReader.OfField(field, nameLength));
        return text.WrittenSpan.SequenceEqual(json);
    }
}
