using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Storage.Filtering;
using Mrq.Storage.Mongo.Driver;
using Mrq.Tasks;
using Mrq.Workers;

namespace Mrq.Storage.Mongo;

/// <summary>Reads of the job documents in <c>mrq_jobs</c>. <see cref="MongoSchema"/> names the index of each.</summary>
internal sealed class MongoJobQueries(MongoDatabase database, JobCounts counts, RateCounts rates) : IJobQueries
{
    private const int MostOnPage = 1_000;

    /// <summary>Options of a find that reads ids.</summary>
    public static readonly byte[] OnlyId = BsonWriter.Document(w => w.BeginDocument("projection"u8).Int32("_id"u8, 1).End());

    private static readonly byte[] CountByWorker = BsonWriter.Document(w => w
        .BeginArray("pipeline"u8)
        .BeginDocument(default).BeginDocument("$match"u8).Status("status"u8, JobStatus.Started).End().End()
        .BeginDocument(default).BeginDocument("$group"u8).Utf8("_id"u8, "$worker"u8).BeginDocument("count"u8).Int32("$sum"u8, 1).End().End().End()
        .End());

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Job>> GetAsync(IReadOnlyList<JobId> jobs, bool withPayload, CancellationToken cancellationToken) => jobs.Count == 0
        ? []
        : InOrder(jobs, await FindAsync(w => JobWrites.WriteIds(w, jobs), JobDocument.Options(withPayload), JobDocumentReader.Read, cancellationToken));

