using System.Runtime.CompilerServices;
using System.Text;
using Mrq.Jobs;
using Mrq.Storage.Filtering;
using Mrq.Storage.Mongo.Driver;

namespace Mrq.Storage.Mongo;

/// <summary>
/// Finds jobs by a filter. Patterns and free text are looked up among the groups of <see cref="JobCounts"/>; the server is asked for the groups they mean, for
/// each a range of one index, already in order. Worker, tag, ids and times are conditions of their own. Params are compared here, on the candidates, in growing
/// portions.
/// </summary>
internal sealed class MongoJobFilter
{
    private const int MostInPortion = 4_096;

    /// <summary>So many ranges the server merges in order; of more it is asked in another way.</summary>
    public const int MostRanges = 64;

    /// <summary>So many matches the server may sort.</summary>
    private const int Few = 2_000;

    private readonly MongoDatabase _database;
    private readonly JobCounts _counts;
    private readonly JobFilter _filter;
    private readonly ParamsFilter? _params;
    private readonly GroupFilter? _groups;
    private readonly List<JobId>? _ids;

    private bool IsNarrow => _ids is not null || _filter.Worker is not null || _filter.Tag is not null;

    private bool HasSearch => !string.IsNullOrWhiteSpace(_filter.Search);

    /// <exception cref="FormatException">The params of the filter are not a JSON object.</exception>
    public MongoJobFilter(JobFilter filter, MongoDatabase database, JobCounts counts)
    {
        (_database, _counts) = (database, counts);
        _params = filter.Params is null ? null : new ParamsFilter(filter.Params);
        _ids = filter.Ids is null ? null : [.. filter.Ids.Distinct()];
        if (JobId.TryParse(filter.Search?.Trim(), out var searched))
        {
            _ids = _ids is null || _ids.Contains(searched) ? [searched] : [];
            filter = filter with { Search = null };
        }

        _filter = filter;
        _groups = GroupFilter.Of(filter);
    }

    /// <summary>The newest jobs that match and are older than <paramref name="before"/>.</summary>
    public async Task<List<JobId>> FindAsync(JobId? before, int limit, CancellationToken cancellationToken)
    {
        if (await LoadGroupsAsync(cancellationToken) is not { } groups)
        {
            return [];
        }

        var found = new List<JobId>(limit);
        await foreach (var portion in PortionsAsync(groups, before, limit, cancellationToken))
        {
            found.AddRange(portion.Take(limit - found.Count));
            if (found.Count == limit)
            {
                break;
            }
        }

        return found;
    }

    /// <summary>How many jobs match, counted up to a bound.</summary>
    public async Task<long> CountAsync(long atMost, CancellationToken cancellationToken)
    {
        if (this is { _ids: null, _params: null, _filter: { Worker: null, Tag: null, Since: null, Until: null, NotAfter: null } })
        {
            var totals = await _counts.LoadAsync(cancellationToken);
            return Math.Min(atMost, totals.Where(total => _groups?.Accepts(total.Group) != false).Sum(total => Math.Max(0, total.Count)));
        }

        if (await LoadGroupsAsync(cancellationToken) is not { } groups)
        {
            return 0;
        }

        if (_params is null)
        {
            return await CountOnServerAsync(groups, atMost, cancellationToken);
        }

        var count = 0L;
        await foreach (var portion in PortionsAsync(groups, before: null, MostInPortion, cancellationToken))
        {
            count += portion.Count;
            if (count >= atMost)
            {
                return atMost;
            }
        }

        return count;
    }

    /// <summary>The groups that the server is to be asked for; empty: it is asked for what the filter says itself. Null: no job can match.</summary>
    private async Task<List<JobGroupKey>?> LoadGroupsAsync(CancellationToken cancellationToken)
    {
        if (_ids is [])
        {
            return null;
        }

        var isExact = !(HasPattern(_filter.Queue) || HasPattern(_filter.Path) || HasPattern(_filter.ExceptionType) || HasSearch);
        if (_groups is null || (isExact && IsNarrow))
        {
            return [];
        }

        var totals = (await _counts.LoadAsync(cancellationToken)).FindAll(total => _groups.Accepts(total.Group));
        if (isExact && totals.Sum(total => total.Count) <= Few)
        {
            // So few are sorted at once; and a job is found whose group has no total yet.
            return [];
        }

        return totals.Count == 0 ? null : totals.ConvertAll(total => total.Group);
    }

    private static bool HasPattern(string? text) => text is not null && (text.Contains('*', StringComparison.Ordinal) || text.EndsWith('/'));

