using System.Text.Json;
using Mrq.Jobs;
using Mrq.Queues;
using Mrq.Server.Commands.Acting;
using Mrq.Server.Commands.Requests;
using Mrq.Server.Configuration;
using Mrq.Server.Hosting;
using Mrq.Server.Output;
using Mrq.Storage;

namespace Mrq.Server.Commands;

/// <summary><c>mrq jobs</c>: lists and counts jobs, shows one with its log, acts on some or on all that match.</summary>
internal sealed class JobsCommand : ClientCommand
{
    private const int MostListed = 10_000;
    private const int PageSize = 1000;
    private const int LastLines = 10;

    private static readonly CallOption<int> Limit = new()
    {
        Name = "limit",
        Letter = 'n',
        Value = OptionValue.Whole(1, MostListed),
        Default = "50",
        Help = "List so many jobs, the newest first.",
    };

    private static readonly CallOption<string> Before = new()
    {
        Name = "before",
        Value = OptionValue.Checked("ID", text => JobId.TryParse(text, out _) ? null : $"'{SafeText.Line(text)}' is not a job id: 24 hexadecimal digits are."),
        Help = "List only jobs that are older than this one: the last of the page before.",
    };

    private static readonly CallOption<bool> Count = CommonOptions.Switch("count", "How many jobs there are in each status.");
    private static readonly CallOption<bool> Log = CommonOptions.Switch("log", "Print the log of one job.");
    private static readonly CallOption<bool> Follow = CommonOptions.Switch("follow", "With --log: go on until the job has ended.");
    private static readonly CallOption<bool> DryRun = CommonOptions.Switch("dry_run", "With an action on all that match: count what it would touch, and change nothing.");

    private static readonly CallOption<string> Destination = new()
    {
        Name = "destination_queue",
        Value = OptionValue.Checked("QUEUE", text => QueueName.TryParse(text, out var queue, out var error) ? queue.NotForJobs : SafeText.Line(error)) with { Of = Named.Queue },
        Help = "With --requeue or --retry: where the jobs go. Default: where they were.",
    };

    public override string Name => "jobs";

    public override string Summary => "List jobs, show one, retry, requeue, cancel, abort or delete.";

    public override string Arguments => "[ID …]";

    public override IReadOnlyList<string> Notes =>
    [
        "An action takes the jobs that are named, or all that match the filter: then it asks, or needs --yes. Exit code 1: a job is not there, or its status forbids it.",
        "In pipes each job is a line of cells with tabs between them: id, status, path, queue, time of queueing, seconds it ran, params.",
    ];

    public override IReadOnlyList<(string Call, string Does)> Examples =>
    [
        ("mrq jobs --status error --since 1h", "What failed in the last hour."),
        ("mrq jobs 6920a1f0c5d3e8b7a6f50001", "One with params, result, error and the end of its log."),
        ("mrq jobs 6920a1f0c5d3e8b7a6f50001 --log --follow", "Its log, as it grows."),
        ("mrq jobs --status failed --path 'reports.*' --requeue --yes", "All that match, without asking."),
    ];

    public override IReadOnlyList<OptionGroup> Groups => [OptionGroup.Store, OptionGroup.Tasks, OptionGroup.Jobs, OptionGroup.General];

    public override IReadOnlyList<CallOption> Options =>
        [.. FilterOptions.All, Limit, Before, Count, Log, Follow, .. JobActions.Switches, Destination, DryRun, CommonOptions.Yes, CommonOptions.Json];

    public override IEnumerable<string> Check(CommandCall call)
    {
        foreach (var id in call.Arguments.Where(id => !JobId.TryParse(id, out _)))
        {
            yield return $"'{SafeText.Line(id)}' is not a job id: 24 hexadecimal digits are.";
        }

        var (filters, actions, isNamed) = (FilterOptions.AnyIn(call), JobActions.In(call), call.Arguments.Count > 0);
        foreach (var error in FilterOptions.Check(call))
        {
            yield return error;
        }

        CallOption[] listing = [Limit, Before, Count];
        var one = new CallOption[] { Count, Log }.Where(call.Has).Concat(actions.Select(JobActions.SwitchOf)).ToList();
        if (one.Count > 1)
        {
            yield return $"{string.Join(" and ", one.Select(option => $"--{option.Name}"))} exclude each other.";
        }

        if (isNamed && (filters || listing.Any(call.Has)))
        {
            yield return "name jobs or describe them by options, not both.";
        }

        if ((call.IsOn(Log) && call.Arguments.Count != 1) || (call.IsOn(Follow) && !call.IsOn(Log)))
        {
            yield return call.IsOn(Log) ? "--log needs the id of one job." : "--follow is for --log: give that, too.";
        }

        if (actions.Count > 0 && !isNamed && !filters)
        {
            yield return $"--{JobActions.SwitchOf(actions[0]).Name} needs the ids of jobs, or options that describe them.";
        }
        else if (actions.Count > 0 && !isNamed && !call.IsOn(DryRun) && Question.Impossible(call) is { } impossible)
        {
            yield return $"--{JobActions.SwitchOf(actions[0]).Name}: {impossible}";
        }

        if (call.IsOn(DryRun) && (actions.Count == 0 || isNamed))
        {
            yield return "--dry_run is for an action on all jobs that match.";
        }

        if (call.Has(Destination) && !actions.Exists(action => action is JobAction.Requeue or JobAction.Retry))
        {
            yield return "--destination_queue is for --requeue and --retry.";
        }
    }

