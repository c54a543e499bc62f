using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace Mrq.Jobs;

/// <summary>A set of statuses, with the names and groups that people use for them.</summary>
public readonly record struct JobStatuses(uint Bits) : IEnumerable<JobStatus>
{
    private static readonly string[] Names =
        ["queued", "started", "success", "failed", "retry", "maxretries", "timeout", "interrupt", "cancel", "abort", "maxconcurrency", "scheduled", "deferred"];

    /// <summary>Every status.</summary>
    public static readonly JobStatuses All = new((1u << Names.Length) - 1);

    /// <summary>Not yet run, and will run by itself.</summary>
    public static readonly JobStatuses Waiting = Of(JobStatus.Queued, JobStatus.Scheduled, JobStatus.Retry, JobStatus.Deferred);

    /// <summary>Waiting or running: a unique key is taken as long as its job is in one of these.</summary>
    public static readonly JobStatuses Live =
        Of(JobStatus.Queued, JobStatus.Scheduled, JobStatus.Deferred, JobStatus.Retry, JobStatus.Started, JobStatus.Interrupt);

    /// <summary>Nothing will happen to the job by itself but its expiry.</summary>
    public static readonly JobStatuses Final = new(All.Bits & ~Live.Bits);

    /// <summary>Ended in a way that a person may want to look at (the original's group ERROR).</summary>
    public static readonly JobStatuses Error =
        Of(JobStatus.Failed, JobStatus.Timeout, JobStatus.MaxRetries, JobStatus.Interrupt, JobStatus.MaxConcurrency);

    private static readonly JobStatuses Ok =
        Of(JobStatus.Queued, JobStatus.Started, JobStatus.Success, JobStatus.Scheduled, JobStatus.Deferred);

    private static readonly Dictionary<string, JobStatuses> Groups = new(StringComparer.OrdinalIgnoreCase)
    {
        ["ok"] = Ok,
        ["not_ok"] = new(All.Bits & ~Ok.Bits),
        ["error"] = Error,
        ["error_retry"] = Error | Of(JobStatus.Retry),
        ["final"] = Final,
        ["live"] = Live,
        ["waiting"] = Waiting,
    };

    /// <summary>Names of the groups that <see cref="TryParse"/> takes beside the names of the statuses.</summary>
    public static IReadOnlyCollection<string> GroupNames => Groups.Keys;

    /// <summary>Names of all statuses, as on the wire.</summary>
    public static IReadOnlyList<string> AllNames => Names;

    public static JobStatuses Of(params ReadOnlySpan<JobStatus> statuses)
    {
        var bits = 0u;
        foreach (var status in statuses)
        {
            bits |= 1u << (int)status;
        }

        return new JobStatuses(bits);
    }

    /// <summary>The status's name on the wire: lower case, as the original writes it.</summary>
    public static string NameOf(JobStatus status) => Names[(int)status];

    /// <summary>Reads one status by its name.</summary>
    public static bool TryParseOne([NotNullWhen(true)] string? name, out JobStatus status)
    {
        var index = name is null ? -1 : Array.FindIndex(Names, n => string.Equals(n, name, StringComparison.OrdinalIgnoreCase));
        status = (JobStatus)Math.Max(0, index);
        return index >= 0;
    }

    /// <summary>Reads names of statuses and groups, separated by commas. False with the first unknown name.</summary>
    public static bool TryParse(string text, out JobStatuses statuses, [NotNullWhen(false)] out string? unknown)
    {
        statuses = default;
        foreach (var name in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (Groups.TryGetValue(name, out var group))
            {
                statuses |= group;
            }
            else if (TryParseOne(name, out var status))
            {
                statuses |= Of(status);
            }
            else
            {
                unknown = name;
                return false;
            }
        }

        unknown = null;
        return true;
    }

    public int Count => BitOperations.PopCount(Bits);

    public bool Contains(JobStatus status) => (Bits & (1u << (int)status)) != 0;

    /// <summary>Those of these that are not among the others.</summary>
    public JobStatuses Without(JobStatuses others) => new(Bits & ~others.Bits);

    public static JobStatuses operator |(JobStatuses left, JobStatuses right) => new(left.Bits | right.Bits);

    public static JobStatuses operator &(JobStatuses left, JobStatuses right) => new(left.Bits & right.Bits);

    public IEnumerator<JobStatus> GetEnumerator()
    {
        for (var i = 0; i < Names.Length; i++)
        {
            if (Contains((JobStatus)i))
            {
                yield return (JobStatus)i;
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The names, separated by commas.</summary>
    public override string ToString() => string.Join(',', this.Select(NameOf));
}