    /// <summary>All jobs that match, newest first, in portions of about the wanted size.</summary>
    private async IAsyncEnumerable<List<JobId>> PortionsAsync(
        List<JobGroupKey> groups, JobId? before, int wanted, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var size = _params is null ? wanted : Math.Max(64, wanted); ; size = Math.Min(size * 4, MostInPortion))
        {
            var candidates = await ReadAsync(groups, before, size, cancellationToken);
            yield return [.. candidates.Where(candidate => candidate.IsMatch).Select(candidate => candidate.Id)];
            if (candidates.Count < size)
            {
                yield break;
            }

            before = candidates[^1].Id;
        }
    }

    private Task<List<(JobId Id, bool IsMatch)>> ReadAsync(List<JobGroupKey> groups, JobId? before, int limit, CancellationToken cancellationToken)
    {
        var options = BsonWriter.Document(w =>
        {
            w.BeginDocument("projection"u8).Int32("_id"u8, 1);
            if (_params is not null)
            {
                w.Int32("params"u8, 1).Int32("params_json"u8, 1);
            }

            w.End().BeginDocument("sort"u8).Int32("_id"u8, -1).End().Int64("limit"u8, limit);
        });
        var filter = BsonWriter.Document(w => Write(w, groups, before));
        return _database.RunAsync(client => client.FindAsync(
            _database.Collections.Jobs, filter, options,
            document => (MongoJobQueries.ReadId(document), _params is null || Accepts(_params, document)), cancellationToken));
    }

    private async Task<long> CountOnServerAsync(List<JobGroupKey> groups, long atMost, CancellationToken cancellationToken)
    {
        var pipeline = BsonWriter.Document(w =>
        {
            w.BeginArray("pipeline"u8).BeginDocument(default).BeginDocument("$match"u8);
            Write(w, groups, before: null);
            w.End().End()
                .BeginDocument(default).Int64("$limit"u8, atMost).End()
                .BeginDocument(default).Utf8("$count"u8, "count"u8).End()
                .End();
        });
        var counted = await _database.RunAsync(client => client.AggregateAsync(
            _database.Collections.Jobs, pipeline,
            document => BsonReader.TryFind(document, "count"u8, out var count) ? count.GetInt64() : 0, cancellationToken));
        return counted is [var number] ? number : 0;
    }

    private static bool Accepts(ParamsFilter filter, ReadOnlySpan<byte> document) =>
        BsonReader.TryFind(document, "params_json"u8, out var text) ? filter.Accepts(text.GetUtf8())
        : BsonReader.TryFind(document, "params"u8, out var value) && filter.Accepts(Encoding.UTF8.GetBytes(BsonJson.ToText(value)));

    private void Write(BsonWriter writer, List<JobGroupKey> groups, JobId? before)
    {
        WriteIds(writer, before);
        if (_filter.Worker is { } worker)
        {
            writer.String("worker"u8, worker.Value);
        }

        if (_filter.Tag is { } tag)
        {
            writer.String("tags"u8, tag);
        }

        if (groups.Count > 0 && (HasSearch || (!IsNarrow && groups.Count <= MostRanges)))
        {
            WriteRanges(writer, groups);
        }
        else if (_groups is not null || IsNarrow)
        {
            WriteSets(writer, groups);
        }
    }

    /// <summary>Each group as a condition of its own.</summary>
    private static void WriteRanges(BsonWriter writer, List<JobGroupKey> groups)
    {
        writer.BeginArray("$or"u8);
        foreach (var group in groups)
        {
            writer.BeginDocument(default);
            JobCounts.WriteGroup(writer, group);
            writer.End();
        }

        writer.End();
    }

    /// <summary>
    /// What the filter asks for, each field by itself: without free text that is the same. The status is always named, because the indexes of workers and tags
    /// are in the order of the ids only within one.
    /// </summary>
    private void WriteSets(BsonWriter writer, List<JobGroupKey> groups)
    {
        writer.BeginDocument("status"u8).BeginArray("$in"u8);
        foreach (var status in _filter.Statuses ?? JobStatuses.All)
        {
            writer.Status(default, status);
        }

        writer.End().End();
        WriteSet(writer, "queue"u8, _filter.Queue, groups.Select(group => group.Queue.Value));
        WriteSet(writer, "path"u8, _filter.Path, groups.Select(group => group.Path));
        WriteSet(writer, "exceptiontype"u8, _filter.ExceptionType, groups.Select(group => group.ExceptionType));
    }

    /// <param name="asked">What the filter says of the field; null or empty: nothing.</param>
    /// <param name="values">What a pattern stands for.</param>
    private static void WriteSet(BsonWriter writer, ReadOnlySpan<byte> name, string? asked, IEnumerable<string?> values)
    {
        if (string.IsNullOrEmpty(asked))
        {
            return;
        }

        if (!HasPattern(asked))
        {
            writer.String(name, asked);
            return;
        }

        writer.BeginDocument(name).BeginArray("$in"u8);
        foreach (var value in values.Distinct())
        {
            writer.String(default, value);
        }

        writer.End().End();
    }

    /// <summary>Ids and times, for an id tells when its job was made.</summary>
    private void WriteIds(BsonWriter writer, JobId? before)
    {
        var below = _filter.Until is { } until ? Least(JobId.FirstOf(until), before) : before;
        if (_ids is null && below is null && _filter.Since is null && _filter.NotAfter is null)
        {
            return;
        }

        writer.BeginDocument("_id"u8);
        if (_ids is not null)
        {
            writer.BeginArray("$in"u8);
            foreach (var id in _ids)
            {
                writer.ObjectId(default, id);
            }

            writer.End();
        }

        if (_filter.Since is { } since)
        {
            writer.ObjectId("$gte"u8, JobId.FirstOf(since));
        }

        if (below is { } bound)
        {
            writer.ObjectId("$lt"u8, bound);
        }

        if (_filter.NotAfter is { } last)
        {
            writer.ObjectId("$lte"u8, last);
        }

        writer.End();
    }

    private static JobId Least(JobId a, JobId? b) => b is { } other && other < a ? other : a;
}
