using Mrq.Jobs;

namespace Mrq.Storage.Sqlite;

/// <summary>
/// Finds jobs by a filter. What path, queue, status, exception type and free text ask for is answered by the groups, time
/// by the ids; tag and worker have indexes of their own. What is left (params, and all but one of the former when several
/// are asked for) is compared on the candidates, in growing portions.
/// </summary>
internal sealed class SqliteJobFilter
{
    /// <summary>Up to so many jobs the groups are read rather than all jobs of a worker or tag.</summary>
    private const long FewJobs = 20_000;

    private const int MostInPortion = 4_096;

    /* ?1 worker or tag (unused in All), ?2 from id on, ?3 below id, ?4 how many. Each returns ids, newest first. */
    private const string NewestOfWorker = "SELECT id FROM jobs WHERE worker = ?1 AND id >= ?2 AND id < ?3 ORDER BY id DESC LIMIT ?4";
    private const string NewestOfTag = "SELECT job FROM job_tags WHERE tag = ?1 AND job >= ?2 AND job < ?3 ORDER BY job DESC LIMIT ?4";
    private const string NewestOfAll = "SELECT id FROM jobs WHERE id >= ?2 AND id < ?3 AND ?1 IS NULL ORDER BY id DESC LIMIT ?4";

    /* ?1 job. Returns group, worker, tags, params. */
    private const string Facts = "SELECT grp, worker, tags, params FROM jobs WHERE id = ?1";

    /* Returns the number of all jobs. */
    private const string Total = "SELECT coalesce(sum(count), 0) FROM job_groups";

    private readonly JobFilter _filter;
    private readonly JobIdRange _range;
    private readonly List<JobId>? _ids;
    private readonly ParamsFilter? _params;
    private readonly GroupFilter? _groups;

    /// <exception cref="FormatException">The params of the filter are not a JSON object.</exception>
    public SqliteJobFilter(JobFilter filter)
    {
        _filter = filter;
        _range = JobIdRange.All
            .AtLeast(filter.Since is { } since ? JobId.FirstOf(since) : null)
            .Below(filter.Until is { } until ? JobId.FirstOf(until) : null)
            .UpTo(filter.NotAfter);
        _params = filter.Params is null ? null : new ParamsFilter(filter.Params);
        _ids = filter.Ids is null ? null : [.. filter.Ids.Distinct().OrderDescending()];
        if (JobId.TryParse(filter.Search, out var searched))
        {
            _ids = _ids is null || _ids.Contains(searched) ? [searched] : [];
            filter = filter with { Search = null };
        }

        _groups = GroupFilter.Of(filter);
    }

    /// <summary>The newest jobs that match and are older than <paramref name="before"/>.</summary>
    public List<JobId> Find(SqliteSession session, JobId? before, int limit)
    {
        var found = new List<JobId>(limit);
        foreach (var id in Matches(session, _range.Below(before), limit))
        {
            found.Add(id);
            if (found.Count == limit)
            {
                break;
            }
        }

        return found;
    }

    /// <summary>How many jobs match, counted up to a bound.</summary>
    public long Count(SqliteSession session, long atMost)
    {
        if (_ids is null && _params is null && _filter.Worker is null && _filter.Tag is null)
        {
            return _groups is null && _range == JobIdRange.All
                ? Math.Min(atMost, session.Prepare(Total).Scalar() ?? 0)
                : JobGroups.Count(session, JobGroups.Match(session, group => _groups?.Accepts(group) ?? true), _range, atMost);
        }

        var count = 0L;
        using var matches = Matches(session, _range, MostInPortion).GetEnumerator();
        while (count < atMost && matches.MoveNext())
        {
            count++;
        }

        return count;
    }

    private IEnumerable<JobId> Matches(SqliteSession session, JobIdRange range, int limit)
    {
        var groups = _groups is null ? null : JobGroups.Match(session, _groups.Accepts);
        if (groups is { Count: 0 })
        {
            yield break;
        }

        var source = Choose(groups);
        var residue = new Residue(this, source, groups);
        for (var portion = residue.IsEmpty ? limit : Math.Max(64, limit); ; portion = Math.Min(portion * 4, MostInPortion))
        {
            var candidates = Read(session, source, groups, range, portion);
            foreach (var id in candidates)
            {
                if (residue.Accepts(session, id))
                {
                    yield return id;
                }
            }

            if (candidates.Count < portion)
            {
                yield break;
            }

            range = range.Below(candidates[^1]);
        }
    }

    private Source Choose(List<(long Id, long Count)>? groups)
    {
        if (_ids is not null)
        {
            return Source.Ids;
        }

        var isNarrow = groups is not null && groups.Sum(group => group.Count) <= FewJobs;
        return !isNarrow && _filter.Worker is not null ? Source.Worker
            : !isNarrow && _filter.Tag is not null ? Source.Tag
            : groups is not null ? Source.Groups
            : Source.All;
    }

    private List<JobId> Read(SqliteSession session, Source source, List<(long Id, long Count)>? groups, JobIdRange range, int limit) =>
        source switch
        {
            Source.Ids => [.. (_ids ?? []).Where(range.Contains).Take(limit)],
            Source.Groups => JobGroups.Newest(session, groups ?? [], range, limit),
            Source.Worker => ReadIds(session.Prepare(NewestOfWorker), _filter.Worker?.Value, range, limit),
            Source.Tag => ReadIds(session.Prepare(NewestOfTag), _filter.Tag, range, limit),
            _ => ReadIds(session.Prepare(NewestOfAll), null, range, limit),
        };

    private static List<JobId> ReadIds(SqliteStatement read, string? of, JobIdRange range, int limit)
    {
        read.Bind(1, of).Bind(2, range.From).Bind(3, range.To).Bind(4, limit);
        var ids = new List<JobId>();
        while (read.Step())
        {
            ids.Add(read.Id(0));
        }

        return ids;
    }

    /// <summary>Where candidates come from.</summary>
    private enum Source
    {
        All,
        Ids,
        Groups,
        Worker,
        Tag,
    }

    /// <summary>What the source of candidates has not answered yet.</summary>
    private sealed class Residue(SqliteJobFilter search, Source source, List<(long Id, long Count)>? groups)
    {
        private readonly HashSet<long>? _groups =
            groups is not null && source != Source.Groups ? [.. groups.Select(group => group.Id)] : null;

        private readonly string? _worker = source == Source.Worker ? null : search._filter.Worker?.Value;
        private readonly string? _tag = source == Source.Tag ? null : search._filter.Tag;

        public bool IsEmpty => source != Source.Ids && _groups is null && _worker is null && _tag is null && search._params is null;

        public bool Accepts(SqliteSession session, JobId id)
        {
            if (IsEmpty)
            {
                return true;
            }

            var facts = session.Prepare(Facts).Bind(1, id);
            if (!facts.Step())
            {
                return false;
            }

            var accepted = (_groups is null || _groups.Contains(facts.Number(0)))
                && (_worker is null || facts.TextOrNull(1) == _worker)
                && (_tag is null || (!facts.IsNull(2) && SqliteJobRow.ReadTags(facts.Utf8(2)).Contains(_tag, StringComparer.Ordinal)))
                && search._params?.Accepts(facts.Utf8(3)) != false;
            facts.Reset();
            return accepted;
        }
    }
}
