using System.Runtime.InteropServices;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage.Filtering;
using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>
/// The maintained totals, in <c>mrq_job_counts</c>: <c>_id</c> (status, queue, path, exceptiontype), <c>count</c>, and <c>changes</c>, how often it was changed.
/// They are changed right after the documents, those of queued jobs before when jobs come. A process that dies in between, or another program that writes
/// documents, leaves them wrong: <see cref="JobCountsCheck"/> finds that and puts it right.
/// </summary>
internal sealed class JobCounts(MongoDatabase database)
{
    private static readonly byte[] Everything = BsonWriter.Document(static _ => { });

    /// <summary>A group with its total, also one of 0: documents may just be on their way into it.</summary>
    public readonly record struct Total(JobGroupKey Group, long Count, long Changes);

    /// <summary>
    /// Adds jobs that are about to come. Before they do, so that there are never fewer in a total than in truth: by that <c>RequeueLostJobs</c> sees that ids are
    /// missing.
    /// </summary>
    /// <exception cref="StorageUnavailableException">MongoDB is away; nothing should be written.</exception>
    public Task AddBeforeAsync(JobCountChanges coming) => WriteAsync(coming);

    /// <summary>Adds what a write has changed.</summary>
    public async Task AddAsync(JobCountChanges changes)
    {
        try
        {
            await WriteAsync(changes);
        }
        catch (StorageUnavailableException)
        {
            // The documents have changed, that is what counts; the check will see it.
        }
    }

    /// <summary>All groups.</summary>
    public Task<List<Total>> LoadAsync(CancellationToken cancellationToken) =>
        database.RunAsync(client => client.FindAsync(database.Collections.JobCounts, Everything, default, Read, cancellationToken));

    /// <summary>Puts totals right that are still as they were seen, and forgets groups without a job.</summary>
    /// <param name="corrections">What was seen, with the number of jobs there are.</param>
    public async Task CorrectAsync(IEnumerable<(Total Seen, long Jobs)> corrections, CancellationToken cancellationToken)
    {
        var writes = new BulkWrites(isOrdered: false);
        foreach (var (seen, jobs) in corrections)
        {
            var filter = BsonWriter.Document(w =>
            {
                WriteId(w, seen.Group);
                w.Int64("changes"u8, seen.Changes).Int64("count"u8, seen.Count);
            });
            if (jobs == 0)
            {
                writes.DeleteOne(filter);
            }
            else
            {
                writes.UpdateOne(filter, BsonWriter.Document(w => w.BeginDocument("$set"u8).Int64("count"u8, jobs).End()));
            }
        }

        (await database.RunAsync(client => client.BulkWriteAsync(database.Collections.JobCounts, writes, cancellationToken))).OrThrow();
    }

    /// <summary>Makes the totals of groups that have none yet.</summary>
    public async Task AddMissingAsync(IEnumerable<(JobGroupKey Group, long Jobs)> groups, CancellationToken cancellationToken)
    {
        var upserts = new BulkWrites(isOrdered: false);
        foreach (var (group, jobs) in groups)
        {
            upserts.UpdateOne(
                BsonWriter.Document(w => WriteId(w, group)),
                BsonWriter.Document(w => w.BeginDocument("$setOnInsert"u8).Int64("count"u8, jobs).Int64("changes"u8, 0).End()),
                isUpsert: true);
        }

        await database.RunAsync(client => client.BulkWriteAsync(database.Collections.JobCounts, upserts, cancellationToken));
    }

    private async Task WriteAsync(JobCountChanges changes)
    {
        var upserts = new BulkWrites(isOrdered: false);
        foreach (var (group, by) in changes.Groups)
        {
            AddUpsert(upserts, group, by);
        }

        await UpsertAsync(database.Collections.JobCounts, upserts);
    }