    /// <inheritdoc/>
    public Task<JobPage> FindAsync(JobFilter filter, JobPageRequest page, CancellationToken cancellationToken)
    {
        var search = new MongoJobFilter(filter, database, counts);
        return FindPageAsync();

        async Task<JobPage> FindPageAsync()
        {
            // One more than asked for tells whether there is a next page.
            var limit = Math.Clamp(page.Limit, 1, MostOnPage);
            var ids = await search.FindAsync(page.Before, limit + 1, cancellationToken);
            var next = ids.Count > limit ? ids[limit - 1] : (JobId?)null;
            return new JobPage(await GetAsync(next is null ? ids : ids.GetRange(0, limit), page.WithPayload, cancellationToken), next);
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<JobId>> FindIdsAsync(JobFilter filter, JobId? before, int limit, CancellationToken cancellationToken) =>
        await new MongoJobFilter(filter, database, counts).FindAsync(before, Math.Clamp(limit, 1, MostOnPage), cancellationToken);

    /// <inheritdoc/>
    public Task<long> CountAsync(JobFilter filter, long atMost, CancellationToken cancellationToken) =>
        new MongoJobFilter(filter, database, counts).CountAsync(atMost, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<JobStatus, long>> CountByStatusAsync(string tag, CancellationToken cancellationToken)
    {
        var pipeline = BsonWriter.Document(w => w
            .BeginArray("pipeline"u8)
            .BeginDocument(default).BeginDocument("$match"u8).String("tags"u8, tag).End().End()
            .BeginDocument(default).BeginDocument("$group"u8).Utf8("_id"u8, "$status"u8).BeginDocument("count"u8).Int32("$sum"u8, 1).End().End().End()
            .End());
        var found = new Dictionary<JobStatus, long>();
        foreach (var (name, count) in await database.RunAsync(client => client.AggregateAsync(database.Collections.Jobs, pipeline, ReadCount, cancellationToken)))
        {
            // A status that nobody knows found as what it is shown as (JobDocument).
            var status = JobStatuses.TryParseOne(name, out var known) ? known : JobStatus.Cancel;
            found[status] = found.GetValueOrDefault(status) + count;
        }

        return found;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<JobCount>> CountsAsync(CancellationToken cancellationToken) =>
        [
            .. (await counts.LoadAsync(cancellationToken)).Where(total => total.Count > 0)
                .Select(total => new JobCount(total.Group.Path, total.Group.Queue, total.Group.Status, total.Group.ExceptionType, total.Count)),
        ];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RatePoint>> RatesAsync(DateTimeOffset since, TimeSpan step, CancellationToken cancellationToken)
    {
        var length = RateSpan.RoundUp(step);
        return
        [
            .. (await rates.LoadAsync(since, cancellationToken))
                .GroupBy(point => (From: BeginOf(point.From), point.Queue, point.Status))
                .OrderBy(group => group.Key.From).ThenBy(group => group.Key.Queue).ThenBy(group => group.Key.Status)
                .Select(group => new RatePoint(
                    group.Key.From, group.Key.Queue, group.Key.Status, group.Sum(point => point.Count), group.Sum(point => point.TotalSeconds))),
        ];

        DateTimeOffset BeginOf(DateTimeOffset span)
        {
            var milliseconds = span.ToUnixTimeMilliseconds();
            return DateTimeOffset.FromUnixTimeMilliseconds(milliseconds - (milliseconds % length));
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Job>> FindLastFailedAsync(int limit, CancellationToken cancellationToken)
    {
        var options = BsonWriter.Document(w => w
            .BeginDocument("projection"u8).Int32("_id"u8, 1).End()
            .BeginDocument("sort"u8).Int32("dateupdated"u8, -1).Int32("_id"u8, -1).End().Int64("limit"u8, Math.Clamp(limit, 1, MostOnPage)));
        var last = await FindAsync(
            w => w.Statuses("status"u8, JobStatuses.Error).BeginDocument("exceptiontype"u8).Boolean("$exists"u8, true).End(),
            options, ReadId, cancellationToken);
        return await GetAsync(last, withPayload: false, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<JobId>> FindDueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken)
    {
        var due = await Task.WhenAll(FindDueAsync(JobStatus.Retry, "dateretry"), FindDueAsync(JobStatus.Scheduled, "run_at"));
        return [.. due.SelectMany(found => found).Order().Take(limit).Select(found => found.Job)];

        Task<List<(DateTimeOffset Time, JobId Job)>> FindDueAsync(JobStatus status, string field)
        {
            var name = System.Text.Encoding.UTF8.GetBytes(field);
            var options = BsonWriter.Document(w => w
                .BeginDocument("projection"u8).Int32(name, 1).End().BeginDocument("sort"u8).Int32(name, 1).Int32("_id"u8, 1).End().Int64("limit"u8, limit));
            return FindAsync(
                w => w.Status("status"u8, status).BeginDocument(name).Date("$lte"u8, now).End(),
                options,
                document => (BsonReader.TryFind(document, name, out var time) ? time.GetDate() : default, ReadId(document)),
                cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<JobId>> FindOverdueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken)
    {
        var options = BsonWriter.Document(w => w.BeginDocument("projection"u8).Int32("_id"u8, 1).End().Int64("limit"u8, limit));
        return await FindAsync(
            w => w.Statuses("status"u8, JobStatuses.Waiting).BeginDocument("expires_at"u8).Date("$lte"u8, now).End(),
            options, ReadId, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<JobId>> FindQueuedAsync(
        QueueName queue, DateTimeOffset before, JobId? after, int limit, CancellationToken cancellationToken)
    {
        var options = BsonWriter.Document(w => w
            .BeginDocument("projection"u8).Int32("_id"u8, 1).End().BeginDocument("sort"u8).Int32("_id"u8, 1).End().Int64("limit"u8, limit));
        return await FindAsync(
            w =>
            {
                w.String("queue"u8, queue.Value).Status("status"u8, JobStatus.Queued).BeginDocument("dateupdated"u8).Date("$lt"u8, before).End();
                if (after is { } last)
                {
                    w.BeginDocument("_id"u8).ObjectId("$gt"u8, last).End();
                }
            },
            options, ReadId, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<JobId>> FindQueuedAsync(
        QueueName queue, TaskSelection tasks, bool newestFirst, JobId? after, int limit, CancellationToken cancellationToken)
    {
        // Totals of queued jobs are never below the truth: a group that has none has no job.
        var groups = (await counts.LoadAsync(cancellationToken))
            .Where(total => total.Count > 0 && total.Group.Status == JobStatus.Queued && total.Group.Queue == queue && tasks.Takes(total.Group.Path))
            .Select(total => total.Group);
        var options = BsonWriter.Document(w => w
            .BeginDocument("projection"u8).Int32("_id"u8, 1).End()
            .BeginDocument("sort"u8).Int32("_id"u8, newestFirst ? -1 : 1).End().Int64("limit"u8, limit));
        var found = new List<JobId>();
        foreach (var some in groups.Chunk(MongoJobFilter.MostRanges))
        {
            found.AddRange(await FindAsync(w => WriteRanges(w, some, newestFirst, after), options, ReadId, cancellationToken));
        }

        return [.. (newestFirst ? found.OrderDescending() : found.Order()).Take(limit)];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<WorkerId, int>> StartedByWorkerAsync(CancellationToken cancellationToken)
    {
        var workers = await database.RunAsync(client => client.AggregateAsync(database.Collections.Jobs, CountByWorker, ReadCount, cancellationToken));
        return workers.Where(worker => worker.Id is not null).ToDictionary(worker => new WorkerId(worker.Id ?? ""), worker => worker.Count);
    }

    /// <summary>The id of a document.</summary>
    public static JobId ReadId(ReadOnlySpan<byte> document) => BsonReader.TryFind(document, "_id"u8, out var id) ? id.GetObjectId() : default;

    /// <summary>Documents in the order of these ids, each once.</summary>
    public static List<Job> InOrder(IReadOnlyList<JobId> ids, List<Job> found)
    {
        var byId = found.ToDictionary(job => job.Id);
        var ordered = new List<Job>(found.Count);
        foreach (var id in ids)
        {
            if (byId.Remove(id, out var job))
            {
                ordered.Add(job);
            }
        }

        return ordered;
    }

    /// <summary>Each group with the ids behind one as a condition of its own: a range of one index, which the server merges in order.</summary>
    private static void WriteRanges(BsonWriter writer, JobGroupKey[] groups, bool newestFirst, JobId? after)
    {
        writer.BeginArray("$or"u8);
        foreach (var group in groups)
        {
            writer.BeginDocument(default);
            JobCounts.WriteGroup(writer, group);
            if (after is { } last)
            {
                writer.BeginDocument("_id"u8).ObjectId(newestFirst ? "$lt"u8 : "$gt"u8, last).End();
            }

            writer.End();
        }

        writer.End();
    }

    private static (string? Id, int Count) ReadCount(ReadOnlySpan<byte> document) => (
        BsonReader.TryFind(document, "_id"u8, out var id) && id.Type == BsonType.String ? id.GetString() : null,
        BsonReader.TryFind(document, "count"u8, out var count) ? count.GetInt32() : 0);

    private Task<List<T>> FindAsync<T>(Action<BsonWriter> filter, ReadOnlyMemory<byte> options, ReadDocument<T> read, CancellationToken cancellationToken) =>
        database.RunAsync(client => client.FindAsync(database.Collections.Jobs, BsonWriter.Document(filter), options, read, cancellationToken));
}
