using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage.Filtering;
using Mrq.Storage.Mongo.Driver;
using Mrq.Workers;

namespace Mrq.Storage.Mongo;

/// <summary>What a change of a job has to know of it beforehand.</summary>
/// <param name="StatusText">Its status as it is written: another program's may be none that we know. Null: it has none.</param>
/// <param name="Revisions">The writes that changed it last, the newest first; empty: another program's.</param>
/// <param name="IsAbortRequested">Someone asked for the end of its attempt.</param>
internal sealed record JobFacts(
    JobId Id, JobGroupKey Group, string? StatusText, IReadOnlyList<JobId> Revisions, WorkerId? Worker, int Attempt, string? UniqueKey, bool IsAbortRequested, int Priority,
    DateTimeOffset? UniqueUntil)
{
    /// <summary>Options of a find that reads them.</summary>
    public static readonly byte[] Options = BsonWriter.Document(w => WriteProjection(w).End());

    /// <summary>The same with its params.</summary>
    public static readonly byte[] OptionsWithParams = BsonWriter.Document(w => WriteProjection(w).Int32("params"u8, 1).Int32("params_json"u8, 1).End());

    public static JobFacts Read(ReadOnlySpan<byte> document)
    {
        var facts = new JobFacts(default, JobCounts.ReadGroup(new BsonReader(document)), null, [], null, 0, null, false, 0, null);
        var field = new BsonReader(document);
        while (field.Next())
        {
            facts = field.IsNull ? facts : field.NameText switch
            {
                "_id" => facts with { Id = field.GetObjectId() },
                "status" => facts with { StatusText = field.GetString() },
                "revisions" => facts with { Revisions = ReadIds(field.GetDocument()) },
                "worker" when field.Type == BsonType.String => facts with { Worker = new WorkerId(field.GetString()) },
                "attempt" => facts with { Attempt = field.GetInt32() },
                "unique_key" => facts with { UniqueKey = field.GetString() },
                "abort_requested" => facts with { IsAbortRequested = true },
                "unique_until" when field.Type == BsonType.Date => facts with { UniqueUntil = field.GetDate() },
                "priority" => facts with { Priority = Math.Clamp(field.GetInt32(), 0, QueuedId.HighestPriority) },
                _ => facts,
            };
        }

        return facts;
    }

    /// <summary>A filter that finds the job as long as it is as it was read: the guard of a change.</summary>
    public void WriteGuard(BsonWriter writer) => WriteGuard(writer, Id, StatusText, Revisions);

    /// <inheritdoc cref="WriteGuard(BsonWriter)"/>
    public static void WriteGuard(BsonWriter writer, JobId id, string? status, IReadOnlyList<JobId> revisions)
    {
        writer.ObjectId("_id"u8, id);
        if (revisions is [var newest, ..])
        {
            writer.ObjectId("revisions.0"u8, newest);
        }
        else
        {
            writer.Null("revisions"u8).String("status"u8, status);
        }
    }

    /// <summary>The ids of an array.</summary>
    public static List<JobId> ReadIds(BsonReader item)
    {
        var ids = new List<JobId>();
        while (item.Next())
        {
            ids.Add(item.GetObjectId());
        }

        return ids;
    }

    /// <summary>The jobs, in the order of these ids, each once.</summary>
    public static List<JobFacts> InOrder(IEnumerable<JobId> ids, IEnumerable<JobFacts> found)
    {
        var byId = found.ToDictionary(facts => facts.Id);
        var ordered = new List<JobFacts>(byId.Count);
        foreach (var id in ids)
        {
            if (byId.Remove(id, out var facts))
            {
                ordered.Add(facts);
            }
        }

        return ordered;
    }

    public TransitionedJob Transitioned(QueueName queue) => new(Id, Group.Status, Group.Queue, queue, Priority);

    private static BsonWriter WriteProjection(BsonWriter writer) => writer
        .BeginDocument("projection"u8)
        .Int32("status"u8, 1).Int32("queue"u8, 1).Int32("path"u8, 1).Int32("exceptiontype"u8, 1)
        .Int32("revisions"u8, 1).Int32("worker"u8, 1).Int32("attempt"u8, 1).Int32("unique_key"u8, 1).Int32("abort_requested"u8, 1).Int32("priority"u8, 1).Int32("unique_until"u8, 1);
}