    // The tasks say how long a cancelled job is kept.
    protected override ClientNeeds NeedsOf(CommandCall call) => new(Tasks: JobActions.In(call).Contains(JobAction.Cancel));

    // An action on many ends the page in hand, to know how far it came.
    protected override TimeSpan GraceOf(CommandCall call) => JobActions.In(call).Count > 0 ? AbortGraceOf(call) : base.GraceOf(call);

    protected override async Task<int> RunAsync(ClientCall call, CancellationToken cancellationToken)
    {
        var ids = call.Call.Arguments.Select(JobId.Parse).Distinct().ToList();
        var destination = call.Call.Has(Destination) ? new QueueName(call.Call.Get(Destination, "")) : (QueueName?)null;
        if (destination is { } queue && await KnownQueues.ReadAsync(call.Engine, call.Call.Settings, cancellationToken) is var known && !known.Has(queue))
        {
            var meant = known.Closest(queue) is { } closest ? $" Did you mean {closest}?" : "";
            await Console.Error.WriteLineAsync($"mrq: warning: --{Destination.Name}: {KnownQueues.Unknown(queue)}.{meant}");
        }

        return await (JobActions.In(call.Call) is [var action]
            ? ids.Count > 0 ? JobActions.ApplyAsync(call, action, ids, destination, cancellationToken)
            : JobActions.ApplyToMatchesAsync(call, action, destination, call.Call.IsOn(DryRun), cancellationToken)
            : call.Call.IsOn(Log) ? JobLogTail.PrintAsync(call, ids[0], call.Call.IsOn(Follow), cancellationToken)
            : call.Call.IsOn(Count) ? CountAsync(call, cancellationToken)
            : ids.Count > 0 ? ShowAsync(call, ids, cancellationToken)
            : ListAsync(call, cancellationToken));
    }

    private static async Task<int> ListAsync(ClientCall call, CancellationToken cancellationToken)
    {
        var now = call.Get<TimeProvider>().GetUtcNow();
        var (filter, limit) = (FilterOptions.Read(call.Call, now), call.Call.Get(Limit, 50));
        var jobs = new List<Job>();
        JobId? next = call.Call.Has(Before) ? JobId.Parse(call.Call.Get(Before, "")) : null;
        do
        {
            var page = await call.Get<IJobQueries>().FindAsync(filter, new JobPageRequest(next, Math.Min(PageSize, limit - jobs.Count)), cancellationToken);
            jobs.AddRange(page.Jobs);
            next = page.Next;
        }
        while (next is not null && jobs.Count < limit);

        if (call.AsJson)
        {
            call.Output.Json(json => Write(json, jobs, next));
            return ExitCode.Done;
        }

        call.Output.Table(JobTable.Of(jobs, now));
        if (Terminal.IsOutput && next is not null)
        {
            call.Output.Line($"\nThere are more: --limit shows more at once, --before {next} goes on.");
        }

        return ExitCode.Done;
    }

    private static void Write(Utf8JsonWriter json, List<Job> jobs, JobId? next)
    {
        json.WriteStartObject();
        json.WriteStartArray("jobs");
        jobs.ForEach(job => JobJson.Write(json, job, withPayload: false));
        json.WriteEndArray();
        json.WriteString("next", next?.ToString());
        json.WriteEndObject();
    }

    private static async Task<int> CountAsync(ClientCall call, CancellationToken cancellationToken)
    {
        var queries = call.Get<IJobQueries>();
        var filter = FilterOptions.Read(call.Call, call.Get<TimeProvider>().GetUtcNow());
        var counts = new Dictionary<JobStatus, long>();
        if (filter == new JobFilter())
        {
            counts = (await queries.CountsAsync(cancellationToken)).GroupBy(count => count.Status).ToDictionary(group => group.Key, group => group.Sum(count => count.Count));
        }
        else
        {
            foreach (var status in filter.Statuses ?? JobStatuses.All)
            {
                counts[status] = await queries.CountAsync(filter with { Statuses = JobStatuses.Of(status) }, long.MaxValue, cancellationToken);
            }
        }

        var some = counts.Where(count => count.Value > 0).OrderBy(count => count.Key).ToDictionary();
        if (!call.AsJson)
        {
            call.Output.Table(JobTable.Of(some));
            return ExitCode.Done;
        }

        call.Output.Json(json =>
        {
            json.WriteStartObject();
            json.WriteNumber("total", some.Values.Sum());
            json.WriteStartObject("statuses");
            foreach (var (status, count) in some)
            {
                json.WriteNumber(JobStatuses.NameOf(status), count);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        });
        return ExitCode.Done;
    }

    private static async Task<int> ShowAsync(ClientCall call, List<JobId> ids, CancellationToken cancellationToken)
    {
        var found = await call.Get<IJobQueries>().GetAsync(ids, withPayload: true, cancellationToken);
        for (var i = 0; i < found.Count; i++)
        {
            var job = found[i];
            if (call.AsJson)
            {
                call.Output.Json(json => JobJson.Write(json, job, withPayload: true));
                continue;
            }

            if (i > 0)
            {
                call.Output.Line("");
            }

            JobDetails.Write(call.Output, job, await call.Get<IJobLogStore>().TailAsync(job.Id, LastLines, cancellationToken));
        }

        foreach (var id in ids.Except(found.Select(job => job.Id)))
        {
            await Console.Error.WriteLineAsync($"mrq: There is no job {id}.");
        }

        return found.Count == ids.Count ? ExitCode.Done : ExitCode.Failed;
    }
}
