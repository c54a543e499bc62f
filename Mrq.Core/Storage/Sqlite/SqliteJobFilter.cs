using Mrq.Jobs;
using Mrq.Storage.Filtering;

namespace Mrq.Storage.Sqlite;

/// <summary>
/// Finds jobs by a filter. What path, queue, status, exception type and free text ask for is answered by the groups, time
/// by the ids; of worker and tag one, by an index within each group. What is left (params, and the tag when a worker is
/// asked for too) is compared on the candidates, in growing portions.
/// </summary>
internal sealed class SqliteJobFilter
{
    private const int MostInPortion = 4_096;

    /* ?1 from id on, ?2 below id, ?3 how many. Returns ids of all jobs, newest first. */
    private const string NewestOfAll = "SELECT id FROM jobs WHERE id >= ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";

    /* ?1 job. Returns group, worker, tags, params. */
    private const string Facts = "SELECT grp, worker, tags, params FROM jobs WHERE id = ?1";

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
        if (JobId.TryParse(filter.Search?.Trim(), out var searched))
        {
            _ids = _ids is null || _ids.Contains(searched) ? [searched] : [];
            filter = filter with { Search = null };
        }

        _groups = GroupFilter.Of(filter);
    }

    /// <summary>The newest jobs that match and are older than <paramref name="before"/>.</summary>
    public List<JobId> Find(SqliteSession session, JobId? before, int limit, CancellationToken cancellationToken)
    {
        var found = new List<JobId>(limit);
        foreach (var portion in Portions(session, _range.Below(before), limit, cancellationToken))
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
    public long Count(SqliteSession session, long atMost, CancellationToken cancellationToken)
    {
        if (_ids is null && _params is null && _filter.Worker is null && _filter.Tag is null)
        {
            return JobGroups.Count(session, MatchGroups(session), _range, atMost);
        }

        var count = 0L;
        foreach (var portion in Portions(session, _range, MostInPortion, cancellationToken))
        {
            count += portion.Count;
            if (count >= atMost)
            {
                return atMost;
            }
        }

        return count;
    }

    /// <summary>All jobs that match, newest first, in portions of about the wanted size.</summary>
    private IEnumerable<List<JobId>> Portions(SqliteSession session, JobIdRange range, int wanted, CancellationToken cancellationToken)
    {
        var source = _ids is not null ? Source.Ids
            : _filter.Worker is not null ? Source.Worker
            : _filter.Tag is not null ? Source.Tag
            : _groups is not null ? Source.Groups
            : Source.All;
        var groups = source == Source.All ? [] : MatchGroups(session);
        var residue = new Residue(this, source, groups);
        for (var size = residue.IsEmpty ? wanted : Math.Max(64, wanted); ; size = Math.Min(size * 4, MostInPortion))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var candidates = Read(session, source, groups, range, size);
            var (isLast, last) = candidates.Count < size ? (true, default) : (false, candidates[^1]);
            if (!residue.IsEmpty)
            {
                candidates.RemoveAll(id => !residue.Accepts(session, id));
            }

            yield return candidates;
            if (isLast)
            {
                yield break;
            }

            range = range.Below(last);
        }
    }

    private List<(long Id, long Count)> MatchGroups(SqliteSession session) =>
        JobGroups.Match(session, group => _groups?.Accepts(group) ?? true);

    private List<JobId> Read(SqliteSession session, Source source, List<(long Id, long Count)> groups, JobIdRange range, int limit) =>
        source switch
        {
            Source.Ids => [.. (_ids ?? []).Where(range.Contains).Take(limit)],
            Source.Worker => JobGroups.Newest(session, JobGroups.NewestOfWorker, _filter.Worker?.Value, groups, range, limit),
            Source.Tag => JobGroups.Newest(session, JobGroups.NewestOfTag, _filter.Tag, groups, range, limit),
            Source.Groups => JobGroups.Newest(session, JobGroups.NewestOfGroup, null, groups, range, limit),
            _ => ReadAll(session, range, limit),
        };

    private static List<JobId> ReadAll(SqliteSession session, JobIdRange range, int limit)
    {
        var read = session.Prepare(NewestOfAll).Bind(1, range.From).Bind(2, range.To).Bind(3, limit);
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
    private sealed class Residue(SqliteJobFilter search, Source source, List<(long Id, long Count)> groups)
    {
        private readonly HashSet<long>? _groups = source == Source.Ids ? [.. groups.Select(group => group.Id)] : null;
        private readonly string? _worker = source == Source.Worker ? null : search._filter.Worker?.Value;
        private readonly string? _tag = source == Source.Tag ? null : search._filter.Tag;

        public bool IsEmpty => _groups is null && _worker is null && _tag is null && search._params is null;

        public bool Accepts(SqliteSession session, JobId id)
        {
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
