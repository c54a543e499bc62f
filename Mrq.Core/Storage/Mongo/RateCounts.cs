using System.Runtime.InteropServices;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>Ended attempts by span of time, in <c>mrq_rates</c>: <c>_id</c> (span, queue, status), <c>span</c> (its begin), <c>count</c>, <c>seconds</c>.</summary>
internal sealed class RateCounts(MongoDatabase database, JobCounts counts)
{
    /// <param name="Seconds">How long it ran.</param>
    public readonly record struct EndedAttempt(DateTimeOffset At, QueueName Queue, JobStatus Status, double Seconds);

    /// <summary>Adds attempts that have ended.</summary>
    public async Task AddAsync(IEnumerable<EndedAttempt> attempts)
    {
        var sums = new Dictionary<(DateTimeOffset Span, QueueName Queue, JobStatus Status), (long Count, double Seconds)>();
        foreach (var attempt in attempts)
        {
            ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(
                sums, (RateSpan.BeginOf(attempt.At), attempt.Queue, attempt.Status), out _);
            sum = (sum.Count + 1, sum.Seconds + attempt.Seconds);
        }

        var upserts = new BulkWrites(isOrdered: false);
        foreach (var ((span, queue, status), (count, seconds)) in sums)
        {
            upserts.UpdateOne(
                BsonWriter.Document(w => w
                    .BeginDocument("_id"u8).Date("span"u8, span).String("queue"u8, queue.Value).Status("status"u8, status).End()),
                BsonWriter.Document(w => w
                    .BeginDocument("$inc"u8).Int64("count"u8, count).Double("seconds"u8, seconds).End()
                    .BeginDocument("$setOnInsert"u8).Date("span"u8, span).End()),
                isUpsert: true);
        }

        try
        {
            await counts.UpsertAsync(database.Collections.Rates, upserts);
        }
        catch (StorageUnavailableException)
        {
            // The attempts are recorded in their documents; a dent in a chart is all that is lost.
        }
    }

    /// <summary>The spans since a time.</summary>
    public Task<List<RatePoint>> LoadAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        var filter = BsonWriter.Document(w => w.BeginDocument("span"u8).Date("$gte"u8, RateSpan.BeginOf(since)).End());
        return database.RunAsync(client => client.FindAsync(database.Collections.Rates, filter, default, Read, cancellationToken));
    }

    /// <summary>Forgets the spans before a time.</summary>
    public async Task DeleteBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var deletes = new BulkWrites(isOrdered: true)
            .DeleteMany(BsonWriter.Document(w => w.BeginDocument("span"u8).Date("$lt"u8, before).End()));
        (await database.RunAsync(client => client.BulkWriteAsync(database.Collections.Rates, deletes, cancellationToken))).OrThrow();
    }

    private static RatePoint Read(ReadOnlySpan<byte> document)
    {
        var point = new RatePoint(default, QueueName.Default, JobStatus.Cancel, 0, 0);
        var field = new BsonReader(document);
        while (field.Next())
        {
            point = field.NameText switch
            {
                "_id" => ReadId(point, field.GetDocument()),
                "count" => point with { Count = field.GetInt64() },
                "seconds" => point with { TotalSeconds = field.GetDouble() },
                _ => point,
            };
        }

        return point;
    }

    private static RatePoint ReadId(RatePoint point, BsonReader field)
    {
        while (field.Next())
        {
            point = field.NameText switch
            {
                "span" => point with { From = field.GetDate() },
                "queue" => point with { Queue = QueueName.Stored(field.GetString()) },
                "status" => point with { Status = JobStatuses.TryParseOne(field.GetString(), out var status) ? status : JobStatus.Cancel },
                _ => point,
            };
        }

        return point;
    }
}
