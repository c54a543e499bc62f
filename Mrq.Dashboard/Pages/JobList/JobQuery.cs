using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Mrq.Jobs;

namespace Mrq.Dashboard.Pages.JobList;

/// <summary>What the list of jobs is narrowed to, as it stands in the address; the names are those of the REST interface.</summary>
public sealed record JobQuery
{
    public string? Status { get; init; }

    public string? Path { get; init; }

    public string? Queue { get; init; }

    public string? Worker { get; init; }

    public string? ExceptionType { get; init; }

    public string? Params { get; init; }

    public string? Tag { get; init; }

    public string? Q { get; init; }

    /// <summary>Only jobs older than this id; null: from the newest.</summary>
    public string? Before { get; init; }

    /// <summary>Number of the page, for people.</summary>
    public int Page { get; init; } = 1;

    /// <summary>The filters that are set, by what they are called: for chips and for the audit log.</summary>
    public IEnumerable<(string Name, string Value, JobQuery Without)> Set
    {
        get
        {
            var first = this with { Before = null, Page = 1 };
            if (Status is not null && Tabs.All(t => t.Status != Status))
            {
                yield return ("Status", StatusText(Status), first with { Status = null });
            }

            if (Path is not null)
            {
                yield return ("Path", Path, first with { Path = null });
            }

            if (Queue is not null)
            {
                yield return ("Queue", Queue, first with { Queue = null });
            }

            if (Worker is not null)
            {
                yield return ("Worker", Worker, first with { Worker = null });
            }

            if (ExceptionType is not null)
            {
                yield return ("Exception", ExceptionType, first with { ExceptionType = null });
            }

            if (Params is not null)
            {
                yield return ("Params", Params, first with { Params = null });
            }

            if (Tag is not null)
            {
                yield return ("Tag", Tag, first with { Tag = null });
            }

            if (Q is not null)
            {
                yield return ("Search", Q, first with { Q = null });
            }
        }
    }

    /// <summary>The groups of statuses that people look for most.</summary>
    public static IReadOnlyList<(string? Status, string Label, JobStatuses Statuses)> Tabs { get; } =
    [
        (null, "All", JobStatuses.All),
        ("queued", "Queued", JobStatuses.Of(JobStatus.Queued)),
        ("started", "Running", JobStatuses.Of(JobStatus.Started)),
        ("scheduled", "Scheduled", JobStatuses.Of(JobStatus.Scheduled)),
        ("deferred", "Waiting for others", JobStatuses.Of(JobStatus.Deferred)),
        ("retry", "Will retry", JobStatuses.Of(JobStatus.Retry)),
        ("success", "Succeeded", JobStatuses.Of(JobStatus.Success)),
        ("error", "Failed", JobStatuses.Error),
        ("cancel,abort", "Cancelled", JobStatuses.Of(JobStatus.Cancel, JobStatus.Abort)),
    ];

    /// <summary>An address of the list with these filters.</summary>
    public static string Link(string? status = null, string? path = null, string? queue = null, string? worker = null, string? exception = null) =>
        new JobQuery { Status = status, Path = path, Queue = queue, Worker = worker, ExceptionType = exception }.Address;

    /// <summary>This list's address, relative to the base.</summary>
    public string Address => QueryHelpers.AddQueryString("jobs", new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["status"] = Status,
        ["path"] = Path,
        ["queue"] = Queue,
        ["worker"] = Worker,
        ["exceptiontype"] = ExceptionType,
        ["params"] = Params,
        ["tag"] = Tag,
        ["q"] = Q,
        ["before"] = Before,
        ["page"] = Page > 1 ? Page.ToString() : null,
    }.Where(p => !string.IsNullOrEmpty(p.Value)));

    /// <summary>The filter in words.</summary>
    public string Description
    {
        get
        {
            var status = Status is null ? [] : new[] { $"status={Status}" };
            return string.Join(" ", status.Concat(Set.Where(s => s.Name != "Status").Select(s => $"{s.Name.ToLowerInvariant()}={s.Value}"))) is { Length: > 0 } text ? text : "all jobs";
        }
    }

    /// <summary>The filter, or everything that is wrong with it.</summary>
    public JobFilter? ToFilter(out IReadOnlyList<FieldError> errors)
    {
        JsonElement? parameters = null;
        if (!string.IsNullOrWhiteSpace(Params))
        {
            try
            {
                parameters = JsonSerializer.Deserialize<JsonElement>(Params);
            }
            catch (JsonException)
            {
                errors = [new FieldError("params", "must be a JSON object, for example {\"a\": 1}.")];
                return null;
            }
        }

        return new JobFilterJson { Status = Status, Path = Path, Queue = Queue, Worker = Worker, ExceptionType = ExceptionType, Params = parameters, Tag = Tag, Q = Q }
            .ToFilter(out errors);
    }

    /// <summary>True when the maintained totals can count the filter: it names nothing that they do not tell apart.</summary>
    public bool CountsByTotals => Worker is null && Params is null && Tag is null && Q is null;

    /// <summary>True when no index answers the filter: jobs are looked at one by one.</summary>
    public bool Scans => Params is not null || (Worker is not null && Tag is not null);

    private static string StatusText(string status) =>
        string.Join(", ", status.Split(',').Select(s => JobStatuses.TryParseOne(s, out var one) ? Display.Label(one) : s));
}