    /// <summary>Carries out increments. Two processes that make the same document at once: the second is refused, and asks again.</summary>
    internal async Task UpsertAsync(MongoNamespace collection, BulkWrites upserts)
    {
        while (upserts.Count > 0)
        {
            var result = await database.RunAsync(client => client.BulkWriteAsync(collection, upserts, CancellationToken.None));
            if (result.Errors.FirstOrDefault(error => error.Code != MongoWriteError.DuplicateKey) is { } refused)
            {
                throw refused.ToException();
            }

            upserts = upserts.Only(result.Errors.Select(error => error.Place));
        }
    }

    /// <summary>The group of a document that has its fields at the top, or of an <c>_id</c>.</summary>
    public static JobGroupKey ReadGroup(BsonReader field)
    {
        var (path, queue, status, exceptionType) = ("", QueueName.Default, JobStatus.Cancel, default(string?));
        while (field.Next())
        {
            switch (field.Name)
            {
                case var name when name.SequenceEqual("path"u8):
                    path = field.GetStringOrNull() ?? "";
                    break;
                case var name when name.SequenceEqual("queue"u8):
                    queue = QueueName.Stored(field.GetStringOrNull() ?? "");
                    break;
                case var name when name.SequenceEqual("status"u8):
                    status = JobStatuses.TryParseOne(field.GetStringOrNull(), out var known) ? known : JobStatus.Cancel;
                    break;
                case var name when name.SequenceEqual("exceptiontype"u8):
                    exceptionType = field.GetStringOrNull();
                    break;
            }
        }

        return new JobGroupKey(path, queue, status, exceptionType);
    }

    /// <summary>The fields of a group, in the order of the index that serves them.</summary>
    public static void WriteGroup(BsonWriter writer, JobGroupKey group) => writer
        .Status("status"u8, group.Status).String("queue"u8, group.Queue.Value).String("path"u8, group.Path).String("exceptiontype"u8, group.ExceptionType);

    private static void AddUpsert(BulkWrites upserts, JobGroupKey group, long by)
    {
        var writer = new BsonWriter();
        writer.BeginDocument();
        WriteId(writer, group);
        writer.End();
        var filter = writer.Written.Length;
        writer.BeginDocument().BeginDocument("$inc"u8).Int64("count"u8, by).Int64("changes"u8, 1).End().End();
        upserts.UpdateOne(writer.Written.Span[..filter], writer.Written.Span[filter..], isUpsert: true);
    }

    private static void WriteId(BsonWriter writer, JobGroupKey group)
    {
        writer.BeginDocument("_id"u8);
        WriteGroup(writer, group);
        writer.End();
    }

    private static Total Read(ReadOnlySpan<byte> document)
    {
        var total = default(Total);
        var field = new BsonReader(document);
        while (field.Next())
        {
            total = field.NameText switch
            {
                "_id" => total with { Group = ReadGroup(field.GetDocument()) },
                "count" => total with { Count = field.GetInt64() },
                "changes" => total with { Changes = field.GetInt64() },
                _ => total,
            };
        }

        return total;
    }
}

/// <summary>How one write has moved jobs between groups.</summary>
internal sealed class JobCountChanges
{
    private readonly Dictionary<JobGroupKey, long> _changes = [];

    /// <summary>The groups that have more or fewer jobs now.</summary>
    public IReadOnlyList<KeyValuePair<JobGroupKey, long>> Groups => [.. _changes.Where(change => change.Value != 0)];

    /// <summary>A job is new in a group.</summary>
    public JobCountChanges Enter(JobGroupKey group) => Change(group, 1);

    /// <summary>A job has gone from one group to another.</summary>
    public JobCountChanges Move(JobGroupKey from, JobGroupKey to) => Change(from, -1).Change(to, 1);

    /// <summary>A job is gone.</summary>
    public JobCountChanges Leave(JobGroupKey group) => Change(group, -1);

    private JobCountChanges Change(JobGroupKey group, int by)
    {
        CollectionsMarshal.GetValueRefOrAddDefault(_changes, group, out _) += by;
        return this;
    }
}
